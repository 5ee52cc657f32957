from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.files.base import ContentFile
from django.test import Client, override_settings
from django.urls import reverse

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.models import Job, Profile, Video
from tests.jobs.conftest import WORKSHOP


@pytest.fixture(autouse=True)
def workshop() -> Iterator[None]:
    """Every page is tried on the site with the local toy cloud."""
    with override_settings(MEDIACLOUD={"CLOUDS": WORKSHOP, "RETRY_DELAYS_S": []}):
        yield


@pytest.fixture
def profile(db: None) -> Profile:
    return Profile.objects.create(name="twin", operation="copy", parameters={"format": "twin", "count": 2})


@pytest.fixture
def upload(profile: Profile) -> Callable[..., Video]:
    def upload(content: bytes = b"a film", name: str = "film.mov", **more: Any) -> Video:
        return jobs.submit_video(file=ContentFile(content, name=name), **{"profiles": [profile], **more})

    return upload


@pytest.fixture
def submit(db: None) -> Callable[..., Job]:
    def submit(operation: str, **parameters: Any) -> Job:
        return jobs.submit(JobSpec(operation=operation, parameters=parameters))

    return submit


@pytest.fixture
def editor(db: None, client: Client, django_user_model: Any) -> Callable[..., Client]:
    """A logged-in member of staff who has the permissions named, such as ``view_video``, and no others."""

    def editor(*permissions: str) -> Client:
        user = django_user_model.objects.create_user(username="-".join(permissions) or "nobody", is_staff=True)
        user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    return editor


def page(model: str, name: str, *args: Any) -> str:
    return reverse(f"admin:mediacloud_{model}_{name}", args=args)


def act(client: Client, model: str, action: str, *rows: Any, **more: Any) -> Any:
    """The answer to an action on ``rows``, its redirect followed."""
    data = {"action": action, "_selected_action": [row.pk for row in rows], **more}
    return client.post(page(model, "changelist"), data, follow=True)


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def text_of(response: Any) -> str:
    """What a page shows, without its markup."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))
