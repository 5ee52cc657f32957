"""The road with a remote cloud, over real HTTP: hand in once, follow, collect; and what happens to lost answers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from django_mediacloud import jobs
from django_mediacloud.core.failure import Failure
from django_mediacloud.core.spec import JobSpec, Snapshot
from django_mediacloud.core.states import State
from django_mediacloud.jobs.ending import fail
from django_mediacloud.jobs.lease import join_job
from django_mediacloud.models import Job, Output
from tests.servers import LocalServer, RawServer, Reply, json_reply

pytestmark = pytest.mark.django_db(transaction=True)


def site_with(endpoint: str, **options: Any) -> override_settings:
    cloud = {"BACKEND": "tests.toys.faraway", "OPTIONS": {"endpoint": endpoint, **options}}
    return override_settings(
        MEDIACLOUD={"CLOUDS": {"far": cloud}, "RETRY_DELAYS_S": [], "POLL_S": 0.001, "FETCH": {"ALLOW": ["127.0.0.1"]}}
    )


@pytest.fixture
def far(server: LocalServer):
    server.routes["/jobs"] = json_reply({"id": "r1", "status": "working", "progress": 10})
    with site_with(server.url("").rstrip("/")):
        yield server


def submit() -> Job:
    return jobs.submit(JobSpec(operation="render", cloud="far", parameters={"text": "a"}))


def again(job: Job) -> Job:
    """The job after it has been looked at once more."""
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def overdue(job: Job, **fields: Any) -> None:
    past = timezone.now() - dt.timedelta(hours=1)
    Job.objects.filter(pk=job.pk).update(**{"lease_until": past, "run_after": past, **fields})


def test_a_job_is_handed_in_once_and_followed_to_its_files(far):
    job = again(submit())
    assert (job.state, job.remote_id, job.progress, job.lease_owner) == (State.RUNNING, "r1", 10, "")
    far.routes["/jobs/r1"] = json_reply({"id": "r1", "status": "working", "progress": 60})
    assert (again(job).state, job.progress) == (State.RUNNING, 60)
    far.routes["/file"] = Reply(body=b"rendered")
    far.routes["/jobs/r1"] = json_reply({"id": "r1", "status": "done", "files": {"a.txt": far.url("/file")}})
    assert (again(job).state, job.progress) == (State.SUCCEEDED, 100)
    [output] = job.outputs.all()
    assert default_storage.open(output.path).read() == b"rendered"
    assert [request.method for request in far.requests].count("POST") == 1


def test_a_service_that_says_no_fails_the_job_with_its_words(far):
    far.routes["/jobs"] = Reply(status=400, body=b"no such font")
    job = again(submit())
    assert (job.state, job.failure_code, job.failure_message) == (State.FAILED, "cloud_rejected", "no such font")


def test_a_service_that_is_down_before_it_took_the_job_is_tried_again(far):
    far.routes["/jobs"] = Reply(status=503)
    job = again(submit())
    assert (job.state, job.attempt) == (State.QUEUED, 2)


def test_a_poll_that_fails_loses_nothing(far):
    job = again(submit())
    far.routes["/jobs/r1"] = Reply(status=503)
    assert (again(job).state, job.remote_id, job.lease_owner, job.failures) == (State.RUNNING, "r1", "", 1)


def test_files_that_do_not_come_are_fetched_again_and_the_job_is_not_handed_in_twice(far):
    job = again(submit())
    far.routes["/jobs/r1"] = json_reply({"id": "r1", "status": "done", "files": {"a.txt": far.url("/file")}})
    far.routes["/file"] = Reply(status=503)
    assert (again(job).state, job.failures, job.remote_id) == (State.COLLECTING, 1, "r1")
    far.routes["/file"] = Reply(body=b"rendered")
    assert again(job).state == State.SUCCEEDED
    assert job.outputs.count() == 1
    assert [request.method for request in far.requests].count("POST") == 1


def hang_up(client, _stopping):
    client.recv(65536)
    client.close()


def test_a_lost_answer_is_a_persons_to_decide_where_the_service_cannot_be_asked():
    with RawServer(hang_up) as broken, site_with(f"http://127.0.0.1:{broken.port}"):
        job = again(submit())
        assert (job.state, job.failure_code) == (State.FAILED, "submission_unknown")
        assert broken.connections == 1
        jobs.sweep()
        assert again(job).state == State.FAILED
        assert broken.connections == 1


def test_a_worker_lost_while_it_handed_in_asks_by_our_token(server):
    with site_with(server.url("").rstrip("/"), can_find=True):
        job = submit()
        server.routes[f"/tokens/{job.token}"] = json_reply({"id": "r7", "status": "working"})
        overdue(job, state=State.SUBMITTING, lease_owner="dead:1:")
        assert jobs.sweep().lost == 1
        assert (again(job).state, job.remote_id, job.attempt) == (State.RUNNING, "r7", 1)
    assert [request.method for request in server.requests] == ["GET"]


def test_a_worker_lost_while_it_handed_in_is_a_persons_to_decide_where_nobody_can_be_asked(far):
    job = submit()
    overdue(job, state=State.SUBMITTING, lease_owner="dead:1:")
    assert jobs.sweep().lost == 1
    assert (again(job).state, job.failure_code) == (State.FAILED, "submission_unknown")
    assert far.requests == []


def test_cancel_reaches_the_service(far):
    job = again(submit())
    far.routes["/jobs/r1"] = json_reply({"id": "r1", "status": "stopped"})
    assert jobs.cancel(job).state == State.CANCELLING
    assert again(job).state == State.CANCELLED
    assert ("DELETE", "/jobs/r1") in [(request.method, request.path) for request in far.requests]


def test_late_news_of_an_old_attempt_is_noted_and_not_applied(far):
    job = again(submit())
    stale = Job.objects.get(pk=job.pk)
    jobs.apply(stale, Snapshot(state=State.FAILED))
    jobs.retry(job)
    current = jobs.apply(stale, Snapshot(state=State.COLLECTING, remote_id="r1"))
    assert (current.state, current.attempt) == (State.QUEUED, 2)
    assert "late news of attempt 1" in current.events.last().message


def test_the_same_news_twice_changes_nothing_the_second_time(far):
    job = again(submit())
    news = Snapshot(state=State.FAILED)
    jobs.apply(Job.objects.get(pk=job.pk), news)
    count = job.events.exclude(to_state="").count()
    jobs.apply(Job.objects.get(pk=job.pk), news)
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert job.events.exclude(to_state="").count() == count


def test_the_sweeper_looks_after_a_silent_remote(far):
    job = again(submit())
    overdue(job, lease_until=None, run_after=timezone.now() + dt.timedelta(hours=1))
    assert jobs.sweep().lost == 0
    overdue(job, lease_until=None, woken_at=timezone.now() - dt.timedelta(hours=2))
    assert jobs.sweep().lost == 1
    assert jobs.sweep().lost == 0


def test_a_cancel_while_it_is_handed_in_still_reaches_the_service(far):
    job = submit()

    def take_and_be_cancelled(_request):
        jobs.cancel(job)
        connection.close()
        return json_reply({"id": "r1", "status": "working"})

    far.routes["/jobs"] = take_and_be_cancelled
    far.routes["/jobs/r1"] = json_reply({"id": "r1", "status": "stopped"})
    assert (again(job).state, job.remote_id) == (State.CANCELLED, "r1")
    assert ("DELETE", "/jobs/r1") in [(request.method, request.path) for request in far.requests]


def test_who_has_lost_the_job_takes_it_from_nobody(far):
    """A worker that woke too late finds that its upload failed, while another one is at it."""
    job = again(submit())
    Job.objects.filter(pk=job.pk).update(state=State.COLLECTING)
    job.refresh_from_db()
    late = join_job(job)
    overdue(job)
    job.refresh_from_db()
    holder = join_job(job)
    Output.objects.create(job=job, attempt=job.attempt, name="a.txt")

    passing = Failure(code="delivery_failed", message="No answer.", is_retryable=True)
    assert fail(late.row, passing, held_by=late.owner) is False

    job.refresh_from_db()
    assert (job.lease_owner, job.failures) == (holder.owner, 0)
    assert Output.objects.filter(job=job).exists()
