"""Where files go (documentation, "Storage systems"), and who is told (documentation, "Callbacks and Errbacks")."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from django.core.files.storage import default_storage
from django.test import override_settings
from django.utils import timezone

from django_mediacloud import callbacks, jobs
from django_mediacloud.models import Callback, Job, Output
from tests.clouds.stupeflix import examples
from tests.media import MediaFactory
from tests.platforms.signed_store import SignedStore
from tests.platforms.youtube import KEY, TOKEN, YouTube
from tests.servers import LocalServer, Reply, in_turn
from tests.transport.uploads.test_signed_put import signed

from .conftest import LOCAL, Api, work
from .sites import check_status

pytestmark = pytest.mark.django_db(transaction=True)

YOUTUBE = {"type": "youtube", "access_token": TOKEN, "developer_key": KEY, "title": "Holidays"}


def stored_files() -> set[Path]:
    return {path for path in Path(default_storage.location).rglob("*") if path.is_file()}


@pytest.fixture
def youtube() -> Iterator[YouTube]:
    with YouTube() as platform:
        settings = {"CLOUDS": LOCAL, "RETRY_DELAYS_S": [], "FETCH": {"ALLOW": ["127.0.0.1"]}}
        with override_settings(MEDIACLOUD={**settings, "DELIVERY_ENDPOINTS": {"youtube": platform.url}}):
            yield platform
    assert platform.complaints == []


@pytest.fixture
def s3() -> Iterator[SignedStore]:
    with SignedStore() as platform:
        yield platform


def test_a_film_goes_to_youtube(api: Api, assets: LocalServer, media: MediaFactory, youtube: YouTube) -> None:
    assets.routes["/film.mp4"] = Reply(body=media.video(duration_s=1))
    before = stored_files()

    store = {**YOUTUBE, "description": "Sea", "tags": ["sea"], "category_id": 19, "privacy_status": "unlisted"}
    status = check_status(api.run("video.reverse", url=assets.url("/film.mp4"), width=80, task_store=store))

    assert status["status"] == "success", status["error"]
    [video] = youtube.videos
    assert video.resource == {
        "snippet": {"title": "Holidays", "description": "Sea", "tags": ["sea"], "categoryId": "19"},
        "status": {"privacyStatus": "unlisted"},
    }
    assert status["result"]["output"].startswith("https://www.youtube.com/watch?v=")
    assert stored_files() == before
    assert api.get("v2/storage/files/").json() == {"files": [], "directories": [], "usage": 0}
    details = api.get("v2/status", tasks=status["key"], details="true").text
    assert "Holidays" in details
    assert TOKEN not in details
    assert KEY not in details


def test_a_picture_goes_to_a_signed_address(api: Api, assets: LocalServer, s3: SignedStore) -> None:
    store = {"type": "s3_signed", "url": signed(s3)}
    status = check_status(api.run("image.thumb", url=assets.url("/image.jpg"), width=8, task_store=store))

    [(stored, content_type)] = s3.objects.values()
    assert (stored.size, content_type) == (Output.objects.get().size_bytes, "image/jpeg")
    # Without the signature: it is not for those who only look.
    assert status["result"]["output"] == f"{s3.url}/films/a/ein%20film.mp4"
    assert "X-Amz-" not in api.get("v2/status", tasks=status["key"], details="true").text
    assert s3.complaints == []


def test_a_signature_that_does_not_hold(api: Api, assets: LocalServer, s3: SignedStore) -> None:
    store = {"type": "s3_signed", "url": signed(s3).replace("ein%20film", "other")}
    status = check_status(api.run("image.thumb", url=assets.url("/image.jpg"), width=8, task_store=store))

    assert isinstance(status["error"], str)
    assert "SignatureDoesNotMatch" in status["error"]
    assert "X-Amz-" not in status["error"]
    assert s3.objects == {}


def test_what_a_store_needs_is_asked_for(api: Api) -> None:
    task = {"task_name": "image.thumb", "url": "http://files.com/image.jpg"}
    youtube, s3 = api.create(*[{**task, "task_store": {"type": name}} for name in ("youtube", "s3_signed")])

    told = youtube["error"]["parameters"]["task_store"]
    assert sorted(told) == [f"{name}: this field is required" for name in ("access_token", "developer_key", "title")]
    assert s3["error"] == {"parameters": {"task_store": ["url: this field is required"]}}


def test_a_week_and_no_time(api: Api, assets: LocalServer) -> None:
    url = assets.url("/image.jpg")
    volatile = api.run("image.thumb", url=url, task_store={"type": "volatile"})
    dummy = api.run("image.thumb", url=url, task_store={"type": "dummy"})

    output = Output.objects.get(job__keep_s__gt=0)
    assert abs(output.expires_at - timezone.now() - dt.timedelta(days=7)) < dt.timedelta(minutes=1)
    assert requests.get(volatile["result"]["output"], timeout=60).status_code == 200
    assert requests.get(dummy["result"]["output"], timeout=60).status_code == 404
    stores = [
        api.get("v2/status", tasks=one["key"], details="true").json()[0]["task_store"] for one in (volatile, dummy)
    ]
    assert stores == [{"type": "volatile"}, {"type": "dummy"}]
    # What the storage methods do not list they do not delete.
    assert api.delete("v2/storage/files", {"urls": [volatile["result"]["output"]]}).json()["deleted"] == []

    Output.objects.update(expires_at=timezone.now())
    assert requests.get(volatile["result"]["output"], timeout=60).status_code == 404
    assert jobs.sweep().outputs == 2


# --- Callbacks


@pytest.fixture
def receiver() -> Iterator[LocalServer]:
    with LocalServer({"/ok": Reply(), "/bad": Reply()}) as server:
        yield server


def both(receiver: LocalServer) -> dict[str, Any]:
    return {"url_callback": receiver.url("/ok"), "url_errback": receiver.url("/bad")}


def test_the_callback_is_the_final_status(api: Api, assets: LocalServer, receiver: LocalServer) -> None:
    status = check_status(api.run("image.thumb", url=assets.url("/image.jpg"), width=8, **both(receiver)))

    assert callbacks.deliver_due().delivered == 1
    assert not callbacks.deliver_due()
    [request] = receiver.requests
    assert (request.method, request.path, request.json()) == ("POST", "/ok", status)
    assert request.json() == api.post("v2/status", {"tasks": [status["key"]]}).json()[0]
    assert request.headers["Content-Type"] == "application/json"
    assert requests.get(request.json()["result"]["output"], timeout=60).status_code == 200


def test_the_errback_is_for_failures(api: Api, assets: LocalServer, receiver: LocalServer) -> None:
    status = check_status(api.run("image.thumb", url=assets.url("/none.jpg"), **both(receiver)))

    assert callbacks.deliver_due().delivered == 1
    [request] = receiver.requests
    assert (request.path, request.json()) == ("/bad", status)
    assert isinstance(request.json()["error"], str)


def test_a_cancelled_task_is_a_failure(api: Api, receiver: LocalServer) -> None:
    [created] = api.create({**examples.CREATE_STREAM["tasks"][0], **both(receiver)})
    jobs.cancel(Job.objects.get())

    assert callbacks.deliver_due().delivered == 1
    [request] = receiver.requests
    assert (request.path, request.json()["status"]) == ("/bad", "error")
    assert check_status(request.json()) == api.get("v2/status", tasks=created["key"]).json()[0]


def test_nobody_is_called_whom_nobody_named(api: Api, receiver: LocalServer) -> None:
    api.run("hello", name="John", url_errback=receiver.url("/bad"))
    [refused] = api.create({"task_name": "hello", **both(receiver)})

    assert not callbacks.deliver_due()
    # A refused task is told at once, to who is still there to hear it.
    assert refused["status"] == "error"
    assert receiver.requests == []


def test_a_receiver_that_is_out_of_order_is_told_later(api: Api, receiver: LocalServer) -> None:
    receiver.routes["/ok"] = in_turn(Reply(status=500), Reply(status=503), Reply())
    status = api.run("hello", name="John", **both(receiver))

    for expected in (callbacks.Delivery(postponed=1), callbacks.Delivery(postponed=1), callbacks.Delivery(delivered=1)):
        assert callbacks.deliver_due() == expected
        Callback.objects.update(next_try_at=timezone.now())
    assert [request.json() for request in receiver.requests] == [status] * 3
    assert not callbacks.deliver_due()


@pytest.mark.parametrize("name", ["url_callback", "url_errback"])
@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/" + "a" * 2000,
        "http://example.com/\r\nX-Other: 1",
        "http://example.com:99999/",
        "http://a b/",
        "http://0x7f.1/",
        "http://example.com\\@example.org/",
    ],
)
def test_who_can_never_be_called_is_named_at_once(api: Api, name: str, url: str) -> None:
    [status] = api.create({"task_name": "hello", "name": "Jane", name: url})

    assert check_status(status)["error"]["parameters"].keys() == {name}
    assert not Job.objects.exists()


def test_private_addresses_are_not_called(api: Api, receiver: LocalServer) -> None:
    [created] = api.create({"task_name": "hello", "name": "John", **both(receiver)})
    with override_settings(MEDIACLOUD={"CLOUDS": LOCAL, "FETCH": {"ALLOW": []}}):
        work()
        assert callbacks.deliver_due().delivered == 0
    assert receiver.requests == []
    assert api.get("v2/status", tasks=created["key"]).json()[0]["status"] == "success"
    # It is the address, and nothing else.
    Callback.objects.update(next_try_at=timezone.now(), state="pending")
    assert callbacks.deliver_due().delivered == 1
