"""The one who looks for all: when it lives, what it costs, and what it does not miss; on every database."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created
from django.utils import timezone

from django_mediacloud.core.states import State
from django_mediacloud.jobs.state import move
from django_mediacloud.models import Job
from django_mediacloud.serving.hub import THREAD_NAME, Hub, get_hub
from django_mediacloud.serving.watching import Watch, wait, watch
from tests.site_servers import until

from .conftest import meanwhile, succeed, until_looked

MakeJobs = Callable[..., list[Job]]


class Spy:
    """Everything that the hub's thread asks the database, and the connections that it opens."""

    def __init__(self) -> None:
        self.queries: list[tuple[str, float]] = []
        """Each with the moment of the look before it: what one look asks has the same."""
        self.connections: list[Any] = []
        self.after_query: Callable[[str], object] = lambda sql: None

    def see(self, connection: Any, **_kwargs: object) -> None:
        if threading.current_thread().name == THREAD_NAME:
            self.connections.append(connection)
            connection.execute_wrappers.append(self)

    def __call__(self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        self.queries.append((sql, get_hub().looked_at))
        result = execute(sql, params, many, context)
        self.after_query(sql)
        return result

    @property
    def loads(self) -> list[str]:
        """All but the looks."""
        return [sql for sql, _looked_at in self.queries if "parameters" in sql or "storage" in sql]


@pytest.fixture
def spy() -> Iterator[Spy]:
    spy = Spy()
    connection_created.connect(spy.see)
    yield spy
    connection_created.disconnect(spy.see)


def hub_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == THREAD_NAME]


def test_lives_from_the_first_subscription_to_the_last(make_jobs: MakeJobs, hub: Hub, spy: Spy) -> None:
    first, second = make_jobs(2)
    assert hub_threads() == []
    one = hub.subscribe([first.pk, second.pk], lambda: None)
    two = hub.subscribe([second.pk], lambda: None)
    assert hub.watched == 2
    one.close()
    one.close()
    until_looked(hub)
    assert hub.watched == 1
    assert len(hub_threads()) == 1
    two.close()
    assert hub.watched == 0
    until(lambda: hub_threads() == [])

    assert [seen.connection for seen in spy.connections] == [None]
    assert [row.state for row in wait([first.pk], max_s=0)] == ["running"]
    assert len(spy.connections) == 2


def cost_of(streams: int, make_jobs: MakeJobs, hub: Hub, spy: Spy) -> tuple[int, float, int, int]:
    """Queries for the first rows, for each look while nothing happens, for a change of all rows; and connections."""
    jobs = make_jobs(streams)
    spy.connections.clear()
    with ExitStack() as stack:
        # While the hub serves the one that comes first, the others come.
        arrived = threading.Event()
        spy.queries.clear()
        spy.after_query = lambda _sql: arrived.wait(60)
        watches = [stack.enter_context(hub.subscribe([job.pk], lambda: None)) for job in jobs]
        arrived.set()
        until(lambda: all(watch.changes for watch in watches))
        first_rows = len(spy.loads)
        assert len(spy.connections) == 1
        until_looked(hub)
        spy.queries.clear()
        until_looked(hub)
        idle = list(spy.queries)
        queries_per_look = len(idle) / len({looked_at for _sql, looked_at in idle})
        assert spy.loads == []
        spy.queries.clear()
        Job.objects.update(progress=50.0, updated_at=timezone.now())
        until(lambda: all(watch.changes[pk].progress == 50.0 for watch in watches for pk in watch.changes))
        until_looked(hub)
        return first_rows, queries_per_look, len(spy.loads), len(spy.connections)


def test_a_look_costs_the_same_for_one_stream_and_for_two_hundred(make_jobs: MakeJobs, hub: Hub, spy: Spy) -> None:
    one = cost_of(1, make_jobs, hub, spy)
    Job.objects.all().delete()
    until(lambda: not hub.is_running)
    many = cost_of(200, make_jobs, hub, spy)

    assert one[2] == many[2] == 2
    # The one that came first was served alone, the others together.
    assert one[0] == 2
    assert many[0] <= 4
    assert one[1] == many[1] == 1
    assert one[3] == many[3] == 1


@pytest.mark.parametrize("look", [{}, {"FEW": 0}, {"FEW": 0, "MOST_CHANGES": 1}, {"FEW": 0, "STAMPS_AT_ONCE": 1}])
def test_every_way_to_look_finds_changes(
    make_jobs: MakeJobs, hub: Hub, monkeypatch: pytest.MonkeyPatch, look: dict[str, int]
) -> None:
    for name, value in look.items():
        monkeypatch.setattr(Hub, name, value)
    jobs = make_jobs(3)
    with meanwhile(lambda: [succeed(job) for job in jobs], after_a_look_of=hub):
        rows = wait([job.pk for job in jobs], max_s=60)

    assert [row.state for row in rows] == ["succeeded"] * 3


def test_a_row_that_shows_late_is_found(make_jobs: MakeJobs, hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hub, "FEW", 0)
    (job,) = make_jobs(1)

    def show() -> None:
        late = timezone.now() - dt.timedelta(seconds=5)
        Job.objects.update(state=State.FAILED, updated_at=late)

    with meanwhile(show, after_a_look_of=hub):
        assert [row.state for row in wait([job.pk], max_s=60)] == ["failed"]


@pytest.mark.parametrize("is_deleted", [True, False])
def test_what_no_look_at_recent_rows_can_find_is_found_by_the_slow_one(
    make_jobs: MakeJobs, hub: Hub, monkeypatch: pytest.MonkeyPatch, is_deleted: bool
) -> None:
    monkeypatch.setattr(Hub, "FEW", 0)
    monkeypatch.setattr(Hub, "WHOLE_LOOK_S", 0.6)
    removed, kept = make_jobs(2)
    long_ago = timezone.now() - dt.timedelta(days=1)
    changes = watch([removed.pk])
    assert next(changes).state == "running"
    if is_deleted:
        Job.objects.filter(pk=removed.pk).delete()
    else:
        Job.objects.filter(pk=removed.pk).update(state=State.CANCELLED, updated_at=long_ago)

    assert [job.state for job in changes] == ([] if is_deleted else ["cancelled"])
    assert Job.objects.filter(pk=kept.pk).exists()


def test_a_row_that_was_read_before_one_came_is_not_told_to_them(make_jobs: MakeJobs, hub: Hub, spy: Spy) -> None:
    """Who retries a job and then waits for it must not be told of the failure before."""
    (job,) = make_jobs(1, state=State.FAILED)
    is_read, may_go_on = threading.Event(), threading.Event()

    def hold(sql: str) -> None:
        if "parameters" in sql and not is_read.is_set():
            is_read.set()
            assert may_go_on.wait(60)

    spy.after_query = hold
    seen: list[str] = []
    early = Watch([job.pk]).batches()
    with meanwhile(lambda: _retry_and_watch(job, is_read, may_go_on, seen)):
        first = [row.state for batch in early for row in batch]

    assert first == ["failed"]
    assert seen == ["queued"]


def _retry_and_watch(job: Job, is_read: threading.Event, may_go_on: threading.Event, seen: list[str]) -> None:
    assert is_read.wait(60)
    assert move(job, State.QUEUED)
    told = threading.Event()
    with get_hub().subscribe([job.pk], told.set) as late:
        may_go_on.set()
        assert told.wait(60)
        seen.extend(row.state for row in late.take().values() if row is not None)


@contextmanager
def database_away() -> Iterator[None]:
    """Nobody can read jobs: their table has another name."""
    table = connection.ops.quote_name(Job._meta.db_table)
    other = connection.ops.quote_name("elsewhere")
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} RENAME TO {other}")
        try:
            yield
        finally:
            cursor.execute(f"ALTER TABLE {other} RENAME TO {table}")


def test_a_database_that_was_away_costs_nobody_their_news(
    make_jobs: MakeJobs, hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Hub, "PAUSES_S", (0.02,))
    (job,) = make_jobs(1)
    with caplog.at_level(logging.INFO, "django_mediacloud"), closing(watch([job.pk])) as changes:
        assert next(changes).state == "running"
        with database_away():
            until(lambda: hub.fails > 3)
        until(lambda: not hub.fails)
        succeed(job)
        assert [row.state for row in changes][-1] == "succeeded"

    assert [record.getMessage()[:26] for record in caplog.records if "Job rows" in record.getMessage()] == [
        "Job rows cannot be watched",
        "Job rows are watched again",
    ]


def test_a_database_that_stays_away_is_told_to_all(
    make_jobs: MakeJobs, hub: Hub, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(Hub, "PAUSES_S", (0.02,))
    monkeypatch.setattr(Hub, "GIVE_UP_S", 0.1)
    first, second = make_jobs(2)
    with closing(watch([first.pk])) as one, closing(watch([second.pk])) as two:
        assert [next(one).state, next(two).state] == ["running", "running"]
        with database_away():
            for changes in (one, two):
                with pytest.raises(OperationalError, match="long time"):
                    next(changes)
            with pytest.raises(OperationalError):
                wait([first.pk])
    succeed(first)

    assert [row.state for row in wait([first.pk])] == ["succeeded"]
    assert "2 subscribers were told" in caplog.text


def test_who_is_no_longer_there_is_forgotten(make_jobs: MakeJobs, hub: Hub) -> None:
    (job,) = make_jobs(1)
    loop = asyncio.new_event_loop()
    loop.close()

    def wake() -> None:
        loop.call_soon_threadsafe(print)

    hub.subscribe([job.pk], wake)

    until(lambda: hub.watched == 0)


def test_a_forked_child_has_a_hub_of_its_own(make_jobs: MakeJobs, hub: Hub) -> None:
    running, ended = make_jobs(2)
    succeed(ended)
    with closing(watch([running.pk])) as changes:
        assert next(changes).state == "running"
        child = os.fork()
        if not child:
            code = 1
            try:
                is_fresh = get_hub() is not hub and get_hub().watched == 0 and not get_hub().is_running
                code = 0 if is_fresh and [row.state for row in wait([ended.pk], max_s=60)] == ["succeeded"] else 2
            finally:
                # Nothing of the parent's is cleared away by its child.
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        succeed(running)
        assert [row.state for row in changes][-1] == "succeeded"


def test_nobody_is_forked_within_a_look(make_jobs: MakeJobs, hub: Hub, spy: Spy) -> None:
    [running] = make_jobs(1)
    asked, forked = threading.Event(), threading.Event()
    seen: list[bool] = []

    def dawdle(_sql: str) -> None:
        asked.set()
        seen.append(forked.wait(0.5))

    with closing(watch([running.pk])) as changes:
        assert next(changes).state == "running"
        spy.after_query = dawdle
        assert asked.wait(60)
        child = os.fork()
        if not child:
            os._exit(0)
        forked.set()
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        spy.after_query = lambda _sql: None
        until_looked(hub)
    assert seen[0] is False
