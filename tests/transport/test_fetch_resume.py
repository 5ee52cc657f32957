"""Downloads that break: where they go on, where they begin again, and where they are given up."""

from __future__ import annotations

import gzip
import importlib
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from django_mediacloud.exceptions import FetchFailed, FetchRefused
from django_mediacloud.transport import fetch
from tests.servers import Generated, LocalServer, Reply, in_turn

from .conftest import LOCAL

Serve = Callable[..., LocalServer]
BODY = b"".join(Generated(size=200_000).pieces(0, 200_000))
ETAG = {"ETag": '"one"'}


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    # The package's own name for it is the function.
    monkeypatch.setattr(importlib.import_module("django_mediacloud.transport.fetch"), "FIRST_WAIT_S", 0.01)


@pytest.mark.parametrize("validator", [ETAG, {"Last-Modified": "Mon, 01 Jan 2024 00:00:00 GMT"}])
def test_a_broken_download_goes_on(validator: dict[str, str], serve: Serve, tmp_path: Path) -> None:
    broken = Reply(body=BODY, break_after=50_000, headers=validator)
    server = serve({"/f": in_turn(broken, broken, Reply(body=BODY, headers=validator))})
    seen: list[int] = []
    fetched = fetch(
        server.url("/f"), tmp_path / "fetched", rules=LOCAL, on_chunk=lambda done, _total: seen.append(done)
    )
    assert (tmp_path / "fetched").read_bytes() == BODY
    assert fetched.size_bytes == len(BODY)
    assert [request.headers["Range"] for request in server.requests] == [None, "bytes=50000-", "bytes=100000-"]
    assert {request.headers["If-Range"] for request in server.requests[1:]} == set(validator.values())
    assert seen == sorted(seen)


@pytest.mark.parametrize(
    "second",
    [
        pytest.param(Reply(body=BODY, headers={"ETag": '"two"'}), id="changed in between"),
        pytest.param(Reply(body=BODY, ranges=False), id="no ranges"),
    ],
)
def test_a_file_that_cannot_go_on_begins_again(second: Reply, serve: Serve) -> None:
    server = serve({"/f": in_turn(Reply(body=b"old" * 50_000, break_after=50_000, headers=ETAG), second)})
    stream = io.BytesIO()
    fetch(server.url("/f"), stream, rules=LOCAL)
    assert stream.getvalue() == BODY
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "second",
    [
        Reply(status=416, headers={"Content-Range": "bytes */10"}),
        Reply(status=206, body=b"wrong place", headers={"Content-Range": "bytes 0-10/200000"}),
        Reply(status=206, body=b"wrong size", headers={"Content-Range": "bytes 50000-50009/60000"}),
        Reply(status=206, body=b"no word"),
    ],
)
def test_a_continuation_that_does_not_fit_is_thrown_away(second: Reply, serve: Serve) -> None:
    first = Reply(body=BODY, break_after=50_000, headers=ETAG)
    server = serve({"/f": in_turn(first, second, Reply(body=BODY, headers=ETAG))})
    stream = io.BytesIO()
    fetch(server.url("/f"), stream, rules=LOCAL)
    assert stream.getvalue() == BODY
    assert [request.headers["Range"] for request in server.requests] == [None, "bytes=50000-", None]


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"weak"'}])
def test_without_a_name_for_its_version_a_file_begins_again(headers: dict[str, str], serve: Serve) -> None:
    server = serve(
        {"/f": in_turn(Reply(body=BODY, break_after=50_000, headers=headers), Reply(body=BODY, headers=headers))}
    )
    stream = io.BytesIO()
    fetch(server.url("/f"), stream, rules=LOCAL)
    assert stream.getvalue() == BODY
    assert [request.headers["Range"] for request in server.requests] == [None, None]


def test_a_stall_in_the_middle_is_gone_around(serve: Serve) -> None:
    server = serve({"/f": in_turn(Reply(body=BODY, stall_after=50_000, headers=ETAG), Reply(body=BODY, headers=ETAG))})
    stream = io.BytesIO()
    fetch(server.url("/f"), stream, rules=replace(LOCAL, read_timeout_s=2))
    assert stream.getvalue() == BODY


def test_a_download_that_always_breaks_is_given_up(serve: Serve, tmp_path: Path) -> None:
    server = serve({"/f": Reply(body=BODY, break_after=1000, headers=ETAG)})
    with pytest.raises(FetchFailed, match="broke off after 4000 bytes") as caught:
        fetch(server.url("/f"), tmp_path / "fetched", rules=LOCAL)
    assert caught.value.is_retryable
    assert len(server.requests) == 4
    assert not (tmp_path / "fetched").exists()


def test_a_file_that_is_gone_in_between_is_final(serve: Serve, tmp_path: Path) -> None:
    server = serve({"/f": in_turn(Reply(body=BODY, break_after=1000, headers=ETAG), Reply(status=404))})
    with pytest.raises(FetchFailed, match="answered 404"):
        fetch(server.url("/f"), tmp_path / "fetched", rules=LOCAL)
    assert len(server.requests) == 2


def test_chunks_that_end_too_early_are_a_failure(serve: Serve, tmp_path: Path) -> None:
    server = serve({"/f": Reply(body=BODY, chunked=True, break_after=1000)})
    with pytest.raises(FetchFailed, match="broke off in the middle"):
        fetch(server.url("/f"), tmp_path / "fetched", rules=LOCAL)


def test_compression_that_ends_too_early_is_a_failure(serve: Serve) -> None:
    server = serve(
        {"/f": Reply(body=gzip.compress(BODY)[:-20], headers={"Content-Encoding": "gzip"}, has_length=False)}
    )
    with pytest.raises(FetchFailed, match="in the middle of its compression"):
        fetch(server.url("/f"), io.BytesIO(), rules=LOCAL)


class Pipe(io.RawIOBase):
    """A stream that cannot go back."""

    def __init__(self) -> None:
        self.data = b""

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self.data += data
        return len(data)


def test_a_stream_that_cannot_go_back(serve: Serve) -> None:
    first = Reply(body=BODY, break_after=50_000, headers=ETAG)
    server = serve({"/f": in_turn(first, Reply(body=BODY, headers=ETAG)), "/g": in_turn(first, Reply(body=BODY))})
    pipe = Pipe()
    fetch(server.url("/f"), pipe, rules=LOCAL)  # type: ignore[arg-type]
    assert pipe.data == BODY
    with pytest.raises(FetchFailed, match="does not continue it") as caught:
        fetch(server.url("/g"), Pipe(), rules=LOCAL)  # type: ignore[arg-type]
    assert not isinstance(caught.value, FetchRefused)
