"""What a site may have set, what may be away, and what stands between the server and its clients."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.db import OperationalError, connection
from django.test import Client, override_settings

from django_mediacloud.access import Issued, issue
from django_mediacloud.models import AccessKey, Job, Output
from tests.servers import LocalServer

from .conftest import LOCAL, Api, working

pytestmark = pytest.mark.django_db(transaction=True)

HELLO = {"task_name": "hello", "name": "John"}


def thumb(assets: LocalServer) -> dict[str, Any]:
    return {"task_name": "image.thumb", "url": assets.url("/image.jpg"), "width": 8}


# --- Settings of the site


@pytest.mark.usefixtures("worker")
def test_a_site_with_a_transaction_around_each_request(
    api: Api, assets: LocalServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)

    [status] = api.create(HELLO, block=True)
    assert status["result"] == "Hello John"
    assert '"Hello John"' in api.post("v2/create_stream", {"tasks": HELLO}).text
    led = api.post("v2/create_file/output", {"task": thumb(assets)}, allow_redirects=False)
    assert led.status_code == 302, led.text
    assert api.get("image.thumb/", **thumb(assets), response="result").status_code == 302
    assert api.get("v2/storage/files").json()["usage"] > 0


@pytest.mark.parametrize("path", ["v2/create", "v2/create_stream", "v2/create_file/output", "v2/", "hello/"])
def test_a_key_whose_cloud_is_gone_from_the_settings(api: Api, path: str, caplog: pytest.LogCaptureFixture) -> None:
    AccessKey.objects.update(cloud="gone")

    answer = api.get(path) if path == "v2/" else api.post(path, {"tasks": HELLO, "task": HELLO})

    assert answer.status_code == 503
    assert (answer.json()["status"], int(answer.headers["Retry-After"]) > 0) == ("error", True)
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    # The operator is told which one; the client is not.
    assert "gone" in caplog.text
    assert "gone" not in answer.text
    assert not Job.objects.exists()


@pytest.mark.parametrize("path", ["v2/status", "v2/create", "v2/file/output", "v2/storage/files"])
def test_a_database_that_is_away(secret: str, path: str) -> None:
    def away(*_: Any) -> None:
        raise OperationalError("no route to db.internal")

    client = Client(headers={"authorization": f"Secret {secret}"})
    with connection.execute_wrapper(away):
        if path == "v2/create":
            answer = client.post(f"/stupeflix/{path}", {"tasks": HELLO}, content_type="application/json")
        else:
            answer = client.get(f"/stupeflix/{path}", {"tasks": "A" * 26, "task": "A" * 26})

    assert (answer.status_code, answer["Content-Type"]) == (503, "application/json")
    assert int(answer["Retry-After"]) > 0
    assert "internal" not in answer.content.decode()


def test_a_storage_that_is_gone_from_the_settings(
    api: Api, assets: LocalServer, caplog: pytest.LogCaptureFixture
) -> None:
    status = api.run("image.thumb", url=assets.url("/image.jpg"), width=8)
    Output.objects.update(storage="cellar")

    answer = requests.get(status["result"]["output"], timeout=60)

    assert (answer.status_code, answer.json()["status"]) == (503, "error")
    assert int(answer.headers["Retry-After"]) > 0
    assert "cellar" in caplog.text
    assert "cellar" not in answer.text


@pytest.mark.parametrize("mount", ["/stupeflix/", "/"])
def test_each_mount_tells_addresses_of_its_own(live_server: Any, secret: str, assets: LocalServer, mount: str) -> None:
    base = live_server.url + mount
    with working():
        [status] = Api(base, secret).create(thumb(assets), block=True)

    url = status["result"]["output"]
    assert url.startswith(f"{base}storage/")
    assert requests.get(url, timeout=60).headers["Content-Type"] == "image/jpeg"


# --- What Django itself does not read


def test_more_keys_than_a_query_may_have(base: str, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FIELDS = 10

    answer = requests.get(f"{base}v2/status", params={"tasks": ["A" * 26] * 11}, timeout=60)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["location"] == "body"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize("content_type", ["multipart/form-data", "application/x-www-form-urlencoded; charset=utf-16"])
def test_forms_that_are_none(base: str, content_type: str) -> None:
    answer = requests.post(f"{base}hello/", data=b"x", headers={"Content-Type": content_type}, timeout=60)

    assert answer.status_code == 400
    assert answer.json()["status"] == "error"


# --- Caches


CACHING = {
    "MIDDLEWARE": [
        "django.middleware.cache.UpdateCacheMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.cache.FetchFromCacheMiddleware",
    ],
    "CACHES": {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "door"}},
    "MEDIACLOUD": {"CLOUDS": LOCAL},
}


def test_a_cache_of_the_site_gives_nobody_anothers_answer(issued: Issued) -> None:
    """Django's own takes answers by their address: who asks stands in a header."""
    secrets = [issued.credentials["secret"], issue("stupeflix", keep_days=3).credentials["secret"]]
    with override_settings(**CACHING):
        told = [
            Client(headers={"authorization": f"Secret {secret}"}).get("/stupeflix/v2/storage/expiration")
            for secret in secrets
        ]

    assert [answer.json() for answer in told] == [0, 3]
    assert {"no-store", "private"} <= set(told[0]["Cache-Control"].split(", "))


def test_a_status_is_told_anew_each_time(api: Api) -> None:
    [created] = api.create(HELLO)
    with override_settings(**CACHING):
        before = Client().get("/stupeflix/v2/status", {"tasks": created["key"]}).json()
        Job.objects.update(state="cancelled")
        after = Client().get("/stupeflix/v2/status", {"tasks": created["key"]}).json()

    assert [before[0]["status"], after[0]["status"]] == ["queued", "error"]


# --- Pages of other sites


def test_a_page_may_read_parts_of_a_file(base: str, api: Api, assets: LocalServer) -> None:
    with working():
        [status] = api.create(thumb(assets), block=True)
    url = status["result"]["output"]

    asked = requests.options(url, headers={"Origin": "https://example.com"}, timeout=60)
    part = requests.get(url, headers={"Origin": "https://example.com", "Range": "bytes=0-1"}, timeout=60)

    assert "range" in asked.headers["Access-Control-Allow-Headers"].lower().split(", ")
    assert (part.status_code, part.content) == (206, b"\xff\xd8")
    assert part.headers["Access-Control-Allow-Origin"] == "*"
    exposed = set(part.headers["Access-Control-Expose-Headers"].split(", "))
    assert {"Accept-Ranges", "Content-Range", "Content-Length", "ETag"} <= exposed


def test_a_middleware_that_packs_answers_leaves_files_as_they_are(api: Api, assets: LocalServer, settings: Any) -> None:
    with working():
        [status] = api.create(thumb(assets), block=True)
    path = urlsplit(status["result"]["output"]).path
    size = api.get("v2/storage/files").json()["usage"]
    settings.MIDDLEWARE = ["django.middleware.gzip.GZipMiddleware", *settings.MIDDLEWARE]

    whole = Client().get(path, headers={"accept-encoding": "gzip"})
    part = Client().get(path, headers={"accept-encoding": "gzip", "range": "bytes=2-5"})

    assert (whole["Content-Length"], len(whole.getvalue())) == (str(size), size)
    assert whole["ETag"].startswith('"')
    assert (part.status_code, part["Content-Length"], len(part.getvalue())) == (206, "4", 4)
