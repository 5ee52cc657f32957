"""The whole road with the local toy cloud: submit, run, collect, and every way in which it may end."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.dispatch import receiver

from django_mediacloud import jobs, signals
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.core.states import SourceState, State
from django_mediacloud.exceptions import IdempotencyConflict, InvalidParameters, NotAllowed, UnknownOperation
from django_mediacloud.jobs.purge import remove_video
from django_mediacloud.models import Callback, Job, JobEvent, Output, Profile, Video
from tests.servers import Reply

pytestmark = pytest.mark.django_db(transaction=True)


def moves(job):
    return [event.to_state for event in job.events.all() if event.to_state]


def test_a_task_runs_and_its_values_stay(submit):
    job = submit("hello", name="Jane")
    assert job.state == State.QUEUED
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.values, job.progress) == (State.SUCCEEDED, {"result": "Hello Jane"}, 100.0)
    assert (job.lease_owner, job.lease_until) == ("", None)
    assert moves(job) == ["queued", "submitting", "running", "collecting", "succeeded"]
    assert job.finished_at >= job.started_at >= job.queued_at


def test_a_video_is_taken_in_and_encoded(upload):
    video = upload()
    [encoding] = video.encodings.all()
    assert encoding.job.state == State.NEW
    [released] = jobs.ingest(video.pk)
    video.refresh_from_db()
    assert (video.state, video.width, video.height, video.duration_s) == (SourceState.READY, 64, 48, 2.0)
    jobs.run(released.pk)
    released.refresh_from_db()
    assert released.state == State.SUCCEEDED
    outputs = list(released.outputs.all())
    assert [output.name for output in outputs] == ["copies/0.bin", "copies/1.bin"]
    assert all(output.is_ready and output.size_bytes == 6 for output in outputs)
    assert default_storage.open(outputs[0].path).read() == b"a film"


def test_a_video_comes_from_a_url(workshop, profile, server):
    server.routes["/a%20film.mov"] = Reply(body=b"from afar", headers={"Content-Type": "video/quicktime"})
    server.routes["/a film.mov"] = server.routes["/a%20film.mov"]
    video = jobs.submit_video(source_url=server.url("/a%20film.mov"), profiles=[profile])
    [released] = jobs.ingest(video.pk)
    video.refresh_from_db()
    assert default_storage.open(video.path).read() == b"from afar"
    assert video.size_bytes == 9
    jobs.run(released.pk)
    released.refresh_from_db()
    assert released.state == State.SUCCEEDED


def test_a_source_that_fails_fails_its_encodings_and_can_be_retried(workshop, profile, server):
    server.routes["/film"] = Reply(body=b"broken film")
    video = jobs.submit_video(source_url=server.url("/film"), profiles=[profile])
    assert jobs.ingest(video.pk) == []
    video.refresh_from_db()
    job = Job.objects.get()
    assert (video.state, video.failure_code) == (SourceState.FAILED, "unreadable_media")
    assert (job.state, job.failure_code) == (State.FAILED, "source_failed")
    jobs.retry(job)
    video.refresh_from_db()
    assert (video.state, video.attempt, video.failure_code) == (SourceState.WAITING, 2, "")
    assert Job.objects.get().state == State.NEW


def test_a_source_that_is_gone_is_named(workshop, profile, server):
    video = jobs.submit_video(source_url=server.url("/nothing"), profiles=[profile])
    jobs.ingest(video.pk)
    video.refresh_from_db()
    assert video.state == SourceState.FAILED
    assert video.failure_code == "fetch_http_404"
    assert default_storage.exists(video.path) is False if video.path else True


def stored_files():
    return {path for path in Path(default_storage.location).rglob("*") if path.is_file()}


def test_an_upload_that_is_refused_leaves_nothing(upload, profile):
    before = stored_files()
    profile.parameters = {"count": 99}
    profile.save()
    with pytest.raises(InvalidParameters) as caught:
        upload()
    assert caught.value.errors == {"count": ["must be at most 20"]}
    with pytest.raises(InvalidParameters, match="empty"):
        jobs.submit_video(file=ContentFile(b"", name="a.mov"), profiles=[])
    assert not Video.objects.exists()
    assert stored_files() == before


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        (JobSpec(operation="hello"), {"name": ["this field is required"]}),
        (JobSpec(operation="hello", parameters={"name": "a", "nome": "b"}), {"nome": ["unknown parameter"]}),
        (
            JobSpec(operation="copy", parameters={"url": "file:///etc/passwd"}),
            {"url": ["must be an http or https URL"]},
        ),
        (
            JobSpec(operation="hello", parameters={"name": "a"}, priority=101),
            {"priority": ["must be between -100 and 100"]},
        ),
        (
            JobSpec(operation="hello", parameters={"name": "a"}, callback_url="ftp://x/y"),
            {"callback_url": ["must be an http or https URL"]},
        ),
    ],
)
def test_bad_input_is_named_and_stores_nothing(workshop, spec, errors):
    with pytest.raises(InvalidParameters) as caught:
        jobs.submit(spec)
    assert caught.value.errors == errors
    assert not Job.objects.exists()


def test_an_operation_that_is_not_there_is_named(workshop):
    with pytest.raises(UnknownOperation, match=r"video\.dream"):
        jobs.submit(JobSpec(operation="video.dream"))


def test_a_failure_says_what_and_why(submit):
    job = submit("fail", how="media")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == State.FAILED
    assert job.failure.code == "unreadable_media"
    assert job.failure.message == "Nothing can be made of it."
    assert job.failure.log == "raw words of the decoder"
    assert job.failure.advice


def test_a_failure_that_may_pass_is_tried_three_times(submit):
    job = submit("fail", how="passing")
    for attempt in (1, 2, 3):
        job.refresh_from_db()
        assert (job.state, job.attempt) == (State.QUEUED, attempt)
        jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.failures) == (State.FAILED, 3, 3)


def test_a_fault_of_the_program_reaches_the_job_and_the_log_but_not_its_words(submit, caplog):
    job = submit("fail", how="fault")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.failure_code) == (State.FAILED, "internal_error")
    for log in (job.failure_log, caplog.text):
        assert "ZeroDivisionError" in log
        assert re.search(r"cloud\.py:\d+ ", log), "where it happened"
        assert "a fault of the program" not in log, "its words may hold an address with a key"


def test_a_worker_that_is_told_to_go_hands_its_job_back(submit):
    job = submit("fail", how="exit")
    with pytest.raises(SystemExit):
        jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempt, job.failures, job.lease_owner) == (State.QUEUED, 2, 0, "")


def test_retry_is_the_same_job_once_more(submit):
    job = submit("fail", how="media")
    jobs.run(job.pk)
    again = jobs.retry(job)
    assert (again.pk, again.state, again.attempt, again.failure) == (job.pk, State.QUEUED, 2, None)
    with pytest.raises(NotAllowed, match="queued"):
        jobs.retry(job)


def test_what_waits_is_cancelled_at_once(submit):
    job = jobs.cancel(submit("hello", name="a"))
    assert job.state == State.CANCELLED
    jobs.run(job.pk)
    assert Job.objects.get().state == State.CANCELLED
    assert jobs.cancel(job).state == State.CANCELLED
    assert jobs.retry(job).state == State.QUEUED


def test_what_runs_is_cancelled_soon_and_leaves_nothing(submit, tmp_path, settings):
    settings.MEDIACLOUD = {**settings.MEDIACLOUD, "WORK_DIR": str(tmp_path)}
    job = submit("wait", seconds=600)
    has_begun = threading.Event()

    @receiver(signals.job_progressed, weak=False)
    def begun(**_):
        has_begun.set()

    thread = threading.Thread(target=jobs.run, args=(job.pk,))
    thread.start()
    try:
        assert has_begun.wait(240)
        assert jobs.cancel(job).state == State.CANCELLING
        # Two seconds, where the machine has nothing else to do.
        thread.join(240)
        assert not thread.is_alive()
    finally:
        signals.job_progressed.disconnect(begun)
        thread.join(240)
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert list(tmp_path.iterdir()) == []
    assert not Output.objects.exists()
    with pytest.raises(NotAllowed):
        jobs.cancel(Job.objects.create(kind="task", cloud="default", operation="hello", state=State.SUCCEEDED))


def test_the_same_key_gives_the_same_job(workshop, upload):
    spec = JobSpec(operation="hello", parameters={"name": "a"})
    first = jobs.submit(spec, idempotency_key="k")
    assert jobs.submit(spec, idempotency_key="k").pk == first.pk
    with pytest.raises(IdempotencyConflict):
        jobs.submit(JobSpec(operation="hello", parameters={"name": "b"}), idempotency_key="k")
    video = upload(idempotency_key="k")
    assert upload(idempotency_key="k").pk == video.pk
    assert video.encodings.count() == 1


def test_a_key_counts_within_its_owner(workshop, django_user_model):
    spec = JobSpec(operation="hello", parameters={"name": "a"})
    one, two = (django_user_model.objects.create_user(username=name) for name in "ab")
    assert jobs.submit(spec, owner=one, idempotency_key="k") != jobs.submit(spec, owner=two, idempotency_key="k")


def test_signals_leave_after_the_commit_and_a_receiver_that_raises_hurts_nobody(upload):
    heard = []

    def break_down(**_):
        raise RuntimeError("a receiver of the site")

    def hear(sender, signal, **arguments):
        heard.append((signal, sorted(set(arguments) - {"raw"})))

    named = {
        name: getattr(signals, name)
        for name in ("job_submitted", "job_succeeded", "job_failed", "video_ready", "video_encoded", "job_cancelled")
    }
    for signal in named.values():
        signal.connect(break_down)
        signal.connect(hear)
    try:
        video = upload()
        for job in jobs.ingest(video.pk):
            jobs.run(job.pk)
    finally:
        for signal in named.values():
            signal.disconnect(break_down)
            signal.disconnect(hear)
    assert heard == [
        (signals.job_submitted, ["job"]),
        (signals.video_ready, ["video"]),
        (signals.job_succeeded, ["job"]),
        (signals.video_encoded, ["video"]),
    ]


def test_what_is_owed_to_others_is_written_with_the_state(workshop):
    spec = JobSpec(operation="hello", parameters={"name": "a"}, callback_url="http://example.com/done")
    job = jobs.submit(spec)
    assert not Callback.objects.exists()
    jobs.run(job.pk)
    callback = Callback.objects.get()
    assert (callback.event, callback.attempt, callback.url) == ("succeeded", 1, "http://example.com/done")


def test_a_process_finds_the_operation_that_makes_its_format(workshop):
    job = jobs.submit_process(file=ContentFile(b"abc", name="a.mov"), output_format="twin")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.operation, job.process.input_format) == (State.SUCCEEDED, "copy", "mov")
    with pytest.raises(InvalidParameters, match="must be one of: copy, twin"):
        jobs.submit_process(file=ContentFile(b"abc", name="a.mov"), output_format="doc")


def test_removal_takes_the_files_too(upload):
    video = upload()
    for job in jobs.ingest(video.pk):
        jobs.run(job.pk)
    paths = [video.path, *Output.objects.values_list("path", flat=True)]
    assert all(default_storage.exists(path) for path in paths)
    remove_video(video)
    assert not any(default_storage.exists(path) for path in paths)
    assert not Job.objects.exists()
    assert not JobEvent.objects.exists()
    assert Profile.objects.exists()
