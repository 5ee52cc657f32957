"""Files that go elsewhere than into the site's storage: what is sent, and what is kept of it."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.core.spec import Delivery, JobSpec, StoredFile
from django_mediacloud.core.states import State
from django_mediacloud.exceptions import IdempotencyConflict, InvalidParameters
from django_mediacloud.jobs.sealing import HIDDEN
from django_mediacloud.models import Job, Output
from tests.api.conftest import stored_files
from tests.media import MediaFactory
from tests.platforms.server import Fault
from tests.platforms.vimeo import TOKEN as VIMEO_TOKEN
from tests.platforms.vimeo import Vimeo
from tests.platforms.youtube import KEY, TOKEN, YouTube

pytestmark = pytest.mark.django_db(transaction=True)

SIZE = 300_000
YOUTUBE = {"access_token": TOKEN, "developer_key": KEY, "title": "Holidays"}


@pytest.fixture
def youtube() -> Iterator[YouTube]:
    with YouTube() as platform:
        clouds = {
            "default": {"BACKEND": "tests.toys.workshop"},
            "engine": {"BACKEND": "django_mediacloud.clouds.local"},
        }
        endpoints = {"youtube": platform.url}
        with override_settings(MEDIACLOUD={"CLOUDS": clouds, "RETRY_DELAYS_S": [], "DELIVERY_ENDPOINTS": endpoints}):
            yield platform
    assert platform.complaints == []


@pytest.fixture
def submit(youtube: YouTube) -> Callable[..., Job]:
    """A job whose file goes to YouTube."""

    def submit(parameters: dict[str, str] = YOUTUBE, **more: Any) -> Job:
        destination = Delivery(name="youtube", parameters=parameters)
        return jobs.submit(JobSpec(operation="blank", parameters={"size": SIZE}, destination=destination), **more)

    return submit


def everything_stored() -> str:
    """Every value in every table, as whoever steals the database would read it."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            found += [repr(row) for row in cursor.fetchall()]
    return "\n".join(found)


def test_the_file_is_there_and_not_here(submit: Callable[..., Job], youtube: YouTube) -> None:
    job = submit()
    before = stored_files()
    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.state == State.SUCCEEDED, job.failure
    [video] = youtube.videos
    assert video.stored.size == SIZE
    [output] = job.outputs.all()
    assert output.url.startswith("https://www.youtube.com/watch?v=")
    assert (output.is_ready, output.storage, output.path, output.size_bytes) == (True, "", "", SIZE)
    assert stored_files() == before


def test_no_token_is_ever_stored_or_logged_in_clear(
    submit: Callable[..., Job], youtube: YouTube, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    youtube.faults.append(Fault(method="POST", cut_before_answer=True))
    job = submit()
    stored = everything_stored()
    jobs.run(job.pk)
    job.refresh_from_db()
    ours = "\n".join(record.getMessage() for record in caplog.records if record.name.startswith("django_mediacloud"))

    assert job.destination["parameters"]["access_token"] == HIDDEN
    for secret in (TOKEN, KEY):
        assert secret not in stored
        assert secret not in everything_stored()
        assert secret not in ours
        assert secret not in json.dumps([job.parameters, job.values, job.failure_log, job.failure_message])


def test_what_has_succeeded_keeps_no_secrets_at_all(submit: Callable[..., Job]) -> None:
    job = submit()
    assert job.sealed
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.sealed == ""


def test_a_retry_still_has_the_token(submit: Callable[..., Job], youtube: YouTube) -> None:
    job = submit()
    jobs.cancel(job)
    jobs.retry(job)
    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.state == State.SUCCEEDED, job.failure
    assert len(youtube.videos) == 1


def test_what_was_delivered_is_not_delivered_again(submit: Callable[..., Job], youtube: YouTube) -> None:
    """A worker was lost, or a fault came, between the upload and the end of the job."""
    job = submit()
    with pytest.MonkeyPatch.context() as patched:
        # The database goes away in the worst moment.
        patched.setattr(sys.modules["django_mediacloud.jobs.collect"], "succeed", lambda *_, **__: 1 / 0)
        jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, len(youtube.videos)) == (State.FAILED, 1)

    jobs.retry(job)
    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.attempt, len(youtube.videos)) == (State.SUCCEEDED, 2, 1)
    [output] = job.outputs.all()
    assert (output.attempt, output.is_ready) == (2, True)


def test_what_the_platform_told_is_kept_when_the_job_is_tried_again(media: MediaFactory) -> None:
    clouds = {"default": {"BACKEND": "django_mediacloud.clouds.local"}}
    source = StoredFile(storage="default", path=default_storage.save("c.mp4", ContentFile(media.video().read_bytes())))
    parameters = {"oauth2_token": VIMEO_TOKEN, "title": "Holidays"}
    spec = JobSpec(operation="video.upload.vimeo", parameters=parameters, inputs={"url": source})
    with (
        Vimeo() as vimeo,
        override_settings(MEDIACLOUD={"CLOUDS": clouds, "DELIVERY_ENDPOINTS": {"vimeo": vimeo.url}}),
    ):
        job = jobs.submit(spec)
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(sys.modules["django_mediacloud.jobs.collect"], "succeed", lambda *_, **__: 1 / 0)
            jobs.run(job.pk)
        job.refresh_from_db()
        first = job.values
        assert (job.state, first.keys()) == (State.FAILED, {"output", "duration", "free_space", "uploaded_file_size"})

        jobs.retry(job)
        jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.attempt, len(vimeo.videos)) == (State.SUCCEEDED, 2, 1), job.failure
    assert job.values == first


def test_the_same_key_for_another_title_is_another_request(submit: Callable[..., Job]) -> None:
    first = submit(idempotency_key="a")
    assert submit(idempotency_key="a") == first
    with pytest.raises(IdempotencyConflict):
        submit({**YOUTUBE, "title": "Work"}, idempotency_key="a")


@pytest.mark.parametrize(
    ("destination", "errors"),
    [
        (Delivery(name="nowhere"), {"destination": ["must be one of: youtube, vimeo, facebook, s3_signed"]}),
        (
            Delivery(name="youtube", parameters={"title": "Holidays"}),
            {"access_token": ["this field is required"], "developer_key": ["this field is required"]},
        ),
    ],
)
def test_what_cannot_be_delivered_is_said_before_anything_is_stored(
    youtube: YouTube, destination: Delivery, errors: dict[str, list[str]]
) -> None:
    with pytest.raises(InvalidParameters) as caught:
        jobs.submit(JobSpec(operation="hello", parameters={"name": "Jane"}, destination=destination))
    assert caught.value.errors == errors
    assert not Job.objects.exists()


def test_a_refused_token_ends_the_job_and_tells_why(submit: Callable[..., Job], youtube: YouTube) -> None:
    job = submit({**YOUTUBE, "access_token": "expired"})
    jobs.run(job.pk)

    job.refresh_from_db()
    assert (job.state, job.failure_code) == (State.FAILED, "delivery_http_401")
    assert not Output.objects.exists()


def test_an_operation_that_is_a_delivery(youtube: YouTube, media: MediaFactory) -> None:
    film = media.video(duration_s=1)
    source = StoredFile(storage="default", path=default_storage.save("c.mp4", ContentFile(film.read_bytes())))
    spec = JobSpec(cloud="engine", operation="video.upload.youtube", parameters=YOUTUBE, inputs={"url": source})
    job = jobs.submit(spec)
    jobs.run(job.pk)

    job.refresh_from_db()
    assert job.state == State.SUCCEEDED, (job.failure, job.failure_log)
    assert job.parameters["access_token"] == HIDDEN
    [output] = job.outputs.all()
    assert output.url.startswith("https://www.youtube.com/watch?v=")
    assert job.values["output"] == output.url
    assert job.values["duration"] == pytest.approx(1.0, abs=0.1)
    [video] = youtube.videos
    assert video.stored.size == film.stat().st_size
    assert default_storage.exists(source.path)
