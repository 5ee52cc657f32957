"""Order, coalescing, ends and departures of those who watch jobs; on every database."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from django_mediacloud import jobs as road
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.core.states import FINAL, State
from django_mediacloud.jobs.state import move
from django_mediacloud.models import Job, Output
from django_mediacloud.serving.hub import Hub
from django_mediacloud.serving.watching import Watch, wait, wait_async, watch, watch_async
from tests.site_servers import until

from .conftest import meanwhile, succeed, until_looked

MakeJobs = Callable[..., list[Job]]


def pks_of(jobs: Iterable[Job]) -> list[int]:
    return [job.pk for job in jobs]


def test_first_the_present_rows_in_the_order_asked_for_then_each_change(make_jobs: MakeJobs) -> None:
    first, second, third = make_jobs(3)
    seen = []
    with closing(watch(pks_of([third, first, second, third]))) as changes:
        for job in changes:
            seen.append((job.pk, job.state))
            if len(seen) == 4:
                assert move(second, State.COLLECTING)
            elif seen[-1] == (second.pk, "collecting"):
                assert move(second, State.SUCCEEDED)
            elif seen[-1] == (second.pk, "succeeded"):
                assert move(first, State.CANCELLED)
            elif seen[-1] == (first.pk, "cancelled"):
                assert move(third, State.FAILED)

    assert seen == [
        *[(job.pk, "running") for job in (third, first, second, third)],
        (second.pk, "collecting"),
        (second.pk, "succeeded"),
        (first.pk, "cancelled"),
        (third.pk, "failed"),
    ]


def test_rows_come_with_their_task_and_their_ready_outputs_and_need_no_query(
    make_jobs: MakeJobs, django_assert_num_queries: Callable[..., object]
) -> None:
    (job,) = make_jobs(1)
    for name, is_ready in (("done.mp4", True), ("draft.mp4", False)):
        Output.objects.create(job=job, attempt=1, name=name, storage="default", path=name, is_ready=is_ready)
    succeed(job)
    (row,) = wait([job.pk])

    with django_assert_num_queries(0):
        assert row.task.metas == {"of": job.pk}
        assert [output.name for output in row.outputs.all()] == ["done.mp4"]
        assert not hasattr(row, "encoding")
        assert not hasattr(row, "process")


def test_nothing_to_watch_is_over_at_once(make_jobs: MakeJobs, hub: Hub) -> None:
    assert list(watch([])) == []
    assert wait([]) == []
    assert asyncio.run(wait_async([])) == []
    assert not hub.is_running


def test_what_does_not_exist_or_is_deleted_is_not_waited_for(make_jobs: MakeJobs, hub: Hub) -> None:
    kept, removed, gone = make_jobs(3)
    gone_pk = gone.pk
    gone.delete()
    with meanwhile(lambda: removed.delete(), after_a_look_of=hub):
        rows = wait([removed.pk, gone_pk])

    assert [(row.parameters["name"], row.state) for row in rows] == [("1", "running")]
    assert Job.objects.get().pk == kept.pk


def test_a_slow_reader_gets_the_newest_row_only_and_the_end(make_jobs: MakeJobs, hub: Hub) -> None:
    (job,) = make_jobs(1)
    batches = Watch([job.pk]).batches()
    assert [row.state for row in next(batches)] == ["running"]
    # The hub has told of each of these before the next, and the reader has not come back yet.
    for target in (State.QUEUED, State.SUBMITTING, State.RUNNING, State.COLLECTING, State.SUCCEEDED):
        stamp = Job.objects.get().updated_at
        assert move(job, target)
        assert Job.objects.get().updated_at > stamp
        until_looked(hub)

    assert [[row.state for row in batch] for batch in batches] == [["succeeded"]]


def test_the_end_of_the_time_is_the_end(make_jobs: MakeJobs, hub: Hub) -> None:
    jobs = make_jobs(2)
    succeed(jobs[0])

    assert [job.state for job in wait(pks_of(jobs), max_s=0.05)] == ["succeeded", "running"]
    assert [job.state for job in asyncio.run(wait_async(pks_of(jobs), max_s=0.05))] == ["succeeded", "running"]
    assert [job.state for job in watch(pks_of(jobs), max_s=0)] == ["succeeded", "running"]


def test_an_empty_batch_says_that_nothing_happens(make_jobs: MakeJobs) -> None:
    (job,) = make_jobs(1)
    with closing(Watch([job.pk], tick_s=0.05).batches()) as batches:
        # Until the hub has looked, nothing happens either.
        first = next(filter(None, batches))
        rest = [next(batches) for _ in range(19)]

    assert [row.state for row in first] == ["running"]
    assert rest == [[]] * 19


def test_who_leaves_an_event_loop_is_forgotten_at_once(make_jobs: MakeJobs, hub: Hub) -> None:
    """By leaving early, by being cancelled, and by running out of time."""
    (job,) = make_jobs(1)

    async def leave() -> None:
        async with aclosing(watch_async([job.pk])) as changes:
            assert (await anext(changes)).state == "running"
            assert hub.watched == 1
        assert hub.watched == 0

    async def be_cancelled() -> None:
        waiting = asyncio.create_task(wait_async([job.pk]))
        while not hub.watched:
            await asyncio.sleep(0.01)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert hub.watched == 0

    async def lose_patience() -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await wait_async([job.pk])
        assert hub.watched == 0

    for departure in (leave, be_cancelled, lose_patience):
        asyncio.run(departure())


def test_a_slow_reader_in_an_event_loop_gets_the_newest_row_only_and_the_end(make_jobs: MakeJobs, hub: Hub) -> None:
    (job,) = make_jobs(1)

    def change() -> None:
        for n in range(1, 6):
            Job.objects.update(values={"n": n}, updated_at=timezone.now())
            until_looked(hub)
        succeed(job)
        until_looked(hub)

    async def read() -> list[tuple[str, object]]:
        seen = []
        async with aclosing(watch_async([job.pk])) as changes:
            async for row in changes:
                seen.append((row.state, row.values.get("n")))
                if len(seen) == 1:
                    with ThreadPoolExecutor(1) as pool:
                        # The loop stands still until all is over.
                        pool.submit(run_and_close, change).result(60)
        return seen

    assert asyncio.run(read()) == [("running", None), ("succeeded", 5)]


def run_and_close(action: Callable[..., Any], *args: Any) -> Any:
    try:
        return action(*args)
    finally:
        connection.close()


def test_nobody_misses_an_end_under_fire(make_jobs: MakeJobs, hub: Hub) -> None:
    """16 threads end 80 jobs while 60 readers, in threads and in one event loop, wait for 20 of them each."""
    jobs = make_jobs(80)
    pks = pks_of(jobs)
    draw = random.Random(3)
    asked = [draw.sample(pks, 20) for _ in range(60)]
    ends: dict[int, State] = {pk: draw.choice(sorted(FINAL)) for pk in pks}

    def end(share: list[Job]) -> None:
        for job in share:
            between = State.COLLECTING if ends[job.pk] == State.SUCCEEDED else State.QUEUED
            assert move(job, between)
            assert move(job, ends[job.pk])

    async def read_all() -> list[list[Job]]:
        return await asyncio.gather(*(wait_async(some, max_s=60) for some in asked[20:]))

    with ThreadPoolExecutor(37) as pool:
        read = [pool.submit(wait, some, max_s=60) for some in asked[:20]]
        read_in_loop = pool.submit(asyncio.run, read_all())
        until(lambda: hub.watched == len(set().union(*asked)))
        ended = [pool.submit(run_and_close, end, jobs[number::16]) for number in range(16)]
        assert [each.result(60) for each in ended] == [None] * 16
        found = [each.result(60) for each in read] + read_in_loop.result(60)

    assert [[(row.pk, row.state) for row in rows] for rows in found] == [
        [(pk, ends[pk]) for pk in some] for some in asked
    ]
    assert hub.watched == 0


def test_a_real_job_is_seen_from_the_queue_to_its_files(transactional_db: None, hub: Hub, tmp_path: Path) -> None:
    clouds = {"default": {"BACKEND": "tests.toys.workshop"}}
    with override_settings(MEDIACLOUD={"CLOUDS": clouds, "HEARTBEAT_S": 0.05}):
        # It would take a minute, but may end when enough of its heartbeats have been seen.
        job = road.submit(JobSpec(operation="wait", parameters={"seconds": 60, "gate": str(tmp_path / "gate")}))
        seen = []
        with meanwhile(lambda: road.run(job.pk), after_a_look_of=hub):
            for row in watch([job.pk], max_s=120):
                seen.append(row)
                if len({row.progress for row in seen}) > 4:
                    (tmp_path / "gate").touch()

    states = [row.state for row in seen]
    assert states[0] == State.QUEUED
    assert State.RUNNING in states or State.SUBMITTING in states
    assert states[-1] == State.SUCCEEDED
    # Its heartbeats are news, too.
    assert len({row.progress for row in seen}) > 3
    assert [row.progress for row in seen] == sorted(row.progress for row in seen)
    assert [output.name for output in seen[-1].outputs.all()] == ["waited.txt"]
