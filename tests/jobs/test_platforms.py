"""The road to other people's platforms, with the real engine and strict fakes of them."""

from __future__ import annotations

import hashlib

import pytest
from django.core.files.storage import storages
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.core.spec import Delivery, JobSpec, StoredFile
from django_mediacloud.core.states import State
from django_mediacloud.models import Output
from tests.platforms import facebook, vimeo, youtube
from tests.platforms.signed_store import SignedStore
from tests.servers import Reply

pytestmark = pytest.mark.django_db(transaction=True)

LOCAL = {"default": {"BACKEND": "django_mediacloud.clouds.local"}}
YOUTUBE = {"access_token": youtube.TOKEN, "developer_key": youtube.KEY, "title": "Ein Film"}


@pytest.fixture
def film(media):
    """A film that the site keeps, on its own disk."""
    storage = storages["default"]
    with media.video(duration_s=1).open("rb") as content:
        name = storage.save("films/ours.mp4", content)
    yield StoredFile(storage="default", path=name, filename="ours.mp4")
    storage.delete(name)


def sha256_of(film):
    with storages["default"].open(film.path) as content:
        return hashlib.sha256(content.read()).hexdigest()


def run(spec, tmp_path, **config):
    with override_settings(
        MEDIACLOUD={"CLOUDS": LOCAL, "WORK_DIR": str(tmp_path), "RETRY_DELAYS_S": [], "MAX_FAILURES": 1, **config}
    ):
        job = jobs.submit(spec)
        jobs.run(job.pk)
    job.refresh_from_db()
    return job


@pytest.mark.parametrize(
    ("operation", "platform_class", "endpoint", "given", "values"),
    [
        ("video.upload.youtube", youtube.YouTube, "youtube", YOUTUBE, {}),
        (
            "video.upload.vimeo",
            vimeo.Vimeo,
            "vimeo",
            {"oauth2_token": vimeo.TOKEN, "title": "Ein Film"},
            {"free_space": 10**9},
        ),
        ("video.upload.fb", facebook.Facebook, "facebook", {"access_token": facebook.TOKEN}, {}),
    ],
)
def test_a_stored_film_goes_there_and_stays_here(operation, platform_class, endpoint, given, values, film, tmp_path):
    spec = JobSpec(operation=operation, parameters=given, inputs={"url": film})
    with platform_class() as platform:
        job = run(spec, tmp_path, DELIVERY_ENDPOINTS={endpoint: platform.url})
        assert job.state == State.SUCCEEDED, job.failure
        arrived = getattr(platform, "sessions", None) or platform.videos
        assert [item.stored.sha256() for item in arrived.values()] == [sha256_of(film)]
        assert platform.complaints == []
    assert job.values["duration"] == 1.0
    assert values.items() <= job.values.items()
    [output] = Output.objects.filter(job=job, is_ready=True)
    assert output.url.startswith("https://")


def test_a_picture_goes_to_a_signed_address(film, tmp_path):
    with SignedStore() as store:
        # Signatures have tests of their own.
        store.check_signature = lambda _call: None
        where = f"{store.url}/films/thumb.jpg?X-Amz-Signature=x"
        spec = JobSpec(
            operation="video.thumb",
            inputs={"url": film},
            destination=Delivery(name="s3_signed", parameters={"url": where}),
        )
        job = run(spec, tmp_path, FETCH={"ALLOW": ["127.0.0.1"]})
        assert job.state == State.SUCCEEDED, job.failure
        [(stored, content_type)] = store.objects.values()
        assert (content_type, stored.size > 500) == ("image/jpeg", True)
        refused = run(spec, tmp_path)
        assert (refused.state, refused.failure.code) == (State.FAILED, "delivery_refused")
        assert len(store.objects) == 1
    assert Output.objects.get(job=job).url == f"{store.url}/films/thumb.jpg"


def test_a_platform_that_fails_for_now_is_tried_again(film, tmp_path, monkeypatch):
    monkeypatch.setattr("django_mediacloud.transport.uploads.patience.FIRST_WAIT_S", 0.01)
    spec = JobSpec(operation="video.upload.youtube", parameters=YOUTUBE, inputs={"url": film})
    with youtube.YouTube() as platform:
        platform.handle = lambda _call: Reply(status=503)
        with override_settings(
            MEDIACLOUD={
                "CLOUDS": LOCAL,
                "WORK_DIR": str(tmp_path),
                "RETRY_DELAYS_S": [0],
                "DELIVERY_ENDPOINTS": {"youtube": platform.url},
            }
        ):
            job = jobs.submit(spec)
            jobs.run(job.pk)
            job.refresh_from_db()
            assert (job.state, job.attempt) == (State.QUEUED, 2)
            del platform.handle
            jobs.run(job.pk)
        job.refresh_from_db()
        assert job.state == State.SUCCEEDED, job.failure
        assert [video.stored.sha256() for video in platform.videos] == [sha256_of(film)]
