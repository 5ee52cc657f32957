"""Callbacks in the words of an old service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.access import issue
from django_mediacloud.callbacks import deliver_due
from django_mediacloud.callbacks.protocols import base_url_of, renderer_of
from django_mediacloud.core.ids import as_base32
from django_mediacloud.core.spec import Hook, JobSpec
from django_mediacloud.core.states import CallbackState, State
from django_mediacloud.exceptions import ConfigurationError
from django_mediacloud.models import Callback, Job
from tests.servers import LocalServer, Reply

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def site() -> Iterator[None]:
    clouds = {"default": {"BACKEND": "tests.toys.workshop"}}
    with override_settings(MEDIACLOUD={"CLOUDS": clouds, "RETRY_DELAYS_S": [], "FETCH": {"ALLOW": ["127.0.0.1"]}}):
        yield


@pytest.fixture
def receiver() -> Iterator[LocalServer]:
    with LocalServer({"/done": Reply(), "/failed": Reply(), "/own": Reply()}) as server:
        yield server


@pytest.fixture
def submit(receiver: LocalServer) -> Callable[..., Job]:
    def submit(operation: str, **parameters: object) -> Job:
        base_url = "https://site.example/stupeflix/"
        hooks = (
            Hook(url=receiver.url("/done"), events=(State.SUCCEEDED,), protocol="stupeflix", base_url=base_url),
            Hook(url=receiver.url("/failed"), events=(State.FAILED,), protocol="stupeflix", base_url=base_url),
        )
        spec = JobSpec(operation=operation, parameters=parameters, hooks=hooks, callback_url=receiver.url("/own"))
        return jobs.submit(spec, access_key=issue("stupeflix").key)

    return submit


def test_success_goes_to_its_own_address(submit: Callable[..., Job], receiver: LocalServer) -> None:
    job = submit("hello", name="Jane")
    jobs.run(job.pk)

    where = {callback.protocol: base_url_of(callback) for callback in Callback.objects.all()}
    assert where == {"stupeflix": "https://site.example/stupeflix/", "": "/"}
    assert deliver_due().delivered == 2

    told = {request.path: request.json() for request in receiver.requests}
    assert told.keys() == {"/done", "/own"}
    assert (told["/done"]["status"], told["/done"]["key"]) == ("success", as_base32(job.public_id))
    assert told["/own"]["job"]["state"] == "succeeded"


def test_a_failure_that_was_tried_again_is_still_told_as_a_failure(
    submit: Callable[..., Job], receiver: LocalServer
) -> None:
    job = submit("fail", how="media")
    jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == State.FAILED
    jobs.retry(job)

    deliver_due()

    told = {request.path: request.json() for request in receiver.requests}
    assert told["/failed"]["status"] == "error"
    assert "tried again" in json.dumps(told["/failed"]["error"])
    assert not Callback.objects.exclude(state=CallbackState.DELIVERED).exists()


def test_a_protocol_that_nobody_speaks_is_named() -> None:
    with pytest.raises(ConfigurationError, match="'nobody'"):
        renderer_of("nobody")


def test_a_protocol_that_is_gone_holds_up_nobody_else(receiver: LocalServer) -> None:
    hook = Hook(url=receiver.url("/done"), events=(State.SUCCEEDED,), protocol="nobody", base_url="/")
    spec = JobSpec(operation="hello", parameters={"name": "a"}, hooks=(hook,), callback_url=receiver.url("/own"))
    jobs.run(jobs.submit(spec).pk)

    done = deliver_due()

    assert (done.delivered, done.postponed) == (1, 1)
    assert [request.path for request in receiver.requests] == ["/own"]
    assert Callback.objects.get(protocol="nobody").state == CallbackState.PENDING
