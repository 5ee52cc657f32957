"""What goes wrong between two lines: nothing is billed twice, nothing is lost, nothing is left behind."""

from __future__ import annotations

import datetime as dt
import errno
import json

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, default_storage, storages
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from django_mediacloud import jobs, signals
from django_mediacloud.conf import problems_in
from django_mediacloud.core.failure import Failure
from django_mediacloud.core.spec import JobSpec, Snapshot
from django_mediacloud.core.states import State
from django_mediacloud.exceptions import IdempotencyConflict, NotAllowed, StorageError
from django_mediacloud.jobs.outputs import json_safe
from django_mediacloud.models import Job, Output, Video
from tests.servers import Reply, in_turn, json_reply

from .test_remote import again, far, overdue, site_with
from .test_remote import submit as submit_far

__all__ = ["far"]
pytestmark = pytest.mark.django_db(transaction=True)

DONE = {"id": "r1", "status": "done"}


class ForgetfulStorage(FileSystemStorage):
    """Overwrites what has the same name, as S3 does by default."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return name


class BrokenStorage(FileSystemStorage):
    """Raises what only its own library knows."""

    def _save(self, name: str, content: object) -> str:
        raise LookupError("https://store.example/?key=secret")


def with_storage(settings, folder, kind):
    entry = {"BACKEND": f"{__name__}.{kind}", "OPTIONS": {"location": str(folder)}}
    return override_settings(STORAGES={**settings.STORAGES, "default": entry})


def posts(server):
    return [request.method for request in server.requests].count("POST")


def test_a_worker_that_stopped_while_collecting_does_not_stop_the_next(far):
    job = again(submit_far())
    far.routes["/file"] = Reply(body=b"rendered")
    far.routes["/jobs/r1"] = json_reply({**DONE, "files": {"a.txt": far.url("/file")}})
    Output.objects.create(job=job, attempt=1, name="a.txt", storage="default", path="mediacloud/x/1/a.txt")
    overdue(job, state=State.COLLECTING, lease_owner="dead:1:")
    jobs.sweep()
    assert again(job).state == State.SUCCEEDED
    assert (job.outputs.count(), posts(far)) == (1, 1)


def test_an_answer_that_cannot_be_read_is_no_reason_to_hand_in_again(far):
    far.routes["/jobs"] = json_reply({"id": "r1"})
    job = again(submit_far())
    assert (job.state, job.failure_code) == (State.FAILED, "submission_unknown")
    assert again(job).state == State.FAILED
    assert posts(far) == 1


def test_a_service_that_cannot_be_asked_just_now_is_asked_later(server):
    with site_with(server.url("").rstrip("/"), can_find=True):
        job = submit_far()
        found = json_reply({"id": "r7", "status": "working"})
        server.routes[f"/tokens/{job.token}"] = in_turn(Reply(status=503), found)
        overdue(job, state=State.SUBMITTING, lease_owner="dead:1:")
        assert (again(job).state, job.remote_id) == (State.SUBMITTING, None)
        assert (again(job).state, job.remote_id) == (State.RUNNING, "r7")
    assert posts(server) == 0


def test_news_that_overtakes_the_answer_does_not_lose_the_files(far):
    job = submit_far()

    def answer_late(_request):
        jobs.apply(Job.objects.get(pk=job.pk), Snapshot(state=State.COLLECTING, remote_id="r1"))
        connection.close()
        return json_reply({"id": "r1", "status": "working"})

    far.routes["/jobs"] = answer_late
    far.routes["/file"] = Reply(body=b"rendered")
    far.routes["/jobs/r1"] = json_reply({**DONE, "files": {"a.txt": far.url("/file")}})
    assert again(job).state == State.COLLECTING
    assert (again(job).state, job.outputs.count()) == (State.SUCCEEDED, 1)


def test_a_job_in_the_services_own_queue_is_followed(far):
    job = again(submit_far())
    current = jobs.apply(Job.objects.get(pk=job.pk), Snapshot(state=State.QUEUED, remote_id="r1"))
    assert (current.state, current.remote_id) == (State.RUNNING, "r1")


def test_files_that_never_came_are_asked_for_again_and_nothing_is_billed_twice(far):
    job = again(submit_far())
    far.routes["/file"] = Reply(status=503)
    far.routes["/jobs/r1"] = json_reply({**DONE, "files": {"a.txt": far.url("/file")}})
    assert (again(job).state, job.failures) == (State.COLLECTING, 1)
    overdue(job, lease_until=None, failures=29)
    assert (again(job).state, job.failure_code) == (State.FAILED, "fetch_http_503")
    far.routes["/file"] = Reply(body=b"rendered")
    assert (jobs.retry(job).state, job.remote_id) == (State.COLLECTING, "r1")
    assert again(job).state == State.SUCCEEDED
    assert posts(far) == 1


def test_a_service_that_does_not_answer_a_cancel_is_told_again(far):
    job = again(submit_far())
    far.routes["/jobs/r1"] = in_turn(Reply(status=503), json_reply({"id": "r1", "status": "stopped"}))
    jobs.cancel(job)
    assert again(job).state == State.CANCELLING
    assert again(job).state == State.CANCELLED


def test_a_service_that_is_gone_for_good_is_given_up_and_noted_once(far):
    job = again(submit_far())
    far.routes["/jobs/r1"] = Reply(status=503)
    for _ in range(3):
        overdue(job, lease_until=None)
        again(job)
    assert job.events.filter(message__contains="does not answer").count() == 1
    overdue(job, lease_until=None, failures=100)
    assert (again(job).state, job.failure_code) == (State.FAILED, "cloud_silent")


def test_a_job_whose_cloud_left_the_settings_ends(submit):
    waiting, cancelled = submit("hello", name="a"), submit("hello", name="b")
    past = timezone.now() - dt.timedelta(hours=1)
    Job.objects.filter(pk=waiting.pk).update(cloud="gone", state=State.RUNNING, lease_owner="dead:1:", lease_until=past)
    Job.objects.filter(pk=cancelled.pk).update(cloud="gone", state=State.CANCELLING, remote_id="r1")
    jobs.sweep()
    waiting.refresh_from_db()
    cancelled.refresh_from_db()
    assert (waiting.state, waiting.failure_code) == (State.FAILED, "configuration")
    assert cancelled.state == State.CANCELLED


def test_a_wake_up_that_waits_is_not_sent_again_and_again(far):
    job = again(submit_far())
    overdue(job, lease_until=None, woken_at=timezone.now() - dt.timedelta(hours=2))
    assert [jobs.sweep().lost for _ in range(4)] == [1, 0, 0, 0]


def test_a_videos_source_outlives_the_tasks_that_read_it(upload):
    video = upload()
    jobs.ingest(video.pk)
    video.refresh_from_db()
    task = jobs.submit(JobSpec(operation="copy", inputs={"url": video.stored_file}))
    jobs.run(task.pk)
    task.refresh_from_db()
    jobs.remove_job(task)
    assert default_storage.exists(video.path)


def test_uploads_of_one_name_stay_two_and_go_with_their_jobs(workshop, settings, tmp_path):
    with with_storage(settings, tmp_path, "ForgetfulStorage"):
        one, two = (
            jobs.submit(JobSpec(operation="copy"), files={"url": ContentFile(said, name="film.mov")})
            for said in (b"of Anna", b"of Bert")
        )
        assert storages["default"].open(one.inputs["url"]["path"]).read() == b"of Anna"
        jobs.remove_job(jobs.cancel(one))
        assert not storages["default"].exists(one.inputs["url"]["path"])
        assert storages["default"].open(two.inputs["url"]["path"]).read() == b"of Bert"


class NoRoom(ContentFile):
    """Fills the disk with its first half."""

    def chunks(self, chunk_size=None):
        yield b"half"
        raise OSError(errno.ENOSPC, "No space left on device")


@pytest.mark.parametrize(
    "send",
    [
        lambda file: jobs.submit(JobSpec(operation="copy"), files={"url": file}),
        lambda file: jobs.submit_video(file=file, profiles=[]),
    ],
    ids=["task", "video"],
)
def test_an_upload_that_finds_no_room_leaves_nothing_behind(send, workshop, settings, tmp_path):
    with with_storage(settings, tmp_path, "ForgetfulStorage"):
        file = NoRoom(b"of Anna", name="film.mov")
        with pytest.raises(StorageError, match="No space left"):
            send(file)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert (Job.objects.count(), Video.objects.count()) == (0, 0)


def test_a_storages_own_errors_may_pass_and_their_words_stay_inside(workshop, settings, tmp_path):
    job = jobs.submit(JobSpec(operation="blank", parameters={"size": 3}))
    with with_storage(settings, tmp_path, "BrokenStorage"):
        jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.failure_code) == (State.QUEUED, 2, "storage")
    assert "secret" not in job.failure_message + job.failure_log


def test_a_job_that_was_retried_meanwhile_is_not_removed(submit):
    job = submit("fail", how="media")
    jobs.run(job.pk)
    stale = Job.objects.get(pk=job.pk)
    jobs.retry(job)
    with pytest.raises(NotAllowed):
        jobs.remove_job(stale)
    assert Job.objects.filter(pk=job.pk).exists()


def test_a_video_that_was_read_before_its_source_came_is_removed_with_it(workshop, profile, server):
    server.routes["/film"] = Reply(body=b"from afar")
    stale = jobs.submit_video(source_url=server.url("/film"), profiles=[profile])
    jobs.ingest(stale.pk)
    path = Video.objects.get(pk=stale.pk).path
    jobs.remove_video(stale)
    assert not default_storage.exists(path)


def test_files_of_attempts_that_are_over_are_swept(submit):
    job = submit("fail", how="media")
    jobs.run(job.pk)
    path = default_storage.save("left.bin", ContentFile(b"left"))
    Output.objects.create(job=job, attempt=1, name="left.bin", storage="default", path=path)
    assert jobs.sweep().outputs == 1
    assert not default_storage.exists(path)


def test_a_key_is_for_one_video_and_a_repeat_changes_nothing(upload, profile):
    one, two = upload(), upload()
    [first] = jobs.submit_encodings(one, [profile], idempotency_key="k")
    with pytest.raises(IdempotencyConflict):
        jobs.submit_encodings(two, [profile], idempotency_key="k")
    for job in jobs.ingest(one.pk):
        jobs.run(job.pk)
    one.refresh_from_db()
    assert one.encoded_at
    [again_first] = jobs.submit_encodings(one, [profile], idempotency_key="k")
    one.refresh_from_db()
    assert (again_first.pk, bool(one.encoded_at)) == (first.pk, True)


def test_keys_that_differ_in_case_are_two(workshop):
    asked = [JobSpec(operation="hello", parameters={"name": name}) for name in "ab"]
    assert jobs.submit(asked[0], idempotency_key="Key") != jobs.submit(asked[1], idempotency_key="key")


def test_a_name_is_not_taken_from_a_signature(workshop):
    job = jobs.submit_process(output_format="copy", url="https://store.example/a%20film.mov?X-Signature=SECRET/b.c")
    assert (job.process.filename, job.process.input_format) == ("a film.mov", "mov")


@pytest.mark.parametrize("sign", ["m", "\x00"])
def test_what_services_say_is_bounded_and_fits_every_database(far, sign):
    job = again(submit_far())
    failure = Failure(code="x", message=sign * 500_000, log=sign * 5_000_000)
    current = jobs.apply(Job.objects.get(pk=job.pk), Snapshot(state=State.FAILED, failure=failure))
    assert current.state == State.FAILED
    assert (len(current.failure_log), len(current.failure_message)) == (20_000, 1_000)


def test_values_are_json_that_every_database_takes():
    values = {"a": float("inf"), "b": float("nan"), "c\x00": ["d\x00", (1, 2)], "e": dt.date(2026, 1, 2)}
    safe = json_safe(values)
    assert safe == {"a": None, "b": None, "c": ["d", [1, 2]], "e": "2026-01-02"}
    json.dumps(safe, allow_nan=False)


def test_a_job_is_announced_before_it_ends_even_where_the_queue_works_at_once(workshop, settings):
    immediate = {"default": {"BACKEND": "django_tasks.backends.immediate.ImmediateBackend"}}
    if "django_tasks" not in settings.INSTALLED_APPS:
        immediate = {"default": {"BACKEND": "django.tasks.backends.immediate.ImmediateBackend"}}
    heard = []

    def hear(signal, job, **_):
        heard.append(signal)

    for signal in (signals.job_submitted, signals.job_succeeded):
        signal.connect(hear)
    try:
        with override_settings(TASKS=immediate):
            jobs.submit(JobSpec(operation="hello", parameters={"name": "a"}))
    finally:
        for signal in (signals.job_submitted, signals.job_succeeded):
            signal.disconnect(hear)
    assert heard == [signals.job_submitted, signals.job_succeeded]


@pytest.mark.parametrize(
    "given",
    [
        {"PREFIX": ""},
        {"PREFIX": "/abs"},
        {"PREFIX": "a/../b"},
        {"RETRY_DELAYS_S": 10},
        {"FETCH": {"ALLOW": "10.0.0.1"}},
        {"LEASE_S": 1, "HEARTBEAT_S": 1},
        {"LEASE": 1},
    ],
)
def test_a_setting_of_the_wrong_shape_is_said(given):
    assert problems_in(given)


def test_settings_of_the_right_shape_are_taken():
    assert problems_in({"LEASE_S": 0.6, "HEARTBEAT_S": 0.2, "PREFIX": "a/b", "RETRY_DELAYS_S": (1, 2.5)}) == []
