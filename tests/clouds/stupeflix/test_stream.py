from __future__ import annotations

import gzip
import itertools
import json
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_mediacloud.clouds.stupeflix import stream as module
from django_mediacloud.clouds.stupeflix.client import StreamBroken, Stupeflix, StupeflixAnswerLost
from django_mediacloud.clouds.stupeflix.stream import lines
from django_mediacloud.transport.call import Patience
from tests.servers import LocalServer, RawServer, Reply

from . import examples

Serve = Callable[..., LocalServer]

FIRST, *REST = examples.STREAM.split("\n")
EVENTS = [(status["key"], status["status"]) for status in [*json.loads(FIRST), *map(json.loads, REST)]]


def connect(server: LocalServer | RawServer) -> Stupeflix:
    return Stupeflix(secret="hush", base_url=server.url("/v2/"), patience=Patience(retries=0))


def heard(server: LocalServer) -> list[tuple[str, str]]:
    with connect(server) as stupeflix, stupeflix.create_stream(examples.CREATE_STREAM["tasks"]) as stream:
        return [(status.key, status.status) for status in stream]


def in_pieces(body: bytes, cuts: list[int]) -> list[bytes]:
    borders = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [body[start:stop] for start, stop in itertools.pairwise(borders)]


@given(
    given=st.lists(st.text(st.characters(exclude_characters="\n", exclude_categories=["Cs"]), max_size=12), max_size=8),
    cuts=st.lists(st.integers(0, 1000), max_size=12),
    end=st.sampled_from(["", "\n", "\r\n", "\n\n"]),
)
def test_lines_come_out_whole_however_they_were_cut(given: list[str], cuts: list[int], end: str) -> None:
    body = ("\n".join(given) + end).encode()

    found = list(lines(in_pieces(body, cuts)))

    assert found == [line.encode().strip() for line in given if line.encode().strip()]


def test_a_line_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LINE_BYTES", 100)

    assert list(lines([b"x" * 50, b"x" * 50, b"\n"])) == [b"x" * 100]
    with pytest.raises(ValueError, match="too long"):
        list(lines([b"x" * 50, b"x" * 51, b"\n"]))


def test_the_stream_of_the_documentation(serve: Serve) -> None:
    server = serve({"/v2/create_stream": Reply(body=examples.STREAM.encode())})

    with connect(server) as stupeflix, stupeflix.create_stream(examples.CREATE_STREAM["tasks"]) as stream:
        assert stream.keys == examples.KEYS
        statuses = list(stream)

    assert [(status.key, status.status) for status in statuses] == EVENTS
    assert [status.result for status in statuses if status.is_final] == ["Hello John", "Hello Jane"]
    assert server.requests[0].json() == examples.CREATE_STREAM
    assert list(stream) == []


@given(
    cuts=st.lists(st.integers(0, 2000), max_size=6),
    end=st.sampled_from(["", "\n", "\r\n\r\n"]),
    between=st.sampled_from(["\n", "\r\n", "\n\n"]),
    chunked=st.booleans(),
)
@settings(max_examples=30, deadline=None)
def test_any_framing_gives_the_same_statuses(cuts: list[int], end: str, between: str, chunked: bool) -> None:
    text = examples.STREAM.replace("Hello Jane", "Hello Žanéta 🎬").replace("\n", between) + end
    pieces = [piece for piece in in_pieces(text.encode(), cuts) if piece]
    reply = Reply(body=iter(pieces), chunked=chunked, has_length=False)

    with LocalServer({"/v2/create_stream": reply}) as server:
        assert heard(server) == EVENTS


def test_a_compressed_stream_is_undone(serve: Serve) -> None:
    body = gzip.compress(examples.STREAM.encode())
    server = serve({"/v2/create_stream": Reply(body=body, headers={"Content-Encoding": "gzip"})})

    assert heard(server) == EVENTS
    assert server.requests[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("chunked", [True, False])
def test_each_status_is_there_when_it_was_sent(chunked: bool) -> None:
    was_heard = threading.Event()

    def talk(client: socket.socket, _stopping: threading.Event) -> None:
        client.recv(65_536)
        framing = b"Transfer-Encoding: chunked" if chunked else b"Connection: close"
        client.sendall(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n")
        for line in (FIRST, *REST):
            data = line.encode() + b"\n"
            client.sendall(b"%x\r\n%b\r\n" % (len(data), data) if chunked else data)
            # Nothing more is sent before the client has this one.
            assert was_heard.wait(60)
            was_heard.clear()
        if chunked:
            client.sendall(b"0\r\n\r\n")

    with RawServer(talk) as server, connect(server) as stupeflix:
        stream = stupeflix.create_stream(examples.CREATE_STREAM["tasks"])
        found = []
        for status in stream:
            found.append((status.key, status.status))
            if len(found) >= len(examples.KEYS):
                was_heard.set()
    assert found == EVENTS


def test_status_stream_by_post_and_by_get(serve: Serve) -> None:
    server = serve({"/v2/status_stream": Reply(body=examples.STREAM.encode())})

    with connect(server) as stupeflix:
        assert len(list(stupeflix.status_stream(examples.KEYS))) == len(EVENTS)
        assert len(list(stupeflix.status_stream(examples.KEYS, method="GET"))) == len(EVENTS)

    assert server.requests[0].json() == {"tasks": examples.KEYS}
    assert server.paths[1] == "/v2/status_stream?" + examples.STREAM_URL.partition("?")[2]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(body=examples.STREAM.encode(), chunked=True, break_after=len(FIRST) + len(REST[0]) + 40),
        Reply(body=examples.STREAM.encode(), break_after=len(FIRST) + len(REST[0]) + 40),
        Reply(body=examples.STREAM.encode()[: len(FIRST) + len(REST[0]) + 40], has_length=False),
        Reply(body="\n".join([FIRST, REST[0], "<html>"]).encode()),
        Reply(body="\n".join([FIRST, REST[0]]).encode()),
    ],
    ids=["chunked", "length", "closed", "no json", "too early"],
)
def test_a_stream_that_breaks_says_what_came_so_far(reply: Reply, serve: Serve) -> None:
    server = serve({"/v2/create_stream": reply})

    with connect(server) as stupeflix, pytest.raises(StreamBroken, match="before 2 of 2 tasks") as broken:
        list(stupeflix.create_stream(examples.CREATE_STREAM["tasks"]))

    assert [(status.key, status.status) for status in broken.value.statuses] == [
        (examples.KEYS[0], "executing"),
        (examples.KEYS[1], "queued"),
    ]
    assert broken.value.__context__ is None
    assert (broken.value.method, broken.value.path) == ("POST", "/v2/create_stream")
    assert broken.value.is_retryable


def test_a_connection_that_breaks_after_the_last_news_has_lost_nothing(serve: Serve) -> None:
    body = examples.STREAM.encode() + b"\n"
    server = serve({"/v2/create_stream": Reply(body=body, content_length=len(body) + 10)})

    assert heard(server) == EVENTS


@pytest.mark.parametrize(
    "body", [b"", b"\n", b'[{"status": "que', b"<html>", b'{"status": "queued", "key": "K"}', b"[5]"]
)
def test_without_its_first_line_a_creation_is_an_answer_lost(body: bytes, serve: Serve) -> None:
    server = serve({"/v2/create_stream": Reply(body=body)})

    with connect(server) as stupeflix, pytest.raises(StupeflixAnswerLost):
        stupeflix.create_stream(examples.CREATE_STREAM["tasks"])

    assert len(server.requests) == 1


def test_leaving_early_closes_the_connection() -> None:
    is_gone = threading.Event()

    def talk(client: socket.socket, _stopping: threading.Event) -> None:
        client.recv(65_536)
        client.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + FIRST.encode() + b"\n")
        while client.recv(65_536):
            pass
        is_gone.set()

    with RawServer(talk) as server, connect(server) as stupeflix:
        with stupeflix.create_stream(examples.CREATE_STREAM["tasks"]) as stream:
            assert next(iter(stream)).status == "queued"
        assert is_gone.wait(60)


def test_a_long_stream_is_never_held_whole(serve: Serve) -> None:
    count = 4_000
    size = 0

    def body() -> Iterator[bytes]:
        nonlocal size
        for number in range(count):
            status: dict[str, Any] = {"status": "executing", "key": "K", "progress": number, "note": "x" * 1000}
            line = json.dumps(status if number else [status]).encode() + b"\n"
            size += len(line)
            yield line
        yield b'{"status": "success", "key": "K"}'

    server = serve({"/v2/status_stream": Reply(body=body(), chunked=True)})
    with connect(server) as stupeflix:
        stream = stupeflix.status_stream("K")
        tracemalloc.start()
        assert sum(1 for _status in stream) == count + 1
        _now, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert size > 4_000_000
    assert peak < 1_500_000


def test_what_comes_too_late_or_of_other_tasks_does_not_break_a_stream(serve: Serve) -> None:
    key = examples.KEYS[0]
    told = [
        [{"status": "queued", "key": key}],
        {"status": "success", "key": key},
        {"status": "executing", "key": key},
        {"status": "executing", "key": "B" * 26},
    ]
    server = serve({"/v2/create_stream": Reply(body="\n".join(map(json.dumps, told)).encode())})

    assert [status for _key, status in heard(server)] == ["queued", "success", "executing", "executing"]
