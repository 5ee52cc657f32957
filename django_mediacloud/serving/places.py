"""Places for answers that stay open, and for views that wait: so many in a process, and nobody can have them all.

Under WSGI each holds one of the server's threads, which others wait for; under ASGI Django keeps a sleeping thread for
each request, and systems limit a service to some thousand threads.

A client may take a place as long as it holds fewer than are free: alone it gets half of them, the next greedy one half
of the rest, and whoever comes anew finds one.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import partial

from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest

from ..conf import config

MAX_STREAMS = 4_000
"""Under ASGI; under WSGI the site says how many threads it has for them."""
RETRY_AFTER_S = 10


class NoPlace(Exception):
    """As many answers are open as may be, or as many of this client's: ask again in ``RETRY_AFTER_S``."""


@contextmanager
def place(request: HttpRequest, client: Hashable) -> Iterator[None]:
    """A place for ``client`` while the body runs: for a view that waits by ``streams.wait_for_end``.

    To be taken before anything is made, so that a client that hears 503 can send its request again. ``NoPlace``.
    """
    leave = take_place(request, client)
    try:
        yield
    finally:
        leave()


def take_place(request: HttpRequest, client: Hashable) -> Callable[[], object]:
    """A place for ``client``, until what comes back is called; the second time that does nothing. ``NoPlace``.

    ``client`` is an account: addresses are those of proxies, or as many as somebody likes.
    """
    return (_rooms.asgi if isinstance(request, ASGIRequest) else _rooms.wsgi).take(client)


class Room:
    def __init__(self, size: Callable[[], int]) -> None:
        self._size = size
        self._taken: dict[object, Hashable] = {}
        self._lock = threading.Lock()

    def __len__(self) -> int:
        """How many places are taken."""
        return len(self._taken)

    def take(self, client: Hashable) -> Callable[[], object]:
        ticket = object()
        with self._lock:
            clients = list(self._taken.values())
            if clients.count(client) >= self._size() - len(clients):
                raise NoPlace("Too many requests wait for jobs; try again later.")
            self._taken[ticket] = client
        # Without the lock: the garbage collector may call it in the thread that holds that.
        return partial(self._taken.pop, ticket, None)


class _Rooms:
    def __init__(self) -> None:
        self.wsgi = Room(lambda: config().wsgi_places)
        self.asgi = Room(lambda: MAX_STREAMS)


_rooms = _Rooms()


def _start_afresh() -> None:
    """A forked child has none of its parent's answers open."""
    global _rooms
    _rooms = _Rooms()


os.register_at_fork(after_in_child=_start_afresh)
