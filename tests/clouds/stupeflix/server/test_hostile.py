"""Requests of people who mean no good, and of programs that are broken: never a 500, never more than was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import requests
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_mediacloud.clouds.stupeflix.server.requests import MAX_KEYS
from django_mediacloud.clouds.stupeflix.server.submission import MAX_TASKS
from django_mediacloud.clouds.stupeflix.server.tasks import PART
from django_mediacloud.models import AccessKey, Job, Output
from tests.servers import LocalServer

from .conftest import Api
from .sites import check_status

pytestmark = pytest.mark.django_db(transaction=True)

HELLO = {"task_name": "hello", "name": "John"}
DEEP = b"[" * 10_000 + b"]" * 10_000


@pytest.mark.parametrize(
    "path", ["v2/create", "v2/create_stream", "v2/status", "v2/stream", "v2/create_file/x", "v1/create"]
)
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"tasks=1",
        b"\xff\xfe{}",
        b'{"tasks": "\xff"}',
        b"[]",
        b"5",
        b"null",
        b'"x"',
        DEEP,
        b'{"tasks": ' + DEEP + b"}",
        b'{"tasks": NaN}',
        b'{"tasks": 1e999}',
        b'{"tasks": ' + b"1" * 5_000 + b"}",
        b" " * 3_000_000,
        b'{"tasks": "' + b"x" * 3_000_000 + b'"}',
        b"\0",
    ],
    ids=range(16),
)
def test_bodies_that_are_none(api: Api, path: str, body: bytes) -> None:
    answer = api.session.post(api.base + path, data=body, timeout=60)

    assert answer.status_code == 400, answer.text
    assert answer.json()["status"] == "error"
    assert {error["location"] for error in answer.json()["errors"]} == {"body"}
    assert not Job.objects.exists()


@pytest.mark.parametrize("tasks", ["x", 5, None, True, {}, "", [[]], ["x"], [None], [5], [HELLO, 5], {"x": 1}])
@pytest.mark.parametrize("path", ["v2/create", "v2/create_stream"])
def test_tasks_that_are_none(api: Api, path: str, tasks: Any) -> None:
    answer = api.post(path, {"tasks": tasks})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"].startswith("tasks")
    assert not Job.objects.exists()


@pytest.mark.parametrize("name", ["", " ", 5, None, [], {}, True])
def test_names_that_are_none(api: Api, name: Any) -> None:
    answer = api.post("v2/create", {"tasks": [HELLO, {"task_name": name}]})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == "tasks.1.task_name"
    assert not Job.objects.exists()


@pytest.mark.parametrize(
    "name", ["x" * 1_000_000, "../../etc/passwd", "nul\0", "half \ud800", "image.thumb\n", "IMAGE.THUMB", "__class__"]
)
def test_names_of_nothing(api: Api, name: str) -> None:
    [status] = api.create({"task_name": name, "url": "http://files.com/a.jpg"})

    # A line feed at the end of a name is passed over.
    assert check_status(status)["status"] == ("queued" if name.strip() == "image.thumb" else "error")
    assert len(json.dumps(status)) < 1_000


@pytest.mark.parametrize("key", ["\ud800", "nul\0", "x" * 10_000, "__class__", "5", ""])
def test_parameters_of_nothing(api: Api, key: str) -> None:
    [status] = api.create({**HELLO, key: {"x": [1]}})

    assert check_status(status)["error"]["parameters"][key] == ["unknown parameter"]


@pytest.mark.parametrize("metas", [{"x": "\0"}, {"\0": 1}, {"x": "\ud800"}, {"x": json.loads("[" * 50 + "]" * 50)}])
def test_metas_that_no_database_takes(api: Api, metas: Any) -> None:
    [status] = api.create({**HELLO, "task_metas": metas})

    assert status["error"]["parameters"].keys() == {"task_metas"}
    assert not Job.objects.exists()


def test_more_tasks_than_a_request_may_have(api: Api) -> None:
    AccessKey.objects.update(max_unfinished=5_000, max_per_minute=5_000)
    for count in (MAX_TASKS + 1, 2_000):
        answer = api.post("v2/create", {"tasks": [HELLO] * count})
        assert answer.status_code == 400
        assert answer.json()["errors"][0]["name"] == "tasks"
    assert not Job.objects.exists()


@pytest.mark.parametrize("path", ["v2/create", "v2/create_stream", "v2/create_file/output"])
def test_a_small_request_has_no_large_answer(api: Api, path: str) -> None:
    nothings = [5] * 100_000

    answer = api.post(path, {"tasks": nothings, "task": nothings})

    assert answer.status_code == 400
    assert len(answer.json()["errors"]) == 1


@pytest.mark.parametrize(
    "key", ["", "A", "A" * 25, "A" * 27, "a" * 26, "1" * 26, "A" * 25 + "B", "x" * 100_000, "nul\0", "\ud800", "é" * 26]
)
@pytest.mark.parametrize("path", ["v2/status", "v2/status_stream"])
def test_keys_of_nothing(base: str, path: str, key: str) -> None:
    answer = requests.post(base + path, json={"tasks": [key]}, timeout=60)

    assert answer.status_code == 200
    [status] = answer.json()
    assert (status["status"], status["key"], status["events"]) == ("error", key, {})
    if "\ud800" not in key and len(key) < 1_000:
        assert requests.get(base + path, params={"tasks": key}, timeout=60).json() == [status]
        file = requests.get(f"{base}v2/file/output", params={"task": key}, timeout=60)
        assert file.status_code == (404 if key else 400)


@pytest.mark.parametrize("tasks", [5, None, [], {}, {"x": 1}, [5], [None], [["x"]], True, ["A"] * (MAX_KEYS + 1)])
def test_keys_that_are_none(base: str, tasks: Any) -> None:
    for path in ("v2/status", "v2/status_stream", "v1/status"):
        answer = requests.post(base + path, json={"tasks": tasks}, timeout=60)
        assert answer.status_code == 400, path
        assert answer.json()["errors"][0]["name"] == "tasks"


@pytest.mark.parametrize("path", ["v2/status", "v2/status_stream", "v1/status"])
def test_a_large_result_is_not_told_a_thousand_times(api: Api, base: str, path: str) -> None:
    key = api.run("hello", name="John" * 10_000)["key"]

    few = requests.post(base + path, json={"tasks": [key] * 10}, timeout=60)
    many = requests.post(base + path, json={"tasks": [key] * 1_000}, timeout=60)

    assert (few.status_code, len(few.json())) == (200, 10)
    assert (many.status_code, many.json()["errors"][0]["name"]) == (400, "tasks")


@pytest.mark.parametrize("flag", ["perhaps", 2, [True], {}, "\ud800"])
@pytest.mark.parametrize("name", ["block", "details"])
def test_flags_that_are_none(api: Api, name: str, flag: Any) -> None:
    [created] = api.create(HELLO)
    answer = api.post("v2/status", {"tasks": created["key"], name: flag})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == name


METHODS = {
    "v2/create": {"POST"},
    "v2/create_stream": {"POST"},
    "v2/status": {"GET", "POST"},
    "v2/status_stream": {"GET", "POST"},
    "v2/stream": {"GET", "POST"},
    "v2/create_file/output": {"GET", "POST"},
    "v2/file/output": {"GET"},
    "v2/storage/files": {"GET", "DELETE"},
    "v2/storage/files/x": {"GET", "DELETE"},
    "v2/storage/expiration": {"GET", "POST"},
    "hello/": {"GET", "POST"},
}


@pytest.mark.parametrize("path", METHODS)
def test_methods(base: str, path: str) -> None:
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"):
        answer = requests.request(method, base + path, timeout=60, allow_redirects=False)
        assert (answer.status_code == 405) == (method not in METHODS[path]), method
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        if answer.status_code == 405:
            assert set(answer.headers["Allow"].split(", ")) == METHODS[path]


@pytest.mark.parametrize("path", METHODS)
def test_a_page_may_ask_before_it_asks(base: str, path: str) -> None:
    headers = {
        "Origin": "https://example.com",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    answer = requests.options(base + path, headers=headers, timeout=60)

    assert answer.status_code == 204
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert {"authorization", "content-type"} <= set(allowed.split(", "))
    assert METHODS[path] - {"HEAD"} <= set(answer.headers["Access-Control-Allow-Methods"].split(", "))
    # With cookies it would be another matter.
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_cookies_open_nothing(base: str, issued: Any) -> None:
    client = Client()
    client.force_login(issued.key.owner)

    assert client.get("/stupeflix/v2/storage/files").status_code == 401
    assert client.post("/stupeflix/v2/create", {"tasks": HELLO}, content_type="application/json").status_code == 401


NAMES = ["..", "../x", "..%2f..%2fsecret_key", "%2e%2e%2f", "a/b", "%00", "%ff", "x" * 5_000, "%F0%9F%92%A9", "'\"<b>"]


@pytest.mark.parametrize("name", NAMES)
def test_names_of_files(api: Api, assets: LocalServer, name: str) -> None:
    status = api.run("image.thumb", url=assets.url("/image.jpg"), width=8)
    output = status["result"]["output"]
    directory = output.rpartition("/")[0]
    for url in (
        f"{directory}/{name}",
        f"{api.base}storage/{name}/x",
        f"{api.base}v2/file/{name}?task={status['key']}",
        f"{api.base}v2/storage/files/{status['key']}/{name}?secret=x",
    ):
        answer = requests.Request("GET", url).prepare()
        answer.url = url  # As it stands: requests would resolve the dots.
        with requests.Session() as session:
            found = session.send(answer, timeout=60, allow_redirects=False)
        # The only file of a task may be called anything, and is always that one.
        assert found.status_code in {400, 401, 404} or found.headers["Location"] == output, url


@pytest.mark.parametrize("content_type", ["text/html", "image/svg+xml", "application/xhtml+xml", "text/xml", "x", ""])
def test_a_stored_page_does_not_run_in_the_sites_name(api: Api, assets: LocalServer, content_type: str) -> None:
    status = api.run("image.thumb", url=assets.url("/image.jpg"), width=8)
    harmless = requests.get(status["result"]["output"], timeout=60)
    assert "attachment" not in harmless.headers.get("Content-Disposition", "")
    Output.objects.update(content_type=content_type)

    answer = requests.get(status["result"]["output"], timeout=60)

    assert answer.status_code == 200
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_files_outside_the_storage_stay_there(api: Api, assets: LocalServer, settings: Any, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("secret", encoding="utf-8")
    status = api.run("image.thumb", url=assets.url("/image.jpg"), width=8)
    Output.objects.update(path=str(tmp_path / "secret.txt"))

    answer = requests.get(status["result"]["output"], timeout=60)

    assert answer.status_code in {404, 503}
    assert answer.json()["status"] == "error"


@pytest.mark.parametrize("path", ["/stupeflix/v2/status", "/stupeflix/v1/status"])
def test_queries_do_not_grow_with_the_tasks(api: Api, assets: LocalServer, path: str) -> None:
    AccessKey.objects.update(max_per_minute=1_000)
    done = [api.run("image.thumb", url=assets.url("/image.jpg"), width=8)["key"] for _ in range(2)]
    waiting = [status["key"] for status in api.create(*[HELLO] * 30)]
    refused = [status["key"] for status in api.create(*[{"task_name": "hello"}] * 5)]

    def queries(keys: list[str]) -> int:
        with CaptureQueriesContext(connection) as captured:
            answer = Client().post(path, json.dumps({"tasks": keys}), content_type="application/json")
        assert len(answer.json()) == len(keys)
        return len(captured)

    assert queries([done[0], waiting[0]]) == queries(done + waiting + refused) <= 4
    assert queries(["A" * 26] * PART) <= 4 if "v2" in path else True
