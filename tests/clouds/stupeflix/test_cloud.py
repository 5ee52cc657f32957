"""The service as a cloud, against a server that answers as it did, and against this site's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.clouds.registry import get_cloud
from django_mediacloud.core.spec import JobSpec, StoredFile
from django_mediacloud.core.states import State
from django_mediacloud.exceptions import ConfigurationError
from django_mediacloud.jobs.webhook_address import webhook_url
from django_mediacloud.models import Job, Output
from tests.servers import LocalServer, Reply, in_turn, json_reply

pytestmark = pytest.mark.django_db

KEY = "UM6EFJKQWMVON5N3CBKPV52NHE"
QUEUED = {"status": "queued", "key": KEY, "events": {"queued": "2013-10-31T14:54:51.987459+00:00"}}


@pytest.fixture
def service() -> Iterator[LocalServer]:
    with LocalServer({"/v2/create": json_reply([QUEUED])}) as server:
        yield server


@pytest.fixture(autouse=True)
def site(service: LocalServer) -> Iterator[None]:
    options = {"secret": lambda: "S3CRET", "base_url": service.url("/v2/")}
    clouds = {
        "default": {"BACKEND": "django_mediacloud.clouds.local"},
        "flix": {"BACKEND": "django_mediacloud.clouds.stupeflix", "OPTIONS": options},
    }
    with override_settings(
        MEDIACLOUD={
            "CLOUDS": clouds,
            "POLL_S": 0.001,
            "RETRY_DELAYS_S": [],
            "WEBHOOKS_URL": "https://site.example/hooks/",
            "FETCH": {"ALLOW": ["127.0.0.1"]},
        }
    ):
        yield


def told(status: str, **more: Any) -> Reply:
    return json_reply([{"status": status, "key": KEY, "progress": None, "events": {}, **more}])


def submit(operation: str = "image.thumb", **parameters: Any) -> Job:
    return jobs.submit(
        JobSpec(cloud="flix", operation=operation, parameters={"url": "http://files.com/image.jpg", **parameters})
    )


def run(job: Job) -> Job:
    Job.objects.filter(pk=job.pk).update(run_after=None)
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def test_the_definition_goes_out_as_the_documentation_has_it(service: LocalServer) -> None:
    job = run(submit(width=320, crop=True))

    assert (job.state, job.remote_id) == (State.RUNNING, KEY)
    [request] = service.requests
    assert request.headers["Authorization"] == "Secret S3CRET"
    hook = webhook_url("flix")
    assert hook.startswith("https://site.example/hooks/flix/")
    assert request.json()["tasks"] == {
        "task_name": "image.thumb",
        "url": "http://files.com/image.jpg",
        "width": 320,
        "crop": True,
        "rotation": 0,
        "poster": False,
        "format": "jpeg",
        "url_callback": hook,
        "url_errback": hook,
    }


def test_a_finished_task_has_its_values_and_its_files(service: LocalServer) -> None:
    service.routes["/output"] = Reply(body=b"a small picture")
    result = {"width": 320, "height": 240, "original_width": 640, "original_height": 480}
    service.routes["/v2/status"] = in_turn(
        told("executing", progress=40), told("success", result={**result, "output": service.url("/output")})
    )
    job = run(run(submit(width=320)))
    assert (job.state, job.progress) == (State.RUNNING, 40)

    job = run(job)

    assert job.state == State.SUCCEEDED
    assert job.values == result
    [output] = Output.objects.filter(job=job)
    assert (output.role, output.is_ready, output.size_bytes) == ("output", True, 15)


def test_partial_results_are_there_while_the_task_runs(service: LocalServer) -> None:
    service.routes["/v2/status"] = told("executing", progress=100, result={"width": 320})

    job = run(run(submit(width=320)))

    assert (job.state, job.values) == (State.RUNNING, {"width": 320})


def test_a_word_that_nobody_knows_changes_nothing(service: LocalServer) -> None:
    service.routes["/v2/status"] = told("dreaming")

    assert run(run(submit())).state == State.RUNNING


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        ({"parameters": {"url": ["this field is required"]}}, "invalid_parameters", "url: this field is required"),
        ("File is not a valid image file", "task_failed", "File is not a valid image file"),
    ],
)
def test_a_failed_task_says_why(service: LocalServer, error: Any, code: str, message: str) -> None:
    service.routes["/v2/create"] = told("error", error=error)

    job = run(submit())

    assert (job.state, job.failure_code, job.failure_message) == (State.FAILED, code, message)


def test_the_address_of_an_upload_is_a_value_and_nothing_to_fetch(service: LocalServer) -> None:
    service.routes["/v2/status"] = told("success", result={"output": "https://vimeo.com/1", "duration": 2.0})

    job = run(run(submit("video.upload.vimeo", oauth2_token="T0KEN", title="A film")))

    assert (job.state, job.values) == (State.SUCCEEDED, {"output": "https://vimeo.com/1", "duration": 2.0})
    assert not Output.objects.filter(job=job).exists()
    [created, _status] = service.requests
    assert created.json()["tasks"]["oauth2_token"] == "T0KEN"
    assert "T0KEN" not in json.dumps(job.parameters)


def test_a_callback_is_a_hint(service: LocalServer, client: Any) -> None:
    job = run(submit("image.info"))
    service.routes["/v2/status"] = told("success", result={"width": 1})
    forged = json.dumps({"status": "error", "key": KEY, "error": "says somebody"})

    answer = client.post(webhook_url("flix").removeprefix("https://site.example"), forged, content_type="text/plain")

    assert answer.status_code == 200
    job.refresh_from_db()
    assert job.state == State.RUNNING
    assert run(job).state == State.SUCCEEDED


def test_a_file_that_the_service_cannot_fetch_is_refused_before_anything_is_sent(service: LocalServer) -> None:
    spec = JobSpec(cloud="flix", operation="image.info", inputs={"url": StoredFile(storage="default", path="a.jpg")})

    job = run(jobs.submit(spec))

    assert (job.state, job.failure_code) == (State.FAILED, "source_unreachable")
    assert not service.requests


def test_the_connection_breaks_while_the_task_is_handed_in(service: LocalServer) -> None:
    service.routes["/v2/create"] = Reply(body=b"[]", break_after=1, content_length=200)

    job = run(submit())

    assert (job.state, job.failure_code) == (State.FAILED, "submission_unknown")
    assert len(service.requests) == 1


def test_check_asks_the_service(service: LocalServer) -> None:
    service.routes["/v2/storage/expiration"] = json_reply(30)

    assert get_cloud("flix").check().endswith("files stay 30 days")


def test_without_a_secret_it_says_so() -> None:
    clouds = {"flix": {"BACKEND": "django_mediacloud.clouds.stupeflix"}}
    with override_settings(MEDIACLOUD={"CLOUDS": clouds}), pytest.raises(ConfigurationError, match="needs its secret"):
        get_cloud("flix").check()


def test_a_key_that_is_none_is_an_answer_that_nobody_can_read(service: LocalServer, client: Any) -> None:
    service.routes["/v2/create"] = json_reply([{**QUEUED, "key": "A\x00" * 500}])

    job = run(submit())

    assert (job.state, job.failure_code) == (State.FAILED, "submission_unknown")
    where = webhook_url("flix").removeprefix("https://site.example")
    answer = client.post(where, {"status": "success", "key": "A\x00"}, content_type="application/json")
    assert answer.status_code == 403


def test_a_status_that_falls_back_takes_nothing_back(service: LocalServer) -> None:
    service.routes["/gone"] = Reply(status=503)
    service.routes["/v2/status"] = in_turn(
        told("success", result={"output": service.url("/gone")}), told("queued"), told("executing", progress=5)
    )
    job = run(run(submit()))
    assert job.state == State.COLLECTING

    job = run(run(job))

    assert (job.state, job.remote_id) == (State.COLLECTING, KEY)


@pytest.mark.parametrize("progress", [10**400, -1, 1e308, "99", True, [1], {"a": 1}])
def test_progress_may_be_anything(service: LocalServer, progress: Any) -> None:
    service.routes["/v2/status"] = told("executing", progress=progress)

    job = run(run(submit()))

    assert (job.state, job.progress) == (State.RUNNING, 0.0)


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://10.0.0.1/a", "//a", "a b", "http://[", "\x00", "http://a.com/\ud83d"]
)
def test_the_address_of_a_file_may_be_anything(service: LocalServer, url: str) -> None:
    service.routes["/v2/status"] = told("success", result={"output": url, "content_type": "\ud83d/../x"})

    job = run(run(submit()))

    assert (job.state, job.failure_code) == (State.FAILED, "fetch_refused")
    assert not Output.objects.filter(job=job).exists()


@pytest.mark.parametrize("url", ["", None, 7])
def test_a_file_without_an_address_is_none(service: LocalServer, url: Any) -> None:
    service.routes["/v2/status"] = told("success", result={"width": 320, "output": url})

    job = run(run(submit()))

    assert (job.state, job.values) == (State.SUCCEEDED, {"width": 320})
    assert not Output.objects.filter(job=job).exists()


@pytest.mark.parametrize("route", ["/v2/create", "/v2/status"])
def test_a_token_that_the_service_repeats_is_masked(service: LocalServer, route: str) -> None:
    service.routes[route] = told("error", error="vimeo said: 401 for T0KEN/of-mine (T0KEN%2Fof-mine)")

    job = run(submit("video.upload.vimeo", oauth2_token="T0KEN/of-mine", title="A film"))
    if job.state == State.RUNNING:
        job = run(job)

    assert (job.state, job.failure_message) == (State.FAILED, "vimeo said: 401 for [secret] ([secret])")
    assert "T0KEN" not in repr(list(job.events.values()))


def test_a_token_among_the_values_or_in_a_refusal_is_masked(service: LocalServer) -> None:
    service.routes["/v2/status"] = told("executing", result={"echo": {"T0KEN-of-mine": ["a T0KEN-of-mine", 1, None]}})
    job = run(run(submit("video.upload.vimeo", oauth2_token="T0KEN-of-mine", title="A film")))
    assert job.values == {"echo": {"[secret]": ["a [secret]", 1, None]}}

    service.routes["/v2/create"] = json_reply({"status": "error", "error": "no T0KEN-of-mine"}, 400)
    refused = run(submit("video.upload.vimeo", oauth2_token="T0KEN-of-mine", title="A film"))
    assert refused.state == State.FAILED
    assert "no [secret]" in refused.failure_message


def test_a_token_is_masked_nowhere_once_its_key_is_lost(service: LocalServer) -> None:
    """But the failure is told all the same."""
    service.routes["/v2/status"] = told("error", error="no such film")
    job = run(submit("video.upload.vimeo", oauth2_token="T0KEN-of-mine", title="A film"))
    with override_settings(SECRET_KEY="another"):
        job = run(job)

    assert (job.state, job.failure_message) == (State.FAILED, "no such film")


@pytest.mark.parametrize("error", ["no account S3CRET", {"parameters": {"S3CRET": ["S3CRET is no url"]}}])
def test_a_task_whose_error_repeats_the_secret_does_not_tell_it(service: LocalServer, error: Any) -> None:
    service.routes["/v2/status"] = told("error", error=error)
    job = run(run(submit()))

    assert job.state == State.FAILED
    assert "[secret]" in job.failure_message
    told_of_it = [job.failure_message, job.failure_log, *job.events.values_list("message", flat=True)]
    assert "S3CRET" not in str(told_of_it) + str(list(job.events.values_list("data", flat=True)))
