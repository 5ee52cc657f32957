"""Waiting for jobs, in threads and in event loops, without a database connection of one's own.

All of these read through the process's hub (``hub.py``): what they give are committed rows, shared with other readers.
Read them, do not write on them, and do not follow relations other than ``task``, ``encoding``, ``process`` and
``outputs.all()`` (those that are ready), which are loaded. Code inside a transaction must commit before it waits for
what it wrote; so must a test (``transactional_db``, ``TransactionTestCase``).

A row is final for its reader once it was final: a retry that comes later is not told. Jobs that do not exist, and those
that are deleted, are left out and not waited for. ``django.db.OperationalError`` if the database stays away for
minutes.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from contextlib import aclosing, closing

from ..models import Job
from .hub import Subscription, get_hub


class Watch:
    """The jobs with these primary keys, in batches; to be read once.

    First the present rows of all, in the order given; then, as it comes, what has changed since the last batch: of each
    job its newest row only, so that a slow reader skips what is past, and never the end. Is over when all jobs are, or
    when ``max_s`` seconds have passed since the beginning (the first batch comes all the same). With ``tick_s``, an
    empty batch says that nothing happened for so long.
    """

    def __init__(self, pks: Iterable[int], *, max_s: float | None = None, tick_s: float | None = None) -> None:
        self._pks = tuple(pks)
        self._open = set(self._pks)
        self._max_s = max_s
        self._tick_s = tick_s
        self._ends_at: float | None = None
        self._first: dict[int, Job | None] | None = {}
        self._subscription: Subscription | None = None

    def batches(self) -> Generator[list[Job], None, None]:
        event = threading.Event()
        subscription = self._begin(event.set)
        try:
            while True:
                # Before what it tells of is taken: what comes after that sets it again.
                event.clear()
                if (batch := self._next(subscription)) is not None:
                    yield batch
                if self._is_over():
                    return
                if not event.wait(self._pause_s()) and self._tick_s is not None:
                    yield []
        finally:
            subscription.close()

    async def batches_async(self) -> AsyncGenerator[list[Job], None]:
        event = asyncio.Event()
        loop = asyncio.get_running_loop()

        def wake() -> None:
            loop.call_soon_threadsafe(event.set)

        subscription = self._begin(wake)
        try:
            while True:
                event.clear()
                if (batch := self._next(subscription)) is not None:
                    yield batch
                if self._is_over():
                    return
                try:
                    async with asyncio.timeout(self._pause_s()):
                        await event.wait()
                except TimeoutError:
                    if self._tick_s is not None:
                        yield []
        finally:
            subscription.close()

    def close(self) -> None:
        """No more is needed; from any thread."""
        if self._subscription is not None:
            self._subscription.close()

    def _begin(self, wake: Callable[[], None]) -> Subscription:
        if self._max_s is not None:
            self._ends_at = time.monotonic() + self._max_s
        self._subscription = get_hub().subscribe(self._pks, wake)
        return self._subscription

    def _next(self, subscription: Subscription) -> list[Job] | None:
        """What has come, if it is worth a batch."""
        changes = subscription.take()
        self._open -= {pk for pk, job in changes.items() if job is None or job.is_final}
        if self._first is None:
            return [job for job in changes.values() if job is not None] or None
        self._first |= changes
        if not self._first.keys() >= set(self._pks):
            return None
        rows, self._first = self._first, None
        return [job for pk in self._pks if (job := rows[pk]) is not None]

    def _is_over(self) -> bool:
        is_late = self._ends_at is not None and time.monotonic() >= self._ends_at
        return not self._open or (is_late and self._first is None)

    def _pause_s(self) -> float | None:
        pauses = [] if self._tick_s is None else [self._tick_s]
        if self._ends_at is not None and self._first is None:
            pauses.append(max(0.0, self._ends_at - time.monotonic()))
        return min(pauses, default=None)


def watch(pks: Iterable[int], *, max_s: float | None = None) -> Generator[Job, None, None]:
    """The present row of each job in the given order, then each change as it comes, until all are final.

    Ends after ``max_s`` seconds in any case.
    """
    with closing(Watch(pks, max_s=max_s).batches()) as batches:
        for batch in batches:
            yield from batch


async def watch_async(pks: Iterable[int], *, max_s: float | None = None) -> AsyncGenerator[Job, None]:
    """As ``watch``, without a thread. Close it (``contextlib.aclosing``) if it is left before its end."""
    async with aclosing(Watch(pks, max_s=max_s).batches_async()) as batches:
        async for batch in batches:
            for job in batch:
                yield job


def wait(pks: Iterable[int], *, max_s: float | None = None) -> list[Job]:
    """The rows in the given order when all are final, or after ``max_s`` as they stand then.

    A job that was deleted meanwhile is given as it last stood.
    """
    asked = tuple(pks)
    rows = {job.pk: job for job in watch(asked, max_s=max_s)}
    return [rows[pk] for pk in asked if pk in rows]


async def wait_async(pks: Iterable[int], *, max_s: float | None = None) -> list[Job]:
    """As ``wait``, without a thread."""
    asked = tuple(pks)
    rows = {job.pk: job async for job in watch_async(asked, max_s=max_s)}
    return [rows[pk] for pk in asked if pk in rows]
