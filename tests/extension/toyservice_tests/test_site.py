"""The protocol answered by a site with the real engine, and the same site as a client of itself."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.core.management import call_command
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.callbacks import deliver_due
from django_mediacloud.clouds.toyservice import wire
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.core.states import State
from django_mediacloud.models import Job, Notification
from tests.media import MediaFactory
from tests.servers import LocalServer, Reply

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def key() -> str:
    out = io.StringIO()
    call_command("mediacloud_accesskey", "create", "--for", "toyservice", "--json", stdout=out)
    return str(json.loads(out.getvalue())["key"])


@pytest.fixture
def base(live_server: Any, key: str) -> Iterator[str]:
    base = f"{live_server.url}/toyservice/1.0/"
    toys = {"BACKEND": "django_mediacloud.clouds.toyservice", "OPTIONS": {"key": lambda: key, "base_url": base}}
    clouds = {"default": {"BACKEND": "django_mediacloud.clouds.local"}, "toys": toys}
    site = {"CLOUDS": clouds, "WEBHOOKS_URL": f"{live_server.url}/hooks/", "FETCH": {"ALLOW": ["127.0.0.1"]}}
    with override_settings(ROOT_URLCONF="site_urls", MEDIACLOUD=site):
        yield base


@pytest.fixture
def assets(media: MediaFactory) -> Iterator[LocalServer]:
    picture = Reply(body=media.picture("image.jpg", size=(64, 48)), headers={"Content-Type": "image/jpeg"})
    with LocalServer({"/image.jpg": picture, "/told": Reply()}) as server:
        yield server


def work() -> None:
    """What a worker would do now."""
    Job.objects.unfinished().update(run_after=None)
    for pk in Job.objects.unfinished().order_by("pk").values_list("pk", flat=True):
        jobs.run(pk)


def test_an_old_client_gets_its_picture_and_is_told(base: str, key: str, assets: LocalServer) -> None:
    given = {"url": assets.url("/image.jpg"), "width": 32}
    with requests.Session() as client:
        client.headers[wire.KEY_HEADER] = key
        order = {"do": "image.thumb", "given": given, "tell": assets.url("/told")}
        created = client.post(base + "jobs", json=order, timeout=10)
        assert (created.status_code, created.json()["word"]) == (201, "waiting")
        id = created.json()["id"]
        work()

        done = client.get(f"{base}jobs/{id}", timeout=10).json()
        assert (done["word"], done["gives"]["width"], done["percent"]) == ("done", 32, 100)
        watched = client.get(f"{base}jobs/{id}/changes", timeout=10).text.splitlines()
        assert [json.loads(line) for line in watched] == [done]
        assert requests.get(done["files"]["output"], timeout=10).content[:3] == b"\xff\xd8\xff"

    assert deliver_due().delivered == 1
    [told] = [request for request in assets.requests if request.path == "/told"]
    assert told.json() == done


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"do": "hello", "given": {"name": {}}}, 400, "name: must be a string"),
        ({"do": "fly"}, 400, "'fly'"),
        ({}, 400, "do is missing"),
    ],
)
def test_what_is_wrong_is_said_at_once(base: str, key: str, body: Any, status: int, word: str) -> None:
    refused = requests.post(base + "jobs", json=body, headers={wire.KEY_HEADER: key}, timeout=10)
    assert refused.status_code == status
    assert word in refused.json()["no"]
    assert not Job.objects.exists()


def test_strangers_get_nothing(base: str) -> None:
    for path in ("jobs/1", "jobs/1/changes"):
        assert requests.get(base + path, timeout=10).status_code == 401
    assert requests.post(base + "jobs", json={"do": "hello"}, timeout=10).status_code == 401
    assert requests.get(base + "files/1/output", timeout=10).status_code == 404


def test_the_site_is_a_client_of_its_own(base: str, assets: LocalServer) -> None:
    job = jobs.submit(
        JobSpec(cloud="toys", operation="image.thumb", parameters={"url": assets.url("/image.jpg"), "width": 32})
    )
    jobs.run(job.pk)
    inner = Job.objects.get(cloud="default")
    jobs.run(inner.pk)
    assert deliver_due().delivered == 1
    # The callback was a hint only: the service is asked.
    assert Notification.objects.get().is_verified is False
    job.refresh_from_db()
    assert (job.state, job.remote_id) == (State.RUNNING, inner.public_id.hex)

    work()
    job.refresh_from_db()
    assert (job.state, job.values["width"]) == (State.SUCCEEDED, 32)
    assert job.outputs.get().content_type == "image/jpeg"
