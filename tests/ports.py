"""Ports for those who cannot let the system choose one when they begin to listen."""

from __future__ import annotations

import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_RANGE = range(20_000, 32_000)
"""The system gives none of these to those who ask for any port, as every other server of the suite does: one of them
could have it before the one that it was found for."""


def free_port() -> int:
    """A port of 127.0.0.1 at which nobody listens."""
    while True:
        port = random.choice(_RANGE)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


@contextmanager
def closed_port() -> Iterator[int]:
    """A port of 127.0.0.1 that takes no connections, and that nobody else can have meanwhile."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]
