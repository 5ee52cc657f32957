from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.models import Job, Profile, Video
from tests.servers import LocalServer

WORKSHOP = {"default": {"BACKEND": "tests.toys.workshop"}}


@pytest.fixture
def workshop() -> Iterator[None]:
    """The site with the local toy cloud, whose tries come at once."""
    with override_settings(MEDIACLOUD={"CLOUDS": WORKSHOP, "RETRY_DELAYS_S": [], "FETCH": {"ALLOW": ["127.0.0.1"]}}):
        yield


@pytest.fixture
def submit(workshop: None) -> Callable[..., Job]:
    def submit(operation: str, **parameters: Any) -> Job:
        return jobs.submit(JobSpec(operation=operation, parameters=parameters))

    return submit


@pytest.fixture
def profile(workshop: None, db: None) -> Profile:
    return Profile.objects.create(name="twin", operation="copy", parameters={"format": "twin", "count": 2})


@pytest.fixture
def upload(profile: Profile) -> Callable[..., Video]:
    def upload(content: bytes = b"a film", name: str = "film.mov", **more: Any) -> Video:
        return jobs.submit_video(file=ContentFile(content, name=name), profiles=[profile], **more)

    return upload


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer({}) as running:
        yield running
