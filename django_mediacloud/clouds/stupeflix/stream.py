"""Statuses as they come: a line of JSON each, the first one a list."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from urllib.parse import urlsplit

import requests
from urllib3.exceptions import HTTPError

from . import wire
from .errors import StreamBroken

MAX_LINE_BYTES = 16 * 1024 * 1024
_PIECE_BYTES = 64 * 1024


def lines(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The lines in ``pieces``, blank ones left out, whether the last one ends on a newline or not.

    ``ValueError`` for a line over ``MAX_LINE_BYTES``.
    """
    rest = bytearray()
    for piece in pieces:
        searched = len(rest)
        rest += piece
        start = 0
        while (end := rest.find(b"\n", max(start, searched))) >= 0:
            if line := bytes(rest[start:end]).strip():
                yield line
            start = end + 1
        del rest[:start]
        if len(rest) > MAX_LINE_BYTES:
            raise ValueError("a line of the stream is too long")
    if line := bytes(rest).strip():
        yield line


class StatusStream:
    """The statuses of some tasks, each time one changes: first each once, in the order in which they were asked for
    (``first`` has these), then one by one until all are final.

    Iterate over it once. ``StreamBroken`` if it ends before its tasks do; it carries what was heard so far. Close it,
    or use it in a ``with``, if you leave early.
    """

    def __init__(self, response: requests.Response, *, version: wire.Version) -> None:
        """Waits for the first line. ``ValueError`` if it is not a list of statuses."""
        self._response = response
        self._version = version
        self._lines = lines(self._pieces())
        try:
            self.first = wire.parse_statuses(wire.parse_json(next(self._lines, b"")), version)
        except BaseException:
            self.close()
            raise
        self._latest = {status.key: status for status in self.first}
        self._statuses = self._read()

    @property
    def keys(self) -> list[str]:
        """The keys of the tasks, in the order in which they were asked for."""
        return [status.key for status in self.first]

    def __iter__(self) -> Iterator[wire.TaskStatus]:
        return self._statuses

    def _read(self) -> Iterator[wire.TaskStatus]:
        with self:
            yield from self.first
            broken = ""
            try:
                for line in self._lines:
                    status = wire.parse_status(wire.parse_json(line), self._version)
                    self._note(status)
                    yield status
            except (HTTPError, ValueError) as error:
                broken = f" ({type(error).__name__ if isinstance(error, HTTPError) else 'a line cannot be read'})"
        running = [key for key, status in self._latest.items() if not status.is_final]
        # A connection that breaks after the last news has lost nothing.
        if running:
            raise StreamBroken(
                f"The stream ended before {len(running)} of {len(self._latest)} tasks did{broken}.",
                statuses=list(self._latest.values()),
                method=self._response.request.method or "",
                path=urlsplit(self._response.request.url or "").path,
            )

    def _note(self, status: wire.TaskStatus) -> None:
        """What came too late, after the end of its task, is no news; nor is what nobody has asked for."""
        known = self._latest.get(status.key)
        if known is not None and (status.is_final or not known.is_final):
            self._latest[status.key] = status

    def _pieces(self) -> Iterator[bytes]:
        # Not iter_content: that waits for a full piece, or for the end, where the body is not chunked.
        while piece := self._response.raw.read1(_PIECE_BYTES, decode_content=True):
            yield piece

    def close(self) -> None:
        self._response.close()

    def __enter__(self) -> StatusStream:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
