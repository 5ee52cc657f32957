from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.test import override_settings
from rest_framework.test import APIClient

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.models import Job, Profile, Video
from tests.servers import LocalServer

CLOUDS = {
    "default": {"BACKEND": "tests.toys.workshop"},
    "afar": {"BACKEND": "tests.toys.faraway", "OPTIONS": {"endpoint": "http://127.0.0.1:9"}},
}


@pytest.fixture(autouse=True)
def site() -> Iterator[None]:
    """The site with the two toy clouds."""
    with override_settings(MEDIACLOUD={"CLOUDS": CLOUDS, "RETRY_DELAYS_S": [], "FETCH": {"ALLOW": ["127.0.0.1"]}}):
        yield


@pytest.fixture
def jane(db: None) -> User:
    return User.objects.create_user("jane", password="jane's own")


@pytest.fixture
def john(db: None) -> User:
    return User.objects.create_user("john", password="john's own")


@pytest.fixture
def boss(db: None) -> User:
    return User.objects.create_superuser("boss", password="boss's own")


def client_of(user: User | None) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


@pytest.fixture
def as_jane(jane: User) -> APIClient:
    return client_of(jane)


@pytest.fixture
def as_john(john: User) -> APIClient:
    return client_of(john)


@pytest.fixture
def as_boss(boss: User) -> APIClient:
    return client_of(boss)


@pytest.fixture
def profile(db: None) -> Profile:
    return Profile.objects.create(name="twin", operation="copy", parameters={"format": "twin", "count": 2})


@pytest.fixture
def hello(jane: User) -> Callable[..., Job]:
    """A task of Jane's that has not run."""

    def hello(name: str = "Jane", owner: User = jane, **more: Any) -> Job:
        return jobs.submit(JobSpec(operation="hello", parameters={"name": name}, **more), owner=owner)

    return hello


@pytest.fixture
def film(jane: User, profile: Profile) -> Callable[..., Video]:
    """A video of Jane's that has been taken in, with an encoding by ``twin`` that has not run."""

    def film(content: bytes = b"a film", owner: User = jane) -> Video:
        video = jobs.submit_video(file=ContentFile(content, name="film.mov"), profiles=[profile], owner=owner)
        jobs.ingest(video.pk)
        video.refresh_from_db()
        return video

    return film


@pytest.fixture
def encoded(film: Callable[..., Video]) -> Callable[..., Job]:
    """The job of an encoding that has succeeded: two outputs, each with the film's bytes."""

    def encoded(content: bytes = b"a film") -> Job:
        job = Job.objects.get(encoding__video=film(content))
        jobs.run(job.pk)
        job.refresh_from_db()
        return job

    return encoded


@pytest.fixture
def server() -> Iterator[LocalServer]:
    with LocalServer({}) as running:
        yield running


def stored_files() -> set[Path]:
    return {path for path in Path(default_storage.location).rglob("*") if path.is_file()}
