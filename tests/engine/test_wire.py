from __future__ import annotations

import itertools
import json
import socket
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.engine.wire import Reader, send
from django_mediacloud.exceptions import EngineCrashed

MESSAGES = st.dictionaries(st.text(), st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.text()))


def read_all(reader: Reader) -> list[dict[str, Any]]:
    found = []
    while not reader.is_over:
        found.extend(reader.read())
    return found


@given(messages=st.lists(MESSAGES, max_size=5), cuts=st.lists(st.integers(min_value=0, max_value=400), max_size=20))
def test_messages_come_out_as_they_went_in_however_they_are_cut(
    messages: list[dict[str, Any]], cuts: list[int]
) -> None:
    sent = b"".join(json.dumps(message).encode() + b"\n" for message in messages)
    ours, theirs = socket.socketpair()
    with ours:
        reader = Reader(ours)
        found: list[dict[str, Any]] = []
        with theirs:
            for start, end in itertools.pairwise(sorted({0, len(sent), *(cut for cut in cuts if cut < len(sent))})):
                theirs.sendall(sent[start:end])
                found.extend(reader.read())
        assert found + read_all(reader) == messages


@pytest.mark.parametrize("said", [b"no JSON\n", b"\xff\n", b"[1]\n", b"7\n", b"[" * 100_000 + b"\n"])
def test_what_is_no_message_is_refused(said: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        theirs.sendall(said)
        theirs.shutdown(socket.SHUT_WR)
        with pytest.raises(EngineCrashed, match="invalid message"):
            read_all(Reader(ours))


def test_a_message_of_many_pieces() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        reader = Reader(ours)
        found: list[dict[str, Any]] = []
        theirs.sendall(b'{"values": "')
        for _ in range(500):
            theirs.sendall(b"x" * 20_000)
            found.extend(reader.read())
        theirs.sendall(b'"}\n')
        theirs.shutdown(socket.SHUT_WR)
        found.extend(read_all(reader))
    assert found == [{"values": "x" * 10_000_000}]


def test_send_writes_a_line() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        send(theirs, {"progress": 1.5, "text": "line\nfeed"})
        assert ours.recv(1 << 16).count(b"\n") == 1
