"""Retry, cancel, remove, and what the state forbids."""

from __future__ import annotations

import pytest
from django.core.files.storage import default_storage

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.core.states import SourceState, State
from django_mediacloud.models import Job, Video
from tests.api.conftest import stored_files
from tests.servers import Reply

pytestmark = pytest.mark.django_db


def forbidden(answer):
    assert answer.status_code == 409, answer.content
    told = answer.json()
    assert told["code"] == "not_allowed"
    assert told["message"]
    assert told["advice"]


@pytest.mark.parametrize("resource", ["jobs", "tasks"])
def test_cancel_and_retry(hello, as_jane, resource):
    job = hello()
    address = f"/api/{resource}/{job.public_id}"
    forbidden(as_jane.post(f"{address}/retry/"))

    def state_of(answer):
        assert answer.status_code == 200, answer.content
        shown = answer.json()
        return shown.get("job", shown)["state"], shown.get("job", shown)["attempt"]

    assert state_of(as_jane.post(f"{address}/cancel/")) == ("cancelled", 1)
    assert state_of(as_jane.post(f"{address}/cancel/")) == ("cancelled", 1)
    assert state_of(as_jane.post(f"{address}/retry/")) == ("queued", 2)
    jobs.run(job.pk)
    forbidden(as_jane.post(f"{address}/retry/"))
    forbidden(as_jane.post(f"{address}/cancel/"))
    assert as_jane.get(f"{address}/cancel/").status_code == 405


def test_encodings_and_processes_have_them_too(film, jane, as_jane):
    encoding = Job.objects.get(encoding__video=film())
    process = jobs.submit_process(output_format="copy", url="http://example.com/a.mov", owner=jane)
    for resource, job in (("encodings", encoding), ("processes", process)):
        address = f"/api/{resource}/{job.public_id}"
        assert as_jane.post(f"{address}/cancel/").json()["job"]["state"] == "cancelled"
        assert as_jane.post(f"{address}/retry/").json()["job"]["state"] == "queued"


def test_what_a_worker_holds_is_being_cancelled(hello, as_jane):
    job = hello()
    Job.objects.filter(pk=job.pk).update(state=State.RUNNING, lease_owner="x", lease_until="2100-01-01T00:00:00Z")
    assert as_jane.post(f"/api/jobs/{job.public_id}/cancel/").json()["state"] == "cancelling"


def test_a_source_that_failed_is_tried_again_with_its_encodings(profile, jane, as_jane, server):
    server.routes["/film"] = Reply(body=b"broken film")
    video = jobs.submit_video(source_url=server.url("/film"), profiles=[profile], owner=jane)
    address = f"/api/videos/{video.public_id}"
    jobs.submit_encodings(video, [profile])
    forbidden(as_jane.post(f"{address}/retry/"))
    jobs.ingest(video.pk)
    shown = as_jane.get(f"{address}/").json()
    assert (shown["state"], shown["failure"]["code"]) == ("failed", "unreadable_media")
    asked = {"video": str(video.public_id), "profile": "twin"}
    answer = as_jane.post("/api/encodings/", asked, format="json")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["video"])

    shown = as_jane.post(f"{address}/retry/").json()
    assert (shown["state"], shown["failure"]) == ("waiting", None)
    assert [short["state"] for short in shown["encodings"]] == ["new", "new"]
    video.refresh_from_db()
    assert video.attempt == 2
    server.routes["/film"] = Reply(body=b"a good film")
    for released in jobs.ingest(video.pk):
        jobs.run(released.pk)
    states = {short["state"] for short in as_jane.get(f"{address}/").json()["encodings"]}
    assert states == {"succeeded"}


def test_a_source_without_encodings_is_tried_again(jane, as_jane, server):
    server.routes["/film"] = Reply(body=b"broken film")
    video = jobs.submit_video(source_url=server.url("/film"), profiles=[], owner=jane)
    jobs.ingest(video.pk)
    assert as_jane.post(f"/api/videos/{video.public_id}/retry/").json()["state"] == "waiting"
    forbidden(as_jane.post(f"/api/videos/{video.public_id}/retry/"))


class TestRemove:
    def test_a_job_with_its_files(self, encoded, as_jane):
        before = stored_files()
        job = encoded()
        path = job.outputs.first().path
        assert default_storage.exists(path)
        assert as_jane.delete(f"/api/encodings/{job.public_id}/").status_code == 204
        assert not default_storage.exists(path)
        assert not Job.objects.exists()
        assert as_jane.delete(f"/api/videos/{Video.objects.get().public_id}/").status_code == 204
        assert stored_files() == before

    def test_not_while_it_goes_on(self, film, hello, as_jane):
        forbidden(as_jane.delete(f"/api/jobs/{hello().public_id}/"))
        video = film()
        Job.objects.filter(encoding__video=video).update(
            state=State.RUNNING, lease_owner="x", lease_until="2100-01-01T00:00:00Z"
        )
        forbidden(as_jane.delete(f"/api/videos/{video.public_id}/"))
        assert Video.objects.get().state == SourceState.READY
        assert Job.objects.get(encoding__video=video).state == State.CANCELLING

    def test_a_storage_that_refuses_is_told(self, encoded, as_jane, settings):
        job = encoded()
        video = Video.objects.get()
        settings.STORAGES = {**settings.STORAGES, "gone": {"BACKEND": "no.such.Storage"}}
        job.outputs.update(storage="gone")
        Video.objects.update(storage="gone")
        answer = as_jane.delete(f"/api/jobs/{job.public_id}/")
        assert (answer.status_code, answer.json()["code"]) == (503, "storage")
        answer = as_jane.delete(f"/api/videos/{video.public_id}/")
        assert (answer.status_code, answer.json()["code"]) == (503, "storage")
        assert Video.objects.exists()


def test_a_failed_task_says_why_and_is_retried(jane, as_jane):
    job = jobs.submit(JobSpec(operation="fail"), owner=jane)
    jobs.run(job.pk)
    shown = as_jane.post(f"/api/tasks/{job.public_id}/retry/").json()["job"]
    assert (shown["state"], shown["attempt"], shown["failure"]) == ("queued", 2, None)
    assert [event["message"] for event in shown["events"]][-1] == "retried"
