"""What a specification may ask for beside its parameters: whom to tell, where to deliver, how long to keep."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.clouds.base import Work
from django_mediacloud.core.spec import Delivery, Hook, JobSpec
from django_mediacloud.core.states import State
from django_mediacloud.exceptions import InvalidParameters
from django_mediacloud.models import Job

pytestmark = pytest.mark.django_db

HELLO: dict[str, Any] = {"operation": "hello", "parameters": {"name": "Jane"}}
TOKEN = "ya29-S3CRET"


def hook(path: str = "a", events: tuple[State, ...] = (State.SUCCEEDED,), protocol: str = "stupeflix") -> Hook:
    return Hook(url=f"http://example.com/{path}", events=events, protocol=protocol, base_url="http://site.example/")


def refused(**spec: Any) -> dict[str, list[str]]:
    with pytest.raises(InvalidParameters) as caught:
        jobs.submit(JobSpec(**{**HELLO, **spec}))
    assert not Job.objects.exists()
    return dict(caught.value.errors)


@pytest.mark.parametrize(
    ("hooks", "message"),
    [
        # The second of them would never be told.
        ((hook("a"), hook("b", events=(State.FAILED, State.SUCCEEDED))), "stupeflix has two addresses for succeeded"),
        ((hook("x" * 3000),), "must have at most 2000 characters"),
        # It would be too long for the row of the callback, and the job could never end.
        ((hook(protocol="words." * 20),), "must have at most 64 characters"),
        ((Hook(url="ftp://a/", events=(), protocol="stupeflix", base_url=""),), "must be an http or https URL"),
    ],
)
def test_whom_nobody_could_tell_is_refused(workshop: None, hooks: tuple[Hook, ...], message: str) -> None:
    assert refused(hooks=hooks) == {"hooks": [message]}


@pytest.mark.parametrize("keep_s", [math.nan, math.inf, -1.0, 1e300])
def test_a_time_that_no_calendar_has_is_refused(workshop: None, keep_s: float) -> None:
    assert refused(keep_s=keep_s) == {"keep_s": ["must be between 0 and 3153600000 seconds"]}


def test_an_operation_that_is_a_delivery_goes_nowhere_else() -> None:
    destination = Delivery(name="s3_signed", parameters={"url": "https://bucket.example.com/a"})
    given = {"url": "http://example.com/a.mp4", "access_token": TOKEN, "developer_key": TOKEN, "title": "A film"}
    with override_settings(MEDIACLOUD={}):
        errors = refused(operation="video.upload.youtube", parameters=given, destination=destination)
    assert errors == {"destination": ["video.upload.youtube goes to youtube by itself"]}


def test_tokens_stand_in_no_repr() -> None:
    spec = JobSpec(
        operation="video.upload.youtube",
        parameters={"access_token": TOKEN},
        destination=Delivery(name="youtube", parameters={"access_token": TOKEN}),
    )
    assert TOKEN not in repr(spec)
    work = Work(
        token="t", operation="a", parameters={"access_token": TOKEN}, workdir=Path("a"), beat=lambda progress: None
    )
    assert TOKEN not in repr(work)
