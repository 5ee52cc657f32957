"""Jobs and their three kinds: looked at, retried, cancelled, deleted; never edited."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from django_mediacloud import jobs
from django_mediacloud.core.states import State
from django_mediacloud.models import Job, JobEvent, Task

from .conftest import act, page, said, text_of

pytestmark = pytest.mark.django_db(transaction=True)

KINDS = ["job", "encoding", "process", "task"]


@pytest.fixture
def one_of(upload, submit):
    """A new job of the kind named, as the row that its list shows."""

    def one_of(kind):
        if kind == "encoding":
            return upload().encodings.get()
        if kind == "process":
            return jobs.submit_process(url="http://example.com/a.mov", output_format="twin").process
        job = submit("hello", name="Jane")
        return job if kind == "job" else job.task

    return one_of


def job_of(row):
    return Job.objects.get(pk=row.pk)


@pytest.mark.parametrize("kind", KINDS)
def test_cancel_asks_first_and_says_what_was_done(admin_client, one_of, kind):
    waiting, ended = one_of(kind), one_of(kind)
    Job.objects.filter(pk=ended.pk).update(state=State.SUCCEEDED)
    asked = act(admin_client, kind, "cancel_selected", waiting, ended)
    assert "Yes, cancel them" in asked.content.decode()
    assert job_of(waiting).state != State.CANCELLED
    done = act(admin_client, kind, "cancel_selected", waiting, ended, confirmed="yes")
    noun = waiting._meta.verbose_name
    assert said(done) == [
        f"1 {noun} cancelled.",
        f"1 {noun} not cancelled: A job that is succeeded cannot be cancelled.",
    ]
    assert job_of(waiting).state == State.CANCELLED
    assert [entry.change_message for entry in LogEntry.objects.all()] == ["Cancelled."]


@pytest.mark.parametrize("kind", KINDS)
def test_retry_says_what_was_done(admin_client, one_of, kind):
    waiting, ended = one_of(kind), one_of(kind)
    jobs.cancel(job_of(ended))
    done = act(admin_client, kind, "retry_selected", waiting, ended)
    noun = waiting._meta.verbose_name
    state = job_of(waiting).state
    assert said(done) == [
        f"1 {noun} retried.",
        f"1 {noun} not retried: A job that is {state} cannot be retried.",
    ]
    assert job_of(ended).attempt == 2


def test_all_that_the_list_finds_can_be_cancelled_at_once(admin_client, submit):
    rows = [submit("hello", name=str(number)) for number in range(4)]
    asked = act(admin_client, "job", "cancel_selected", rows[0], select_across="1")
    assert "4 jobs" in text_of(asked)
    assert b'name="select_across" value="1"' in asked.content
    act(admin_client, "job", "cancel_selected", rows[0], select_across="1", confirmed="yes")
    assert set(Job.objects.values_list("state", flat=True)) == {State.CANCELLED}


def test_an_action_from_the_jobs_own_page_leads_back_to_it(admin_client, submit):
    job = submit("hello", name="Jane")
    response = act(admin_client, "job", "cancel_selected", job, stay="1", confirmed="yes")
    assert response.redirect_chain == [(page("job", "change", job.pk), 302)]


@pytest.mark.parametrize("kind", KINDS)
def test_rows_cannot_be_edited_by_hand(admin_client, one_of, kind):
    row = one_of(kind)
    before = Job.objects.values().get(pk=row.pk)
    url = page(kind, "change", row.pk)
    shown = admin_client.get(url)
    assert b"_save" not in shown.content
    assert admin_client.post(url, {"state": "succeeded", "profile_name": "x", "filename": "x"}).status_code == 403
    assert Job.objects.values().get(pk=row.pk) == before


@pytest.mark.parametrize("kind", KINDS)
def test_deletion_is_refused_while_the_job_goes_on(admin_client, one_of, kind):
    waiting, ended = one_of(kind), one_of(kind)
    jobs.cancel(job_of(ended))
    noun = waiting._meta.verbose_name
    response = act(admin_client, kind, "delete_selected", waiting, ended, post="yes")
    assert said(response) == [
        f"1 {noun} deleted.",
        f"1 {noun} not deleted: A job that is {job_of(waiting).state} cannot be removed; cancel it first.",
    ]
    assert Job.objects.filter(pk=waiting.pk).exists()
    assert not Job.objects.filter(pk=ended.pk).exists()
    response = admin_client.post(page(kind, "delete", waiting.pk), {"post": "yes"}, follow=True)
    assert "cancel it first" in said(response)[0]
    assert Job.objects.filter(pk=waiting.pk).exists()


def test_a_running_job_shows_progress_an_estimate_and_its_history(admin_client, submit):
    past = submit("wait", seconds=0)
    jobs.run(past.pk)
    job = submit("wait", seconds=60)
    queued = text_of(admin_client.get(page("job", "change", job.pk)))
    assert "Place 1 in the queue" in queued
    began = timezone.now() - timezone.timedelta(seconds=30)
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING, progress=50.0, started_at=began)
    for kind in ("job", "task"):
        response = admin_client.get(page(kind, "change", job.pk))
        shown = text_of(response)
        for words in ("running", "50 %", "of work left", "submitted", "Cancel ..."):
            assert words in shown
        assert b'http-equiv="refresh"' in response.content
        assert b"mediacloud/live.js" in response.content
        assert b'<progress class="mc-progress" max="100" value="50"' in response.content
        assert b"style=" not in response.content.split(b'id="content"')[1]
    jobs.cancel(job)
    Job.objects.filter(pk=job.pk).update(state=State.CANCELLED)
    ended = admin_client.get(page("job", "change", job.pk))
    assert b'http-equiv="refresh"' not in ended.content
    assert "Retry" in text_of(ended)


def test_a_job_that_nobody_takes_asks_for_a_worker(admin_client, submit):
    jobs.run(submit("wait", seconds=0).pk)
    job = submit("wait", seconds=60)

    def shown() -> str:
        return text_of(admin_client.get(page("job", "change", job.pk)))

    question = "nothing runs: is mediacloud_worker up?"
    assert "Place 1 in the queue, starts next" in shown()
    long_ago, soon = (timezone.now() + timezone.timedelta(minutes=minutes) for minutes in (-2, 1))
    Job.objects.filter(pk=job.pk).update(queued_at=long_ago)
    assert question in shown()
    Job.objects.filter(pk=job.pk).update(run_after=soon)
    assert question not in shown(), "its time has not come"
    Job.objects.filter(pk=job.pk).update(run_after=None)
    Job.objects.filter(pk=submit("wait", seconds=60).pk).update(state=State.RUNNING)
    assert question not in shown(), "the worker has its hands full"


def test_a_failure_comes_with_advice_and_log_and_without_markup_of_others(admin_client, submit):
    job = submit("fail", how="media")
    jobs.run(job.pk)
    Job.objects.filter(pk=job.pk).update(failure_message="<script>alert(1)</script>")
    JobEvent.objects.create(job=job, attempt=1, message="<b>bold</b>", data={"a": "<i>"})
    response = admin_client.get(page("job", "change", job.pk))
    shown = response.content.decode()
    assert "unreadable_media" in shown
    assert "upload it again" in shown
    assert "raw words of the decoder" in shown
    assert "<script>alert(1)" not in shown
    assert "<b>bold" not in shown
    assert "&#x27;&lt;i&gt;" in shown


def test_a_long_history_shows_its_end(admin_client, submit):
    job = submit("hello", name="Jane")
    JobEvent.objects.bulk_create(JobEvent(job=job, attempt=1, message=f"note {number:04}") for number in range(500))
    for kind in ("job", "task"):
        shown = text_of(admin_client.get(page(kind, "change", job.pk)))
        assert "note 0499" in shown
        assert "note 0300" not in shown


def test_who_may_only_look_may_not_act(editor, submit):
    job = submit("hello", name="Jane")
    client = editor("view_job", "view_task")
    shown = client.get(page("job", "change", job.pk))
    assert shown.status_code == 200
    assert b"cancel_selected" not in shown.content
    for action in ("retry_selected", "cancel_selected", "delete_selected"):
        response = act(client, "job", action, job, confirmed="yes", post="yes")
        assert said(response) in (["No action selected."], [])
    assert client.post(page("job", "delete", job.pk), {"post": "yes"}).status_code == 403
    assert client.get(page("task", "add")).status_code == 403
    assert client.get(page("video", "changelist")).status_code == 403
    job.refresh_from_db()
    assert job.state == State.QUEUED


def test_change_permission_is_enough_to_act(editor, submit):
    job = submit("hello", name="Jane")
    client = editor("change_task")
    act(client, "task", "cancel_selected", Task.objects.get(), confirmed="yes")
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    response = act(client, "task", "delete_selected", Task.objects.get(), post="yes")
    assert said(response) == ["No action selected."]


def test_a_job_without_a_row_of_its_kind_still_has_a_page(admin_client):
    job = Job.objects.create(kind="task", cloud="gone", operation="lost", state=State.QUEUED)
    assert admin_client.get(page("job", "change", job.pk)).status_code == 200
    assert admin_client.get(page("job", "changelist")).status_code == 200


def test_jobs_of_any_kind_are_not_made_by_hand(admin_client):
    assert admin_client.get(page("job", "add")).status_code == 403
    assert admin_client.get(page("encoding", "add")).status_code == 403
