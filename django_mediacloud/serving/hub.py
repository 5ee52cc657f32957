"""One look at the job rows for everybody in this process who waits for a change.

However many streams are open, one thread with one database connection looks: first at what new subscribers ask for,
then at what has changed. It lives from the first subscription to the last, so that a process without streams pays
nothing. The hub knows rows only: what becomes of them is its subscribers' business (``watching.py``, ``streams.py``).

It polls, because that is the same on every database. A look is one query, whoever watches: rows whose ``updated_at`` is
recent, by index. Whatever escapes it (a row that was deleted, a clock that is far off) is found by a slower look at
every row that is watched.
"""

from __future__ import annotations

import datetime as dt
import logging
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice

from django.db import Error, OperationalError, connections, router
from django.db.models import Prefetch
from django.utils import timezone

from ..models import Job, Output

THREAD_NAME = "mediacloud-hub"
_log = logging.getLogger(__name__)

_Stamp = tuple[dt.datetime, int, str]
"""``updated_at``, ``attempt`` and ``state``: two rows of a job with the same stamp say the same."""
_UNSEEN = object()


class Subscription:
    """What one subscriber has not taken yet: of each job the newest row only. Made by ``Hub.subscribe``."""

    __slots__ = ("_hub", "changes", "error", "is_admitted", "pks", "seen", "wake")

    def __init__(self, hub: Hub, pks: frozenset[int], wake: Callable[[], None]) -> None:
        self._hub = hub
        self.pks = pks
        self.wake = wake
        self.changes: dict[int, Job | None] = {}
        self.seen: dict[int, _Stamp | None] = {}
        self.error: Exception | None = None
        self.is_admitted = False
        """Whether the look that is going on began after this subscription: an earlier one may be too old for it."""

    def take(self) -> dict[int, Job | None]:
        """The jobs that have changed since the last time, by primary key; None for one that is gone.

        The first row of each job is the one that it had when, or after, it was subscribed to. After a final row, or
        None, there is no more news of that job. The rows are shared by all subscribers: read them, do not write on
        them, and ask the database nothing through them. ``task``, ``encoding`` and ``process`` are loaded, and
        ``outputs.all()`` has those that are ready. Raises ``OperationalError`` once the hub has given the database up.
        """
        return self._hub.take(self)

    def close(self) -> None:
        """No more news, from now on. May be called twice, and from any thread."""
        self._hub.unsubscribe(self)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()


class Hub:
    """Watches job rows for subscribers. One per process: ``get_hub()``."""

    LOOK_S: Mapping[str, float] = {"sqlite": 0.5}
    """Seconds from one look to the next, by the kind of database."""
    USUAL_LOOK_S = 0.2
    WHOLE_LOOK_S = 30.0
    """Seconds from one look at every watched row to the next."""
    LOOKBACK_S = 10.0
    """How late a row may show after its ``updated_at`` (a long transaction, a slow clock) and still be seen at once."""
    FEW = 100
    """So many rows are looked at one by one, every time."""
    MOST_CHANGES = 2_000
    """When more rows than this have changed lately (a sync of 100,000), the watched ones are looked at instead."""
    STAMPS_AT_ONCE = 500
    ROWS_AT_ONCE = 200
    PAUSES_S = (0.5, 1.0, 2.0, 5.0, 10.0)
    """Before the database is asked again after it has failed; the last one repeats."""
    GIVE_UP_S = 300.0
    """When the database has been away for so long, the subscribers are told."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.looking = threading.RLock()
        """Held while the database is asked."""
        self._watchers: dict[int, set[Subscription]] = {}
        self._arrived: set[Subscription] = set()
        self._owed: set[int] = set()
        """To be read whatever the stamps say: a new subscriber has never seen them."""
        self._thread: threading.Thread | None = None
        self.looked_at = 0.0
        """When the last look began that went well, by ``time.monotonic``."""
        self._look_at = self._whole_look_at = 0.0
        self._away_since: float | None = None
        self.fails = 0
        """Looks that failed since the last one that went well."""

    @property
    def watched(self) -> int:
        """How many jobs are watched now."""
        return len(self._watchers)

    @property
    def is_running(self) -> bool:
        return self._thread is not None

    def subscribe(self, pks: Collection[int], wake: Callable[[], None]) -> Subscription:
        """News of the jobs with these primary keys: ``wake`` is called in the hub's thread when there is some to take.

        ``wake`` must be short, and may raise ``RuntimeError`` if nobody is there any more.
        """
        subscription = Subscription(self, frozenset(pks), wake)
        if not subscription.pks:
            return subscription
        with self._changed:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name=THREAD_NAME, daemon=True)
                thread.start()
                self._thread = thread
            for pk in subscription.pks:
                self._watchers.setdefault(pk, set()).add(subscription)
            self._arrived.add(subscription)
            self._changed.notify_all()
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        with self._changed:
            self._arrived.discard(subscription)
            for pk in subscription.pks:
                self._drop(pk, subscription)
            if not self._watchers:
                self._changed.notify_all()

    def take(self, subscription: Subscription) -> dict[int, Job | None]:
        with self._changed:
            if subscription.error is not None:
                raise OperationalError("The database has not answered for a long time.") from subscription.error
            changes, subscription.changes = subscription.changes, {}
        return changes

    def _drop(self, pk: int, subscription: Subscription) -> None:
        watchers = self._watchers.get(pk)
        if watchers is not None:
            watchers.discard(subscription)
            if not watchers:
                del self._watchers[pk]

    def _run(self) -> None:
        now = time.monotonic()
        self.looked_at, self._look_at = now, now + self._interval_s()
        self._whole_look_at = now + self.WHOLE_LOOK_S
        self._away_since, self.fails = None, 0
        try:
            while self._wait():
                try:
                    with self.looking:
                        self._turn()
                except Exception as error:  # noqa: BLE001 - logged; the streams stay, whatever went wrong
                    self._stumble(error)
                else:
                    self._recover()
        finally:
            connections.close_all()

    def _wait(self) -> bool:
        """Until the next look is due; False if nobody watches any more, and then this thread is the hub's no longer."""
        with self._changed:
            while self._watchers:
                left_s = self._look_at - time.monotonic()
                if left_s <= 0 or (self._arrived and not self.fails):
                    return True
                self._changed.wait(left_s)
            self._owed.clear()
            self._thread = None
            return False

    def _turn(self) -> None:
        now = time.monotonic()
        is_due = now >= self._look_at
        is_whole = is_due and now >= self._whole_look_at
        with self._changed:
            for subscription in self._arrived:
                subscription.is_admitted = True
                self._owed |= subscription.pks
            self._arrived.clear()
            self._owed &= self._watchers.keys()
            stale, watched = set(self._owed), list(self._watchers) if is_due else []
        if watched:
            stale |= self._differing(self._look(watched, is_whole=is_whole))
        for pks in _chunks(sorted(stale), self.ROWS_AT_ONCE):
            self._deliver(pks, _load(pks))
        if is_due:
            self.looked_at, self._look_at = now, now + self._interval_s()
        if is_whole:
            self._whole_look_at = now + self.WHOLE_LOOK_S

    def _interval_s(self) -> float:
        return self.LOOK_S.get(connections[router.db_for_read(Job)].vendor, self.USUAL_LOOK_S)

    def _look(self, watched: Sequence[int], *, is_whole: bool) -> dict[int, _Stamp | None]:
        """The stamps of those that may have changed; None for one that has no row."""
        rows = Job.objects.order_by().values_list("pk", "updated_at", "attempt", "state")
        if not is_whole and len(watched) > self.FEW:
            # From the last look that went well: the database may have been away since, or this process asleep.
            past_s = time.monotonic() - self.looked_at + self.LOOKBACK_S
            since = timezone.now() - dt.timedelta(seconds=past_s)
            recent = list(rows.filter(updated_at__gte=since).order_by("-updated_at")[: self.MOST_CHANGES])
            if len(recent) < self.MOST_CHANGES:
                return dict(map(_stamped, recent))
        found: dict[int, _Stamp | None] = dict.fromkeys(watched)
        for pks in _chunks(watched, self.STAMPS_AT_ONCE):
            found.update(map(_stamped, rows.filter(pk__in=pks)))
        return found

    def _differing(self, stamps: Mapping[int, _Stamp | None]) -> set[int]:
        """Those that one of their subscribers has seen otherwise."""
        with self._changed:
            return {
                pk
                for pk, stamp in stamps.items()
                if any(
                    watcher.is_admitted and watcher.seen.get(pk, _UNSEEN) != stamp
                    for watcher in self._watchers.get(pk, ())
                )
            }

    def _deliver(self, pks: Iterable[int], jobs: Mapping[int, Job]) -> None:
        told: set[Subscription] = set()
        with self._changed:
            for pk in pks:
                job = jobs.get(pk)
                stamp = None if job is None else (job.updated_at, job.attempt, job.state)
                for watcher in list(self._watchers.get(pk, ())):
                    if not watcher.is_admitted or watcher.seen.get(pk, _UNSEEN) == stamp:
                        continue
                    watcher.changes[pk], watcher.seen[pk] = job, stamp
                    told.add(watcher)
                    if job is None or job.is_final:
                        self._drop(pk, watcher)
                self._owed.discard(pk)
        for watcher in told:
            self._wake(watcher)

    def _wake(self, subscription: Subscription) -> None:
        try:
            subscription.wake()
        except RuntimeError:
            # Its event loop has ended, and it with it.
            self.unsubscribe(subscription)

    def _stumble(self, error: Exception) -> None:
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            _log.warning("Job rows cannot be watched; trying again.", exc_info=error)
        with suppress(Error):
            connections.close_all()
        self._look_at = now + self.PAUSES_S[min(self.fails, len(self.PAUSES_S) - 1)]
        self.fails += 1
        if now - self._away_since >= self.GIVE_UP_S:
            self._give_up(error)

    def _recover(self) -> None:
        if self._away_since is not None:
            _log.info("Job rows are watched again, after %.0f s.", time.monotonic() - self._away_since)
        self._away_since, self.fails = None, 0

    def _give_up(self, error: Exception) -> None:
        with self._changed:
            told = {watcher for watchers in self._watchers.values() for watcher in watchers}
            for watcher in told:
                watcher.error = error
            self._watchers.clear()
            self._arrived.clear()
        _log.error("Job rows could not be watched for %.0f s: %d subscribers were told.", self.GIVE_UP_S, len(told))
        for watcher in told:
            self._wake(watcher)


def _stamped(row: tuple[int, dt.datetime, int, str]) -> tuple[int, _Stamp]:
    return row[0], row[1:]


def _load(pks: Sequence[int]) -> dict[int, Job]:
    # The jobs first: outputs get ready in the transaction that ends their job, so no final row is without its files.
    ready = Prefetch("outputs", Output.objects.ready())
    jobs = Job.objects.filter(pk__in=pks).select_related("task", "encoding", "process").prefetch_related(ready)
    return {job.pk: job for job in jobs}


def _chunks(pks: Iterable[int], size: int) -> Iterator[list[int]]:
    rest = iter(pks)
    while chunk := list(islice(rest, size)):
        yield chunk


_hub = Hub()


def get_hub() -> Hub:
    """This process's hub."""
    return _hub


def _end_look() -> None:
    """Before a fork: a child would inherit the locks that SQLite's library holds within a query, for ever."""
    _hub.looking.acquire()


def _look_on() -> None:
    _hub.looking.release()


def _start_afresh() -> None:
    """A forked child has neither its parent's thread nor its connection, and maybe a lock that nobody will release."""
    global _hub
    _hub = Hub()


os.register_at_fork(before=_end_look, after_in_parent=_look_on, after_in_child=_start_afresh)
