"""The same task here or there: by the engine, and by a service that speaks the protocol, which is this site again.

That both agree proves only that they agree; what is right, the recorded requests and the documentation's examples show.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.files.storage import default_storage
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.core.states import State
from django_mediacloud.models import Job
from tests.servers import LocalServer

from .conftest import LOCAL, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def two_clouds(site: None, base: str, secret: str) -> Iterator[None]:
    options = {"secret": secret, "base_url": f"{base}v2/"}
    clouds = {**LOCAL, "flix": {"BACKEND": "django_mediacloud.clouds.stupeflix", "OPTIONS": options}}
    fetch = {"ALLOW": ["127.0.0.1", "localhost"]}
    with override_settings(MEDIACLOUD={"CLOUDS": clouds, "RETRY_DELAYS_S": [], "POLL_S": 0.01, "FETCH": fetch}):
        yield


def finished(spec: JobSpec) -> Job:
    job = jobs.submit(spec)
    for _ in range(20):
        Job.objects.filter(pk=job.pk).update(run_after=None)
        work()
        job.refresh_from_db()
        if job.is_final:
            break
    return job


def test_values_and_bytes_are_the_same(assets: LocalServer) -> None:
    parameters = {"url": assets.url("/image.jpg"), "width": 20, "rotation": 90, "format": "png"}

    here, there = (
        finished(JobSpec(cloud=cloud, operation="image.thumb", parameters=parameters)) for cloud in ("default", "flix")
    )

    assert (here.state, there.state) == (State.SUCCEEDED, State.SUCCEEDED), there.failure
    assert here.values == there.values
    [ours], [theirs] = here.outputs.all(), there.outputs.all()
    assert (ours.role, ours.content_type) == (theirs.role, theirs.content_type)
    with default_storage.open(ours.path) as first, default_storage.open(theirs.path) as second:
        assert first.read() == second.read()


def test_failures_are_told_alike(assets: LocalServer) -> None:
    parameters = {"url": assets.url("/nothing.jpg")}

    here, there = (
        finished(JobSpec(cloud=cloud, operation="image.info", parameters=parameters)) for cloud in ("default", "flix")
    )

    assert (here.state, there.state) == (State.FAILED, State.FAILED)
    assert here.failure_message == there.failure_message


def test_a_bare_result_becomes_a_value() -> None:
    here, there = (
        finished(JobSpec(cloud=cloud, operation="hello", parameters={"name": "Jane"})) for cloud in ("default", "flix")
    )

    assert here.values == there.values == {"greeting": "Hello Jane"}
