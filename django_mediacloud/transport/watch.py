"""The time limits of one exchange, and sockets that observe them while they wait.

A blocked read cannot be told from outside to stop. So the sockets wait in short turns, and between two turns the watch
is asked: is the time over, has the other side been silent for too long, does the caller still want it?
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable
from typing import Any

from ..exceptions import FetchFailed

TURN_S = 0.25
"""The longest wait between two looks."""
TICK_S = 1.0
"""The caller hears of a transfer at least this often."""


class Watch:
    """``tick`` is called about once a second; what it raises stops the exchange.

    An error raised by ``look`` may be wrapped by the HTTP library on its way up: ``stopped_by`` keeps the original.
    """

    def __init__(
        self, *, total_timeout_s: float, silence_timeout_s: float, tick: Callable[[], None] | None = None
    ) -> None:
        self.host = ""
        """Who is being waited for, for the messages."""
        self.stopped_by: BaseException | None = None
        self.is_unwanted = False
        """The caller has said stop, by raising from ``tick``."""
        self._deadline = time.monotonic() + total_timeout_s
        self._total_timeout_s = total_timeout_s
        self._silence_timeout_s = silence_timeout_s
        self._tick = tick
        self._last_tick = time.monotonic()

    def begin(self, host: str) -> None:
        """A new exchange, with ``host``. The time runs on."""
        self.host = host
        self.stopped_by = None
        self.look()

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._deadline

    def tick(self) -> None:
        """Tell the caller now."""
        if self._tick is not None:
            try:
                self._tick()
            except BaseException as error:
                self.stopped_by = error
                self.is_unwanted = True
                raise
        self._last_tick = time.monotonic()

    def look(self, *, since: float | None = None, limit_s: float | None = None) -> None:
        """Raise if the time is over, or if ``limit_s`` (the rules' silence) passed ``since``; tick if it is time."""
        now = time.monotonic()
        if now >= self._deadline:
            self._stop(f"{self.host} did not finish within {self._total_timeout_s:g} seconds.")
        limit_s = self._silence_timeout_s if limit_s is None else limit_s
        if since is not None and now - since >= limit_s:
            self._stop(f"{self.host} was silent for {limit_s:g} seconds.")
        if now - self._last_tick >= TICK_S:
            self.tick()

    def pause(self, seconds: float) -> None:
        """Wait, looking."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.look()
            time.sleep(min(TURN_S, left))

    def _stop(self, message: str) -> None:
        self.stopped_by = FetchFailed(message, code="fetch_timeout", is_retryable=True)
        raise self.stopped_by


class _WatchedIO:
    """Mixed into a socket class: waits in turns. Its timeout is to be ``TURN_S``."""

    watch: Watch

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        count: int = self._in_turns(super().recv_into, *args, **kwargs)  # type: ignore[misc]
        return count

    def sendall(self, data: Any, flags: int = 0) -> None:
        view = memoryview(data).cast("B")
        while view:
            view = view[self._in_turns(super().send, view) :]  # type: ignore[misc]

    def _in_turns(self, call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        since = time.monotonic()
        self.watch.look()
        while True:
            try:
                return call(*args, **kwargs)
            except TimeoutError:
                self.watch.look(since=since)


class WatchedSocket(_WatchedIO, socket.socket):
    pass


class WatchedTLSSocket(_WatchedIO, ssl.SSLSocket):
    def shake_hands(self, limit_s: float) -> None:
        """The TLS handshake with its checks of the certificate, within ``limit_s`` seconds."""
        since = time.monotonic()
        while True:
            try:
                self.do_handshake()
            except TimeoutError:
                self.watch.look(since=since, limit_s=limit_s)
            else:
                return
