"""Each example of the API's documentation, request and answer, against a real server on a real port.

The requests are those of ``examples.py`` with the documentation's host names and keys replaced by real ones.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from django_mediacloud.access import Issued, issue
from django_mediacloud.models import Job
from tests.clouds.stupeflix import examples
from tests.servers import LocalServer, Reply
from tests.site_servers import until

from .conftest import Api, work, working
from .sites import Gate, check_status

pytestmark = pytest.mark.django_db(transaction=True)

Here = Callable[[Any], Any]


@pytest.fixture
def here(assets: LocalServer, issued: Issued) -> Here:
    """An example of the documentation as it must be sent to this site."""

    def here(example: Any) -> Any:
        text = json.dumps(example).replace("http://files.com", assets.url(""))
        text = text.replace("123456", issued.credentials["secret"]).replace("654321", issued.credentials["api_key"])
        return json.loads(text)

    return here


def create(base: str, body: Any, **headers: str) -> requests.Response:
    return requests.post(f"{base}v2/create", json=body, headers=headers, timeout=60)


# --- Authentication


def test_secret_in_the_body(base: str, here: Here) -> None:
    [status] = create(base, here(examples.SECRET_BODY)).json()

    assert check_status(status)["status"] == "queued"


@pytest.mark.parametrize("scheme", ["Secret ", "SECRET ", "secret ", ""])
def test_secret_in_the_header(base: str, here: Here, scheme: str) -> None:
    header = here(examples.SECRET_HEADER).replace("Secret ", scheme)

    assert create(base, here(examples.CREATE), Authorization=header).status_code == 200
    listing = requests.get(f"{base}v2/storage/files", headers={"Authorization": header}, timeout=60)
    assert listing.json() == {"files": [], "directories": [], "usage": 0}


def test_secret_in_the_query(base: str, here: Here) -> None:
    address = here(examples.SECRET_URL).replace(examples.BASE_URL, f"{base}v2/")

    assert requests.get(address, timeout=60).json() == {"files": [], "directories": [], "usage": 0}
    assert requests.get(address[:-1], timeout=60).status_code == 401


@pytest.mark.parametrize("name", ["Referrer", "Referer"])
def test_api_key_with_its_referrer(base: str, here: Here, name: str) -> None:
    page = {name: "https://example.com/page?x=1"}
    for body, headers in [
        (examples.API_KEY_BODY, {}),
        (examples.CREATE, {"Authorization": examples.API_KEY_HEADER}),
        (examples.CREATE, {"Authorization": examples.API_KEY_HEADER.upper()}),
    ]:
        assert create(base, here(body), **here(headers), **page).status_code == 200, headers
        for elsewhere in ({}, {name: "https://example.com.evil.org/"}, {name: "https://evil.org/?example.com"}):
            assert create(base, here(body), **here(headers), **elsewhere).status_code == 401, elsewhere


def test_what_a_script_can_set_does_not_outweigh_the_browsers_word(base: str, here: Here) -> None:
    body, forged = here(examples.API_KEY_BODY), {"Referrer": "https://example.com/"}

    assert create(base, body, **forged, Origin="https://evil.org").status_code == 401
    assert create(base, body, **forged, Origin="null").status_code == 401
    assert create(base, body, **forged, Referer="https://evil.org/").status_code == 401
    assert create(base, body, Origin="https://example.com").status_code == 200


# --- HTTP status codes


def test_tasks_are_missing(base: str, secret: str) -> None:
    answer = create(base, {"secret": secret})

    assert answer.status_code == 400
    assert answer.json() == examples.REFUSED


@pytest.mark.parametrize("path", ["v2/create", "v2/create_stream", "v2/storage/expiration"])
def test_nobody_is_told_so(base: str, path: str) -> None:
    answer = requests.post(base + path, json=examples.CREATE, timeout=60)

    assert answer.status_code == 401
    body = answer.json()
    assert body["status"] == "error"
    assert [error.keys() for error in body["errors"]] == [{"name", "location", "description"}]


# --- Definitions and statuses


def test_a_definition_with_its_store(api: Api, here: Here) -> None:
    [status] = api.create(here(examples.DEFINITION))
    work()

    assert check_status(api.get("v2/status", tasks=status["key"]).json()[0])["status"] == "success"


def test_executing(api: Api, assets: LocalServer, media: Any) -> None:
    gate = Gate(Reply(body=media.picture("image.jpg", size=(64, 48))))
    assets.routes["/image.jpg"] = gate
    with working():
        [queued] = api.create({"task_name": "image.info", "url": assets.url("/image.jpg")})
        until(lambda: assets.requests)
        [status] = api.get("v2/status", tasks=queued["key"]).json()
        gate.open()
        [final] = api.get("v2/status", tasks=queued["key"], block="true").json()

    assert check_status(status)["status"] == "executing"
    assert status.keys() == examples.EXECUTING.keys()
    assert check_status(final)["status"] == "success"


def test_success(api: Api, assets: LocalServer, tmp_path: Path) -> None:
    """The documentation's example was taken from a photograph; this one tells the same of itself."""
    picture = Image.new("RGB", (1918, 1320))
    exif = Image.Exif()
    exif[0x0112] = 1
    details = exif.get_ifd(0x8769)
    details |= {
        0x829A: IFDRational(156, 100_000),
        0x8827: 640,
        0x9003: "2009:11:02 01:21:55",
        0x9209: 0,
        0x920A: IFDRational(2800, 1),
    }
    picture.save(tmp_path / "image.jpg", exif=exif)
    assets.routes["/image.jpg"] = Reply(body=tmp_path / "image.jpg")

    status = api.run("image.info", url=assets.url("/image.jpg"))

    expected = {**examples.SUCCESS["result"], "rotation": 0, "exif_orientation": 1}
    assert check_status(status)["result"] == expected


def test_parameters_that_do_not_hold(api: Api) -> None:
    [status] = api.create({"task_name": "image.info"})

    assert check_status(status).keys() == examples.INVALID.keys()
    assert status["events"].keys() == examples.INVALID["events"].keys()
    assert status["error"] == examples.INVALID["error"]


def test_a_task_that_fails_says_why_in_words(api: Api, assets: LocalServer) -> None:
    assets.routes["/image.jpg"] = Reply(body=b"no picture")

    status = api.run("image.info", url=assets.url("/image.jpg"))

    assert check_status(status)["status"] == "error"
    assert isinstance(status["error"], str)
    assert len(status["error"]) > 10


def test_partial_results(api: Api) -> None:
    [created] = api.create({"task_name": "hello", "name": "John"})
    Job.objects.update(state="running", progress=100, values={"duration": 10}, started_at=Job.objects.get().created_at)

    [status] = api.get("v2/status", tasks=created["key"]).json()

    assert check_status(status).keys() == examples.PARTIAL.keys()
    assert status["events"].keys() == examples.PARTIAL["events"].keys()
    assert (status["status"], status["progress"], status["result"]) == ("executing", 100, {"duration": 10})


# --- Methods


def test_create(api: Api, here: Here) -> None:
    answer = api.post("v2/create", here(examples.CREATE))

    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("application/json")
    first, second = map(check_status, answer.json())
    assert [first.keys(), second.keys()] == [status.keys() for status in examples.CREATED]
    assert first["status"] == second["status"] == "queued"
    assert first["key"] != second["key"]
    work()
    results = [status["result"] for status in api.get("v2/status", tasks=[first["key"], second["key"]]).json()]
    assert (results[0]["type"], results[1]["original_width"]) == ("image", 64)


def test_one_definition_is_answered_with_a_list_too(api: Api, here: Here) -> None:
    answer = api.post("v2/create", {"tasks": here(examples.CREATE)["tasks"][0]}).json()

    assert [check_status(status)["status"] for status in answer] == ["queued"]


@pytest.mark.usefixtures("worker")
def test_create_and_wait(api: Api, here: Here) -> None:
    statuses = api.post("v2/create", {**here(examples.CREATE), "block": True}).json()

    assert [check_status(status)["status"] for status in statuses] == ["success", "success"]
    assert "exif_orientation" in statuses[0]["result"]


@pytest.mark.parametrize("block", ["true", "True", "1"])
def test_status_by_get(api: Api, here: Here, block: str) -> None:
    keys = [status["key"] for status in api.create(*here(examples.CREATE)["tasks"])]
    address = examples.STATUS_URL.replace("block=true", f"block={block}")
    for documented, key in zip(examples.KEYS, reversed(keys), strict=True):
        address = address.replace(documented, key)
    with working():
        statuses = requests.get(address.replace(examples.BASE_URL, f"{api.base}v2/"), timeout=60).json()

    assert [check_status(status)["key"] for status in statuses] == keys[::-1]
    assert [status["status"] for status in statuses] == ["success", "success"]


@pytest.mark.parametrize("block", [True, False, None])
def test_status_by_post(api: Api, here: Here, block: bool | None) -> None:
    keys = [status["key"] for status in api.create(*here(examples.CREATE)["tasks"])]
    asked = {"tasks": keys} if block is None else {"tasks": keys, "block": block}
    if not block:
        statuses = api.post("v2/status", asked).json()
        assert [check_status(status)["status"] for status in statuses] == ["queued", "queued"]
        work()
    with working():
        statuses = api.post("v2/status", {**asked, "block": True}).json()
    assert [check_status(status)["key"] for status in statuses] == keys
    assert api.post("v2/status", {"tasks": keys[0]}).json() == statuses[:1]


@pytest.mark.parametrize("method", ["get", "post"])
def test_details(api: Api, base: str, here: Here, method: str) -> None:
    [created] = api.create({**here(examples.DEFINITION), "task_metas": {"source": "probe"}})
    if method == "get":
        [status] = api.get("v2/status", tasks=created["key"], details="true").json()
        [by_nobody] = requests.get(f"{base}v2/status?tasks={created['key']}&details=true", timeout=60).json()
    else:
        [status] = api.post("v2/status", {"tasks": [created["key"]], "details": True}).json()
        asked = {"tasks": [created["key"]], "details": True}
        [by_nobody] = requests.post(f"{base}v2/status", json=asked, timeout=60).json()

    assert here(examples.DEFINITION)["url"] in json.dumps(status)
    assert "volatile" in json.dumps(status)
    assert check_status(by_nobody) == created


def test_details_are_told_to_nobody_else(api: Api, base: str, here: Here, issued: Issued) -> None:
    [created] = api.create(here(examples.DEFINITION))
    another = issue("stupeflix").credentials["secret"]
    page = {"Authorization": f"Api-Key {issued.credentials['api_key']}", "Referer": "http://example.com/"}

    for headers in ({"Authorization": f"Secret {another}"}, page):
        asked = {"tasks": created["key"], "details": True}
        answer = requests.post(f"{base}v2/status", json=asked, headers=headers, timeout=60)
        assert answer.json() == [created]


# --- Storage systems


def test_two_stores_in_one_request(api: Api, here: Here) -> None:
    created = api.create(*here(examples.STORES)["tasks"])
    work()

    statuses = api.get("v2/status", tasks=[status["key"] for status in created]).json()
    for status in map(check_status, statuses):
        assert requests.get(status["result"]["output"], timeout=60).headers["Content-Type"] == "image/jpeg"
    # The storage methods are about the persistent store.
    assert api.get("v2/storage/files/").json()["directories"] == [statuses[1]["key"] + "/"]
    listing = api.get(f"v2/storage/files/{statuses[1]['key']}").json()
    assert listing.keys() == examples.LISTING.keys()
    assert listing["files"][0].keys() == examples.LISTING["files"][0].keys()
    assert api.delete("v2/storage/files").json().keys() == examples.DELETION.keys()
