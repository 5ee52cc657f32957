"""The ground under the strict fakes of other people's platforms: a real HTTP server that can fail on purpose.

A fake follows its platform's public documentation to the letter and refuses everything else: what it had to refuse
although no test asked for it stands in ``complaints``.
"""

from __future__ import annotations

import hashlib
import ssl
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.servers import Reply

PIECE_BYTES = 64 * 1024


@dataclass(kw_only=True)
class Fault:
    """What goes wrong once: with a request of ``method`` whose path has ``path`` in it, after ``skip`` such requests.

    ``cut_in_body`` and ``stall_in_body`` are for requests with more body than that.
    """

    method: str
    path: str = ""
    skip: int = 0
    cut_in_body: int | None = None
    """The connection breaks after so many bytes of the body. They have arrived."""
    stall_in_body: int | None = None
    """Nothing more is read after so many bytes."""
    cut_before_answer: bool = False
    """The request is carried out, and its answer is lost."""
    reply: Reply | None = None
    """Said instead of doing what was asked."""
    is_early: bool = False
    """``reply`` comes before the body is read, and then the connection is closed."""


class Cut(Exception):
    """The connection ends here."""


class Refusal(Exception):
    """The documented answer to a request that is not as documented."""

    def __init__(self, reply: Reply, complaint: str = "") -> None:
        super().__init__(complaint)
        self.reply = reply
        self.complaint = complaint


@dataclass(kw_only=True)
class Call:
    """A request that came. ``pieces`` gives its body as it arrives, once."""

    method: str
    path: str
    query: dict[str, str]
    headers: Message
    length: int | None
    handler: BaseHTTPRequestHandler = field(repr=False)
    stopping: threading.Event = field(repr=False)
    fault: Fault | None = None
    read_bytes: int = 0

    def pieces(self) -> Iterator[bytes]:
        fault = self.fault or Fault(method="")
        end = fault.cut_in_body if fault.cut_in_body is not None else fault.stall_in_body
        while (left := (self.length or 0) - self.read_bytes) > 0:
            if end is not None:
                left = min(left, end - self.read_bytes)
            piece = self.handler.rfile.read(min(PIECE_BYTES, left)) if left else b""
            self.read_bytes += len(piece)
            if piece:
                yield piece
            if end is not None and self.read_bytes >= end:
                if fault.stall_in_body is not None:
                    self.stopping.wait()
                raise Cut
            if not piece:
                raise Cut

    def body(self) -> bytes:
        return b"".join(self.pieces())


class Stored:
    """What has arrived of a file."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  # it ends with this object
        self.size = 0

    def append(self, piece: bytes) -> None:
        self._file.seek(self.size)
        self._file.write(piece)
        self.size += len(piece)

    def forget_after(self, size: int) -> None:
        self.size = min(self.size, size)
        self._file.truncate(self.size)

    def sha256(self) -> str:
        self._file.seek(0)
        return hashlib.file_digest(self._file, "sha256").hexdigest()


class Platform:
    """A fake runs from ``__enter__`` to ``__exit__``; ``url`` is its base address. ``calls`` are all that came.

    With ``tls`` (``tests/transport/media_test.pem``) it is media.test, which leads nowhere by itself.
    """

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.calls: list[Call] = []
        self.complaints: list[str] = []
        self.faults: list[Fault] = []
        self.stopping = threading.Event()
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"platform": self}))
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        if tls is not None:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
            self.url = f"https://media.test:{self.port}"

    def __enter__(self) -> Any:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._server.server_close()

    def handle(self, call: Call) -> Reply:
        raise NotImplementedError

    def said(self, method: str) -> list[Call]:
        return [call for call in self.calls if call.method == method]

    def take(self, call: Call) -> None:
        """Note ``call``, and the fault that it is to meet."""
        with self._lock:
            self.calls.append(call)
            for fault in self.faults:
                limit = fault.cut_in_body or fault.stall_in_body or 0
                if fault.method == call.method and fault.path in call.path and (call.length or 0) > limit - (not limit):
                    if fault.skip:
                        fault.skip -= 1
                        continue
                    self.faults.remove(fault)
                    call.fault = fault
                    return


class _Handler(BaseHTTPRequestHandler):
    platform: Platform
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
        parts = urlsplit(self.path)
        length = self.headers.get("Content-Length")
        call = Call(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            headers=self.headers,
            length=None if length is None else int(length),
            handler=self,
            stopping=self.platform.stopping,
        )
        self.platform.take(call)
        self.close_connection = True
        try:
            reply = self._reply(call)
        except Cut:
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        body = reply.body if isinstance(reply.body, bytes) else b""
        if reply.status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if call.method != "HEAD":
            self.wfile.write(body)

    def _reply(self, call: Call) -> Reply:
        platform, fault = self.platform, call.fault
        if call.headers.get("Transfer-Encoding"):
            platform.complaints.append(f"{call.method} {call.path} comes in chunks of unknown number")
            return Reply(status=411)
        if fault and fault.reply:
            if not fault.is_early:
                call.body()
            return fault.reply
        try:
            reply = platform.handle(call)
        except Refusal as refusal:
            if refusal.complaint:
                platform.complaints.append(f"{call.method} {call.path}: {refusal.complaint}")
            return refusal.reply
        if fault and fault.cut_before_answer:
            raise Cut
        return reply
