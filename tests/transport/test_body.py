from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.exceptions import FetchFailed
from django_mediacloud.transport.body import CHUNK_BYTES, decode


def raw_deflate(data: bytes) -> bytes:
    return gzip.compress(data)[10:-8]


CODINGS: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("", bytes),
]


@given(st.sampled_from(CODINGS), st.binary(max_size=2000), st.integers(1, 300), st.integers(1, 64))
def test_pieces_of_any_size_come_out_whole(
    coding: tuple[str, Callable[[bytes], bytes]], data: bytes, repeats: int, step: int
) -> None:
    name, compress = coding
    packed = compress(data * repeats)
    pieces = (packed[at : at + step * 50] for at in range(0, len(packed), step * 50))
    assert b"".join(decode(pieces, name)) == data * repeats


@pytest.mark.parametrize(("name", "compress"), CODINGS[:3])
@pytest.mark.parametrize("size", [CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, CHUNK_BYTES * 3, 0])
def test_no_piece_is_larger_than_a_chunk(name: str, compress: Callable[[bytes], bytes], size: int) -> None:
    out = list(decode(iter([compress(bytes(size))]), name))
    assert sum(map(len, out)) == size
    assert all(len(piece) <= CHUNK_BYTES for piece in out)


def test_several_members_of_gzip_are_one_file() -> None:
    packed = gzip.compress(b"one ") + gzip.compress(b"") + gzip.compress(b"two") + bytes(512)
    for step in (1, 7, len(packed)):
        pieces = (packed[at : at + step] for at in range(0, len(packed), step))
        assert b"".join(decode(pieces, "gzip")) == b"one two"


@pytest.mark.parametrize(
    "data",
    [b"this is no gzip", gzip.compress(b"x" * 100)[:-9], gzip.compress(b"x")[:-1] + b"y"],
    ids=["no gzip", "cut off", "a wrong length"],  # Their bytes hold the time of day.
)
def test_damage_is_a_failure(data: bytes) -> None:
    with pytest.raises(FetchFailed, match="compression"):
        list(decode(iter([data]), "gzip"))
