"""Database connections, for answers that take their time."""

from __future__ import annotations

from django.db import connections


def let_connections_go() -> None:
    """Close those of this thread: an answer that waits, for jobs or for a slow client, needs none."""
    for connection in connections.all(initialized_only=True):
        # Inside a transaction there is only a test.
        if not connection.in_atomic_block:
            connection.close()
