"""A real HTTP server on 127.0.0.1 for tests: serves what it is told, well or badly, and remembers what it was asked.

    with LocalServer({"/clip.mp4": Reply(body=path), "/moved": redirect("/clip.mp4")}) as server:
        requests.get(server.url("/clip.mp4"))
    assert server.requests[0].headers["Range"] == ...

A route is a ``Reply``, or a callable from ``Recorded`` to ``Reply``. A ``folder`` is served under every path that has
no route. Ranges (one, with ``If-Range``) are answered for bodies of known size, unless ``Reply.ranges`` is False.
"""

from __future__ import annotations

import json
import mimetypes
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

_BLOCK = bytes(range(251)) * 260  # a prime period: a piece at a wrong place shows


@dataclass(frozen=True, kw_only=True)
class Generated:
    """``size`` bytes that nobody holds in memory. Byte ``i`` is ``i % 251``."""

    size: int

    def pieces(self, start: int, stop: int) -> Iterator[bytes]:
        while start < stop:
            piece = _BLOCK[start % 251 : start % 251 + min(65_000, stop - start)]
            start += len(piece)
            yield piece


Body = bytes | Path | Generated | Iterator[bytes]


@dataclass(frozen=True, kw_only=True)
class Recorded:
    method: str
    path: str
    """With its query."""
    headers: Message
    body: bytes
    at: float
    """``time.monotonic()`` on arrival."""

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """How to answer. ``body`` may be bytes, a file, ``Generated``, or an iterator of pieces."""

    status: int = 200
    body: Body = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    content_length: int | None = None
    """What Content-Length says, if not the truth."""
    has_length: bool = True
    """False: no Content-Length; the body ends with the connection (or is chunked)."""
    chunked: bool = False
    ranges: bool = True
    delay_s: float = 0.0
    """Before anything is sent."""
    drip: tuple[int, float] | None = None
    """So many bytes at a time, with so many seconds between."""
    break_after: int | None = None
    """The connection is cut after so many bytes of the body."""
    stall_after: int | None = None
    """Nothing more is sent after so many bytes, until the client goes away or the server stops."""


Route = Reply | Callable[[Recorded], Reply]


def redirect(location: str, status: int = 302) -> Reply:
    return Reply(status=status, headers={"Location": location})


def json_reply(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    return Reply(
        status=status, body=json.dumps(value).encode(), headers={"Content-Type": "application/json", **(headers or {})}
    )


class in_turn:
    """A route that answers with one after the other of ``replies``; the last one stays."""

    def __init__(self, *replies: Reply) -> None:
        self._replies = list(replies)
        self._lock = threading.Lock()

    def __call__(self, _request: Recorded) -> Reply:
        with self._lock:
            return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]


class LocalServer:
    """Runs from ``__enter__`` to ``__exit__``. ``routes`` may be changed at any time."""

    def __init__(
        self,
        routes: Mapping[str, Route] | None = None,
        *,
        folder: Path | None = None,
        tls: ssl.SSLContext | None = None,
        host: str = "127.0.0.1",
        port: int = 0,
    ) -> None:
        self.routes: dict[str, Route] = dict(routes or {})
        self.folder = folder
        self.requests: list[Recorded] = []
        self.stopping = threading.Event()
        self._arrived = threading.Condition()
        self._scheme = "https" if tls else "http"
        self._server = _Server((host, port), type("Handler", (_Handler,), {"local": self}))
        self._server.tls = tls
        self.host = host
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> LocalServer:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def url(self, path: str = "/", host: str = "") -> str:
        return f"{self._scheme}://{host or self.host}:{self.port}{path}"

    @property
    def paths(self) -> list[str]:
        """The paths that were asked for, in order, with their queries."""
        return [request.path for request in self.requests]

    def wait_for_requests(self, count: int, timeout_s: float = 240.0) -> list[Recorded]:
        """The requests, once there are ``count`` of them. ``AssertionError`` if they do not come in time."""
        with self._arrived:
            came = self._arrived.wait_for(lambda: len(self.requests) >= count, timeout_s)
        assert came, f"{len(self.requests)} of {count} requests came within {timeout_s} s"
        return list(self.requests)

    def record(self, request: Recorded) -> None:
        with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()

    def reply_to(self, request: Recorded) -> Reply:
        path = urlsplit(request.path).path
        route = self.routes.get(path)
        if route is not None:
            return route if isinstance(route, Reply) else route(request)
        if self.folder is not None:
            found = (self.folder / unquote(path).lstrip("/")).resolve()
            if found.is_file() and found.is_relative_to(self.folder.resolve()):
                content_type = mimetypes.guess_type(found.name)[0] or "application/octet-stream"
                return Reply(
                    body=found, headers={"Content-Type": content_type, "ETag": f'"{found.stat().st_mtime_ns}"'}
                )
        return Reply(status=404, body=b"there is no such page")


class RawServer:
    """For answers that no HTTP server gives: each connection goes to ``talk(socket, stopping)``, in its own thread."""

    def __init__(self, talk: Callable[[socket.socket, threading.Event], None]) -> None:
        self._talk = talk
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.stopping = threading.Event()
        self.port: int = self._listener.getsockname()[1]
        self.connections = 0

    def __enter__(self) -> RawServer:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stopping.set()
        self._listener.close()

    def _accept(self) -> None:
        while not self.stopping.is_set():
            try:
                client, _address = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            self._talk(client, self.stopping)

    def url(self, path: str = "/", scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Who finds no room in the queue tries again after a second.
    request_queue_size = 128
    block_on_close = False
    tls: ssl.SSLContext | None = None

    def finish_request(self, request: Any, client_address: Any) -> None:
        # In the request's own thread, so that a client that does not shake hands holds up nobody.
        if self.tls is not None:
            try:
                request = self.tls.wrap_socket(request, server_side=True)
            except OSError:
                return
        super().finish_request(request, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that go away are what many tests are about: no noise."""


class _Handler(BaseHTTPRequestHandler):
    local: LocalServer
    protocol_version = "HTTP/1.1"
    # Head and body are sent apart: the second would wait for the first one's acknowledgement, 40 ms.
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        pass

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except OSError:
            self.close_connection = True

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self.answer
        raise AttributeError(name)

    def answer(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        request = Recorded(
            method=self.command,
            path=self.path,
            headers=self.headers,
            body=self._read_chunked() if self.headers.get("Transfer-Encoding") else self.rfile.read(length),
            at=time.monotonic(),
        )
        self.local.record(request)
        reply = self.local.reply_to(request)
        if reply.delay_s and self.local.stopping.wait(reply.delay_s):
            self.close_connection = True
            return
        self._send(request, reply)

    def _read_chunked(self) -> bytes:
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, request: Recorded, reply: Reply) -> None:
        size = _size_of(reply.body)
        status, start, stop = reply.status, 0, size
        headers = dict(reply.headers)
        if status == 200 and size is not None and reply.ranges:
            headers.setdefault("Accept-Ranges", "bytes")
            status, start, stop = _apply_range(request.headers, headers, size)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if reply.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif not reply.has_length or stop is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        else:
            honest = stop - start
            length = honest if reply.content_length is None else reply.content_length - start
            self.send_header("Content-Length", str(length))
            self.close_connection = self.close_connection or length != honest
        self.end_headers()
        if request.method != "HEAD":
            self._send_body(reply, start, stop)

    def _send_body(self, reply: Reply, start: int, stop: int | None) -> None:
        sent = 0
        end = min((limit for limit in (reply.break_after, reply.stall_after) if limit is not None), default=None)
        for piece in _pieces(reply, start, stop):
            if end is not None:
                piece = piece[: end - sent]
            if piece:
                self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if reply.chunked else piece)
                sent += len(piece)
            if reply.drip and self.local.stopping.wait(reply.drip[1]):
                break
            if end is not None and sent >= end:
                break
        if reply.stall_after is not None:
            self.wfile.flush()
            self.local.stopping.wait()
        if reply.break_after is not None or reply.stall_after is not None:
            self.close_connection = True
        elif reply.chunked:
            self.wfile.write(b"0\r\n\r\n")


def _size_of(body: Body) -> int | None:
    if isinstance(body, Path):
        return body.stat().st_size
    if isinstance(body, Generated):
        return body.size
    return len(body) if isinstance(body, bytes) else None


def _apply_range(asked: Message, headers: dict[str, str], size: int) -> tuple[int, int, int]:
    """Status, start and stop."""
    unit, _, spec = (asked.get("Range") or "").partition("=")
    condition = asked.get("If-Range")
    if (
        unit != "bytes"
        or "," in spec
        or (condition and condition not in (headers.get("ETag"), headers.get("Last-Modified")))
    ):
        return 200, 0, size
    first, _, last = spec.partition("-")
    start = int(first) if first else max(0, size - int(last))
    stop = min(int(last) + 1, size) if first and last else size
    if start >= size:
        headers["Content-Range"] = f"bytes */{size}"
        return 416, 0, 0
    headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    return 206, start, stop


def _pieces(reply: Reply, start: int, stop: int | None) -> Iterator[bytes]:
    step = reply.drip[0] if reply.drip else 65_000
    body = reply.body
    if isinstance(body, bytes):
        body = body[start:stop]
        yield from (body[at : at + step] for at in range(0, len(body), step))
    elif isinstance(body, Path):
        with body.open("rb") as file:
            file.seek(start)
            left = (stop or 0) - start
            while left > 0 and (piece := file.read(min(step, left))):
                left -= len(piece)
                yield piece
    elif isinstance(body, Generated):
        for piece in body.pieces(start, stop or 0):
            yield from (piece[at : at + step] for at in range(0, len(piece), step))
    else:
        yield from body
