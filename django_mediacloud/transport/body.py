"""Decompresses the body of a response in pieces of bounded size."""

from __future__ import annotations

import http.client
import zlib
from collections.abc import Iterator

from ..exceptions import FetchFailed

CHUNK_BYTES = 128 * 1024


def encoding_of(response: http.client.HTTPResponse) -> str:
    """``""``, ``gzip`` or ``deflate``. None is asked for, but some servers keep files compressed and send them so."""
    names = [name.strip().lower() for name in (response.headers.get("Content-Encoding") or "").split(",")]
    names = [{"x-gzip": "gzip"}.get(name, name) for name in names if name not in ("", "identity")]
    if not names:
        return ""
    if len(names) > 1 or names[0] not in ("gzip", "deflate"):
        raise FetchFailed("The file comes in a compression that was not asked for, and cannot be undone.")
    return names[0]


def read_raw(response: http.client.HTTPResponse, length: int | None) -> Iterator[bytes]:
    """The body as it comes, a piece per arrival, ``length`` bytes at most. It may end early: count."""
    left = length
    while left is None or left > 0:
        piece = response.read1(CHUNK_BYTES if left is None else min(CHUNK_BYTES, left))
        if not piece:
            return
        if left is not None:
            left -= len(piece)
        yield piece


def decode(pieces: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    """``pieces`` decompressed. No piece that comes out is over ``CHUNK_BYTES``, however much a bomb holds.

    ``FetchFailed`` if the data is damaged or ends early.
    """
    if not encoding:
        yield from pieces
        return
    decoder = _new_decoder(encoding)
    is_first = True
    for piece in pieces:
        if is_first and encoding == "deflate" and piece[0] & 0x0F != 8:
            decoder = zlib.decompressobj(-zlib.MAX_WBITS)  # without the header that the standard asks for
        is_first = False
        out = b""
        # A full piece out may mean that the decoder holds back more, though it has taken all that went in.
        while piece or len(out) == CHUNK_BYTES:
            if decoder.eof:
                # Several gzip members one after the other are one file; after deflate, or after zeros, comes nothing.
                if encoding != "gzip" or not piece.strip(b"\0"):
                    break
                decoder = _new_decoder(encoding)
            try:
                out = decoder.decompress(piece, CHUNK_BYTES)
            except zlib.error:
                raise FetchFailed("The file comes in a compression that is damaged.", is_retryable=True) from None
            piece = decoder.unused_data if decoder.eof else decoder.unconsumed_tail
            if out:
                yield out
    if not decoder.eof and not is_first:
        raise FetchFailed("The file ends in the middle of its compression.", is_retryable=True)


def _new_decoder(encoding: str) -> zlib._Decompress:
    return zlib.decompressobj(zlib.MAX_WBITS | 16 if encoding == "gzip" else zlib.MAX_WBITS)
