"""The guarded fetch: streams a URL that came from outside into a file."""

from __future__ import annotations

import http.client
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..exceptions import FetchError, FetchFailed, FetchRefused
from .address import Address, parse_address
from .body import decode, encoding_of, read_raw
from .exchange import Resolve, exchange, is_retryable_status, resolve_host
from .naming import display_name, media_type
from .rules import FetchRules
from .sink import Sink, open_sink
from .watch import Watch

ATTEMPTS = 4
"""Times that one fetch connects for the same file, if it breaks off in the middle."""
FIRST_WAIT_S = 0.2
REDIRECTS = frozenset({301, 302, 303, 307, 308})

_CONTENT_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What came. ``size_bytes`` counts after any decompression; ``content_type`` (``type/subtype``) and ``charset`` are
    what the server says, or empty; ``filename`` is a name to show, never a path; ``url`` is where it was in the end,
    without its query."""

    size_bytes: int
    content_type: str
    filename: str
    url: str
    charset: str = ""


def fetch(
    url: str,
    destination: Path | BinaryIO,
    *,
    rules: FetchRules,
    on_chunk: Callable[[int, int | None], None] | None = None,
    headers: Mapping[str, str] | None = None,
    resolve: Resolve = resolve_host,
) -> Fetched:
    """Stream ``url`` into ``destination``: a file that is made or emptied, or a stream open for writing.

    ``on_chunk(so_far, total)`` gets bytes, after each piece and about once a second while nothing comes; ``total`` is
    None if unknown. Whatever it raises stops the fetch. ``headers`` and the URL's own credentials go to the URL's host
    only, never on to where it redirects. Nothing is left behind when the fetch does not succeed.

    ``FetchRefused`` if the rules forbid the address, one that it redirects to, or the size (code ``fetch_too_large``).
    ``FetchFailed`` if the other side does not deliver (``is_retryable`` if it may later; code ``fetch_timeout`` if it
    is too slow, ``fetch_http_<status>`` for its answer). ``StorageError`` if the file cannot be written.
    """
    address = parse_address(url, rules.schemes)
    with open_sink(destination) as sink:
        return _Fetch(address, sink, rules, on_chunk, headers or {}, resolve).run()


class _Fetch:
    """One fetch with its state over several connections."""

    def __init__(
        self,
        address: Address,
        sink: Sink,
        rules: FetchRules,
        on_chunk: Callable[[int, int | None], None] | None,
        headers: Mapping[str, str],
        resolve: Resolve,
    ) -> None:
        self.address = address
        self.sink = sink
        self.rules = rules
        self.on_chunk = on_chunk
        self.headers = headers
        self.resolve = resolve
        self.total: int | None = None
        self.validator = ""
        """What the server calls this version of the file; without it a broken transfer cannot be continued."""
        self.watch = Watch(
            total_timeout_s=rules.total_timeout_s,
            silence_timeout_s=rules.read_timeout_s,
            tick=self.report if on_chunk is not None else None,
        )

    def report(self) -> None:
        if self.on_chunk is not None:
            self.on_chunk(self.sink.written, self.total)

    def run(self) -> Fetched:
        wait_s = FIRST_WAIT_S
        for _more in range(ATTEMPTS - 1):
            try:
                return self.attempt()
            except FetchError as error:
                can_go_on = self.sink.written > 0 and (self.sink.can_restart or bool(self.validator))
                if not (error.is_retryable and can_go_on) or self.watch.is_over or self.watch.is_unwanted:
                    raise
            self.watch.pause(wait_s)
            wait_s *= 2
        return self.attempt()

    def attempt(self) -> Fetched:
        wanted: dict[str, str] = {}
        if self.sink.written and self.validator:
            wanted = {"Range": f"bytes={self.sink.written}-", "If-Range": self.validator}
        with self.follow(wanted) as (address, response):
            self.begin_body(address, response, is_resumed=bool(wanted))
            self.receive(address, response)
            return Fetched(
                size_bytes=self.sink.written,
                content_type=media_type(response.headers.get("Content-Type") or ""),
                filename=display_name(response.headers.get("Content-Disposition") or "", address.last_segment),
                url=str(address),
                charset=response.headers.get_content_charset() or "",
            )

    @contextmanager
    def follow(self, wanted: Mapping[str, str]) -> Iterator[tuple[Address, http.client.HTTPResponse]]:
        """The first answer that is no redirect, and who gave it. Each step is checked anew."""
        address = self.address
        for _step in range(self.rules.max_redirects + 1):
            is_home = address.origin == self.address.origin
            with ExitStack() as stack:
                response = stack.enter_context(
                    exchange(
                        address,
                        rules=self.rules,
                        watch=self.watch,
                        headers={**(self.headers if is_home else {}), **wanted},
                        resolve=self.resolve,
                    )
                )
                location = response.headers.get("Location")
                if response.status not in REDIRECTS or not location:
                    yield address, response
                    return
            address = address.join(location.encode("latin-1", "replace").decode("utf-8", "replace"), self.rules.schemes)
        raise FetchFailed(f"{self.address.host} redirects more than {self.rules.max_redirects} times.")

    def begin_body(self, address: Address, response: http.client.HTTPResponse, *, is_resumed: bool) -> None:
        """Decide by the answer's head whether the body is what we want, and where in the file it belongs."""
        status = response.status
        if is_resumed and status == 206:
            match = _CONTENT_RANGE.fullmatch((response.headers.get("Content-Range") or "").strip())
            if (
                match
                and (int(match[1]), int(match[3])) == (self.sink.written, self.total)
                and not encoding_of(response)
            ):
                return
        if is_resumed and status in (206, 416):
            self.validator = ""
            raise FetchFailed(f"{address.host} does not continue the file where it broke off.", is_retryable=True)
        if status != 200:
            raise FetchFailed(
                f"{address.host} answered {status}{f' ({_STATUS[status]})' if status in _STATUS else ''}.",
                code=f"fetch_http_{status}",
                is_retryable=is_retryable_status(status),
            )
        self.restart(address, response)

    def restart(self, address: Address, response: http.client.HTTPResponse) -> None:
        """The whole file comes (again)."""
        if self.sink.written:
            if not self.sink.can_restart:
                raise FetchFailed(f"{address.host} broke off in the middle of the file and does not continue it.")
            self.sink.restart()
        self.total, self.validator = None, ""
        if response.length is not None and response.length > self.rules.max_bytes:
            raise self.too_large(address)
        if not encoding_of(response) and response.length is not None:
            self.total = response.length
            etag = response.headers.get("ETag") or ""
            self.validator = response.headers.get("Last-Modified") or "" if not etag or etag.startswith("W/") else etag

    def receive(self, address: Address, response: http.client.HTTPResponse) -> None:
        length = response.length
        arrived = 0

        def counted() -> Iterator[bytes]:
            nonlocal arrived
            for piece in read_raw(response, length):
                arrived += len(piece)
                if arrived > self.rules.max_bytes:
                    raise self.too_large(address)
                yield piece

        for piece in decode(counted(), encoding_of(response)):
            if self.sink.written + len(piece) > self.rules.max_bytes:
                raise self.too_large(address)
            self.sink.write(piece)
            self.watch.tick()
        if length is not None and arrived < length:
            raise FetchFailed(
                f"{address.host} broke off after {self.sink.written} bytes, before the end of the file.",
                is_retryable=True,
            )
        if self.total is not None and self.sink.written != self.total:
            raise FetchFailed(f"{address.host} sent another size than it had said.", is_retryable=True)

    def too_large(self, address: Address) -> FetchRefused:
        return FetchRefused(
            f"The file at {address.host} is larger than the {self.rules.max_bytes} bytes allowed.",
            code="fetch_too_large",
            advice="Use a smaller file, or raise the limit of the fetch in the settings.",
        )


_STATUS = {
    400: "it did not understand the request",
    401: "it wants a password",
    403: "it does not give the file out",
    404: "there is no such file",
    408: "it lost patience",
    410: "the file is gone",
    429: "it is asked too often",
    500: "it has an error of its own",
    502: "what stands behind it has an error",
    503: "it is too busy",
    504: "what stands behind it is too slow",
}
