"""How long files stay, and what was delivered never leaves the books."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from django_mediacloud import jobs
from django_mediacloud.access import issue
from django_mediacloud.callbacks.payload import describe
from django_mediacloud.core.spec import Delivery, JobSpec, StoredFile
from django_mediacloud.core.states import State
from django_mediacloud.jobs.collect import collect
from django_mediacloud.models import Job, Output
from tests.platforms.server import Call
from tests.platforms.signed_store import SignedStore
from tests.platforms.youtube import KEY, TOKEN, YouTube
from tests.servers import LocalServer, Reply, json_reply

pytestmark = pytest.mark.django_db(transaction=True)

YOUTUBE = Delivery(name="youtube", parameters={"access_token": TOKEN, "developer_key": KEY, "title": "Holidays"})


class MeddlingYouTube(YouTube):
    """While it keeps a film, ``meddle`` happens on the site."""

    meddle: Callable[[], object] = staticmethod(lambda: None)

    def keep(self, call: Call, session: Any, first: int) -> None:
        super().keep(call, session, first)
        if session.is_done:
            self.meddle()
            connection.close()


@pytest.fixture
def youtube() -> Iterator[MeddlingYouTube]:
    with MeddlingYouTube() as platform:
        yield platform


@pytest.fixture
def service() -> Iterator[LocalServer]:
    with LocalServer({}) as server:
        yield server


@pytest.fixture(autouse=True)
def site(youtube: YouTube, service: LocalServer) -> Iterator[None]:
    options = {"secret": "S3CRET", "base_url": service.url("/v2/")}
    with override_settings(
        MEDIACLOUD={
            "CLOUDS": {
                "default": {"BACKEND": "tests.toys.workshop"},
                "flix": {"BACKEND": "django_mediacloud.clouds.stupeflix", "OPTIONS": options},
            },
            "RETRY_DELAYS_S": [],
            "POLL_S": 0.001,
            # What happens while a film is kept shall be noticed after it, however long that takes.
            "LEASE_S": 1800,
            "HEARTBEAT_S": 600,
            "DELIVERY_ENDPOINTS": {"youtube": youtube.url},
            "FETCH": {"ALLOW": ["127.0.0.1"]},
        }
    ):
        yield


def submit(destination: Delivery | None = None, **key: int) -> Job:
    spec = JobSpec(operation="blank", parameters={"size": 1000}, destination=destination)
    return jobs.submit(spec, access_key=issue("stupeflix", **key).key)


def run(job: Job) -> Job:
    Job.objects.filter(pk=job.pk).update(run_after=None)
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


def test_files_go_after_the_days_of_their_key() -> None:
    job = run(submit(keep_days=2))

    left = job.outputs.get().expires_at - job.finished_at
    assert left == pytest.approx(dt.timedelta(days=2), abs=dt.timedelta(minutes=1))


def test_more_days_than_a_calendar_has_are_as_good_as_for_ever() -> None:
    job = run(submit(keep_days=2**31 - 1))

    assert job.state == State.SUCCEEDED, job.failure
    assert job.outputs.get().expires_at > timezone.now() + dt.timedelta(days=99 * 365)


def test_what_lies_elsewhere_does_not_go_with_the_time_of_this_site(youtube: YouTube) -> None:
    job = run(submit(YOUTUBE, keep_days=2))

    assert job.state == State.SUCCEEDED, job.failure
    assert job.outputs.get().expires_at is None


def test_what_was_delivered_by_one_who_had_lost_the_job_is_not_delivered_again(youtube: MeddlingYouTube) -> None:
    job = submit(YOUTUBE)

    def lose() -> None:
        Job.objects.filter(pk=job.pk).update(lease_until=timezone.now() - dt.timedelta(hours=1))
        assert jobs.sweep().lost == 1

    youtube.meddle = lose
    run(job)
    assert (job.state, job.attempt) == (State.QUEUED, 2)
    run(job)

    assert (job.state, len(youtube.videos)) == (State.SUCCEEDED, 1)
    [output] = job.outputs.all()
    assert (output.attempt, output.is_ready, output.url[:24]) == (2, True, "https://www.youtube.com/")


def test_what_was_delivered_while_it_was_cancelled_is_not_delivered_again(youtube: MeddlingYouTube) -> None:
    job = submit(YOUTUBE)
    youtube.meddle = lambda: jobs.cancel(job)
    assert run(job).state == State.CANCELLED
    assert [output.is_ready for output in job.outputs.all()] == [False]

    job = run(jobs.retry(job))

    assert (job.state, len(youtube.videos)) == (State.SUCCEEDED, 1)
    assert describe(job)["outputs"][0]["url"].startswith("https://www.youtube.com/watch?v=")


def test_what_two_workers_delivered_all_the_same_does_not_keep_the_job_from_its_end(youtube: YouTube) -> None:
    job = submit(YOUTUBE)
    Job.objects.filter(pk=job.pk).update(attempt=3)
    for attempt in (1, 2):
        url = f"https://www.youtube.com/watch?v={attempt}"
        Output.objects.create(job=job, attempt=attempt, name="blank.bin", url=url)

    run(job)

    assert (job.state, youtube.videos) == (State.SUCCEEDED, [])
    assert [output.url[-1] for output in job.outputs.filter(is_ready=True)] == ["2"]


def test_a_file_that_gets_its_ending_on_the_way_is_delivered_once(
    youtube: YouTube, service: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = {"key": "UM6EFJKQWMVON5N3CBKPV52NHE", "progress": None, "events": {}}
    service.routes["/v2/create"] = json_reply([{**status, "status": "queued"}])
    done = {**status, "status": "success", "result": {"output": service.url("/output")}}
    service.routes["/v2/status"] = json_reply([done])
    service.routes["/output"] = Reply(body=b"a film", headers={"Content-Type": "video/mp4"})
    spec = JobSpec(
        cloud="flix", operation="video.reverse", parameters={"url": "http://a.com/a.mp4"}, destination=YOUTUBE
    )
    job = run(jobs.submit(spec))
    with monkeypatch.context() as patched:
        # The database goes away in the worst moment.
        patched.setitem(collect.__globals__, "succeed", lambda *_, **__: 1 / 0)
        run(job)
    assert (job.state, len(youtube.videos)) == (State.FAILED, 1)

    job = run(run(jobs.retry(job)))

    assert (job.state, len(youtube.videos)) == (State.SUCCEEDED, 1)
    [session] = youtube.videos
    assert session.content_type == "video/mp4"


def test_an_address_that_no_column_holds_does_not_undo_the_delivery() -> None:
    with SignedStore() as store:
        store.check_signature = lambda _call: None
        where = f"{store.url}/{'long/' * 500}film.mp4"
        job = run(submit(Delivery(name="s3_signed", parameters={"url": where})))

    assert (job.state, len(store.objects)) == (State.SUCCEEDED, 1), job.failure
    assert job.outputs.get().url == where[:2000]


def test_one_address_takes_one_file() -> None:
    with SignedStore() as store:
        store.check_signature = lambda _call: None
        destination = Delivery(name="s3_signed", parameters={"url": f"{store.url}/a"})
        source = StoredFile(storage="default", path=default_storage.save("a.mp4", ContentFile(b"a film")))
        spec = JobSpec(operation="copy", parameters={"count": 2}, inputs={"url": source}, destination=destination)
        job = run(jobs.submit(spec))

    assert (job.state, job.failure_code) == (State.FAILED, "delivery_too_many")
    assert job.failure_message == "Signed address takes one file, and the job made 2."
    assert store.objects == {}
