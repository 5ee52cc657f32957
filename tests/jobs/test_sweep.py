"""Nothing stays stuck: each kind of being stuck is made by hand, and mended."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone

from django_mediacloud import jobs
from django_mediacloud.access import issue
from django_mediacloud.core.spec import JobSpec, StoredFile
from django_mediacloud.core.states import SourceState, State
from django_mediacloud.exceptions import WorkStopped
from django_mediacloud.jobs.ending import succeed
from django_mediacloud.jobs.lease import expire_leases_of, take_job
from django_mediacloud.models import Job, Output, Video

pytestmark = pytest.mark.django_db(transaction=True)

PAST = dt.timedelta(hours=1)


def lose(job, state):
    lease = take_job(job)
    assert lease is not None
    Job.objects.filter(pk=job.pk).update(state=state, lease_until=timezone.now() - PAST)
    return lease


@pytest.mark.parametrize("state", [State.SUBMITTING, State.RUNNING, State.COLLECTING])
def test_a_lost_workers_job_is_taken_back_and_runs_once(submit, state):
    job = submit("hello", name="a")
    lose(job, state)
    assert jobs.sweep().lost == 1
    assert jobs.sweep().lost == 0
    job.refresh_from_db()
    assert (job.state, job.attempt, job.failures, job.failure_code) == (State.QUEUED, 2, 1, "worker_lost")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.failure_code) == (State.SUCCEEDED, "")


def test_a_lost_workers_job_is_taken_back_at_once_and_a_second_time_after_a_wait(submit, settings):
    settings.MEDIACLOUD = {**settings.MEDIACLOUD, "RETRY_DELAYS_S": [60]}
    job = submit("hello", name="a")
    lose(job, State.RUNNING)
    jobs.sweep()
    job.refresh_from_db()
    assert job.run_after is None
    lose(job, State.RUNNING)
    jobs.sweep()
    job.refresh_from_db()
    assert job.run_after > timezone.now()


def test_a_worker_that_comes_back_too_late_writes_nothing(submit):
    job = submit("hello", name="a")
    lease = lose(job, State.RUNNING)
    jobs.sweep()
    with pytest.raises(WorkStopped):
        lease.beat_now()
    assert succeed(lease.row, held_by=lease.owner) is False


def test_a_job_that_kills_every_worker_fails_in_the_end(submit):
    job = submit("hello", name="a")
    for _ in range(3):
        job.refresh_from_db()
        lose(job, State.RUNNING)
        jobs.sweep()
    job.refresh_from_db()
    assert (job.state, job.failure_code, job.failures) == (State.FAILED, "worker_lost", 3)


def test_half_written_files_of_a_lost_worker_go(submit):
    job = submit("hello", name="a")
    lose(job, State.COLLECTING)
    path = default_storage.save("half.bin", ContentFile(b"half"))
    Output.objects.create(job=job, attempt=1, name="half.bin", storage="default", path=path)
    jobs.sweep()
    assert not default_storage.exists(path)
    assert not Output.objects.exists()


def test_a_cancel_whose_worker_is_lost_comes_to_its_end(submit):
    job = submit("hello", name="a")
    lose(job, State.RUNNING)
    Job.objects.filter(pk=job.pk).update(state=State.CANCELLING)
    assert jobs.sweep().cancelled == 1
    job.refresh_from_db()
    assert job.state == State.CANCELLED


def test_a_lost_wake_up_is_sent_again_but_not_at_every_sweep(submit):
    job = submit("hello", name="a")
    assert jobs.sweep().woken == 0
    Job.objects.filter(pk=job.pk).update(woken_at=timezone.now() - PAST)
    assert jobs.sweep().woken == 1
    assert jobs.sweep().woken == 0


def test_a_postponed_job_is_woken_when_it_is_due(submit):
    job = submit("hello", name="a")
    soon = timezone.now() + PAST
    Job.objects.filter(pk=job.pk).update(run_after=soon)
    jobs.run(job.pk)
    assert Job.objects.get().state == State.QUEUED
    assert jobs.sweep().woken == 0
    now = timezone.now()
    Job.objects.filter(pk=job.pk).update(run_after=now, woken_at=now - dt.timedelta(seconds=5))
    assert jobs.sweep().woken == 1


def test_a_source_whose_worker_was_lost_is_taken_in_again(upload):
    video = upload()
    Video.objects.update(state=SourceState.INGESTING, lease_owner="dead:1:", lease_until=timezone.now() - PAST)
    assert jobs.sweep().sources >= 1
    video.refresh_from_db()
    assert (video.state, video.attempt) == (SourceState.WAITING, 2)
    assert jobs.ingest(video.pk)


def test_a_source_that_kills_every_worker_fails_with_its_encodings(upload):
    upload()
    for _ in range(3):
        Video.objects.update(state=SourceState.INGESTING, lease_owner="dead:1:", lease_until=timezone.now() - PAST)
        jobs.sweep()
    jobs.sweep()
    assert Video.objects.get().state == SourceState.FAILED
    assert Job.objects.get().failure_code == "source_failed"


def test_an_encoding_that_still_waits_for_a_ready_source_is_released(upload):
    video = upload()
    Video.objects.filter(pk=video.pk).update(state=SourceState.READY)
    assert jobs.sweep().released == 1
    assert Job.objects.get().state == State.QUEUED


def test_the_leases_of_a_dead_process_end_at_once(submit):
    job = submit("hello", name="a")
    lease = take_job(job)
    assert lease is not None
    process = ":".join(lease.owner.split(":")[:2]) + ":"
    assert jobs.sweep().lost == 0
    assert expire_leases_of(process) == 1
    assert jobs.sweep().lost == 1


def test_files_go_when_their_time_is_over(workshop):
    source = {"url": StoredFile(storage="default", path=default_storage.save("a.bin", ContentFile(b"a file")))}
    short, long = (jobs.submit(JobSpec(operation="copy", inputs=source, keep_s=keep_s)) for keep_s in (0.0, 3600.0))
    for job in (short, long):
        jobs.run(job.pk)
    gone, kept = Output.objects.get(job=short), Output.objects.get(job=long)
    assert default_storage.exists(gone.path)

    assert jobs.sweep().outputs == 1

    assert not default_storage.exists(gone.path)
    assert default_storage.exists(kept.path)
    assert list(Output.objects.all()) == [kept]


def test_an_account_says_how_long_its_files_stay(workshop):
    key = issue("stupeflix", keep_days=3).key
    source = {"url": StoredFile(storage="default", path=default_storage.save("a.bin", ContentFile(b"a file")))}
    job = jobs.submit(JobSpec(operation="copy", inputs=source), access_key=key)
    jobs.run(job.pk)

    job.refresh_from_db()
    [output] = job.outputs.all()
    assert abs(output.expires_at - job.finished_at - dt.timedelta(days=3)) < dt.timedelta(minutes=1)
