"""Many workers, one job: one of them wins, on every database."""

from __future__ import annotations

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.core.states import FINAL, State
from django_mediacloud.exceptions import NotAllowed
from django_mediacloud.jobs.lease import take_job
from django_mediacloud.models import Job

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16


def fight(action):
    """Let all threads begin at the same moment; what each of them got."""
    start = threading.Barrier(THREADS)

    def take_part(number):
        try:
            start.wait(30)
            return action(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(take_part, range(THREADS)))


def test_sixteen_threads_and_one_lease(submit):
    for _ in range(5):
        job = submit("hello", name="a")
        leases = fight(lambda _number, pk=job.pk: take_job(Job.objects.get(pk=pk)))
        assert sum(lease is not None for lease in leases) == 1
        job.refresh_from_db()
        assert [event.to_state for event in job.events.all()] == ["queued", "submitting"]


def test_sixteen_wake_ups_and_one_run(submit, tmp_path):
    diary = tmp_path / "diary"
    job = submit("wait", seconds=0, diary=str(diary))
    fight(lambda _number: jobs.run(job.pk))
    job.refresh_from_db()
    assert job.state == State.SUCCEEDED
    assert len(diary.read_text().splitlines()) == 1
    assert job.outputs.count() == 1


def test_sixteen_retries_and_one_new_attempt(submit):
    job = submit("fail", how="media")
    jobs.run(job.pk)

    def retry(_number):
        try:
            return jobs.retry(job)
        except NotAllowed:
            return None

    assert sum(result is not None for result in fight(retry)) == 1
    job.refresh_from_db()
    assert (job.state, job.attempt) == (State.QUEUED, 2)


def test_runs_cancels_retries_and_sweeps_at_once_always_end_in_order(submit):
    """Whatever the order, the history is one chain of allowed moves and the job ends, or waits with nobody on it."""
    made = [submit("hello", name=str(number)) for number in range(4)]

    def meddle(number):
        job = made[number % 4]
        for action in (jobs.run, jobs.cancel, jobs.sweep, jobs.retry):
            try:
                action() if action is jobs.sweep else action(job.pk if action is jobs.run else job)
            except NotAllowed:
                continue

    fight(meddle)
    for job in Job.objects.all():
        jobs.run(job.pk)
        job.refresh_from_db()
        assert job.state in FINAL
        assert not job.lease_owner
        states = [(event.from_state, event.to_state) for event in job.events.all() if event.to_state]
        for (_, before), (after, _) in itertools.pairwise(states):
            assert before == after


def test_the_same_key_at_the_same_moment_is_one_job(workshop):
    spec = JobSpec(operation="hello", parameters={"name": "a"})
    made = fight(lambda _number: jobs.submit(spec, idempotency_key="k").pk)
    assert len(set(made)) == 1
    assert Job.objects.count() == 1
