"""The methods that make tasks and tell of them, over HTTP against a real server on a real port."""

from __future__ import annotations

import json
import re

import pytest
import requests

from django_mediacloud.access import Issued
from django_mediacloud.models import Job
from tests.servers import LocalServer

from .conftest import Api, work

pytestmark = pytest.mark.django_db(transaction=True)

KEY = re.compile(r"[A-Z2-7]{26}")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")


def test_a_task_is_queued_done_and_told(api: Api, assets: LocalServer) -> None:
    [status] = api.create({"task_name": "image.info", "url": assets.url("/image.jpg")})

    assert status == {"status": "queued", "key": status["key"], "events": {"queued": status["events"]["queued"]}}
    assert KEY.fullmatch(status["key"])
    assert DATE.fullmatch(status["events"]["queued"])

    work()

    [status] = api.get("v2/status", tasks=status["key"]).json()
    assert status["status"] == "success"
    assert status["progress"] is None
    assert status["result"]["width"] == 64
    assert {"queued", "started", "completed"} == status["events"].keys()


@pytest.mark.usefixtures("worker")
def test_block_waits_for_the_end(api: Api, assets: LocalServer) -> None:
    task = {"task_name": "image.info", "url": assets.url("/image.jpg")}

    first, second, third = api.create(task, {"task_name": "image.info"}, task, block=True)

    assert (first["status"], second["status"], third["status"]) == ("success", "error", "success")
    assert second["error"] == {"parameters": {"url": ["this field is required"]}}


@pytest.mark.usefixtures("worker")
def test_a_stream_tells_each_change_and_ends_without_a_line_feed(api: Api) -> None:
    tasks = [{"task_name": "hello", "name": "John"}, {"task_name": "hello", "name": "Jane"}]

    answer = api.post("v2/create_stream", {"tasks": tasks})

    assert not answer.content.endswith(b"\n")
    first, *changes = [json.loads(line) for line in answer.content.split(b"\n")]
    # How far the worker is by then, nobody can say.
    last = {status["key"]: status for status in [*first, *changes]}
    assert [last[status["key"]]["result"] for status in first] == ["Hello John", "Hello Jane"]


def test_refused_tasks_are_told_at_once_and_no_row_is_made(api: Api) -> None:
    [status] = api.create({"task_name": "image.thumb", "url": "http://files.com/a.jpg", "rotation": 45})

    assert status["status"] == "error"
    assert status["error"] == {"parameters": {"rotation": ["must be one of: 0, 90, 180, 270"]}}
    assert {"queued", "completed"} == status["events"].keys()
    assert not Job.objects.exists()
    # A client that polls all the same comes to an end.
    assert api.get("v2/status", tasks=status["key"]).json() == [status]


def test_without_tasks_the_answer_is_the_documented_one(api: Api) -> None:
    answer = api.post("v2/create", {})

    assert answer.status_code == 400
    assert answer.json() == {
        "status": "error",
        "errors": [{"name": "tasks", "location": "body", "description": "tasks is missing"}],
    }


def test_a_file_can_be_had_by_anybody_who_knows_its_address(api: Api, assets: LocalServer) -> None:
    status = api.run("image.thumb", url=assets.url("/image.jpg"), width=16)

    output = status["result"]["output"]
    assert re.fullmatch(api.base + r"storage/[A-Z2-7]{26}/dragon-image\.thumb-[A-Za-z0-9]{6}", output)
    answer = requests.get(output, timeout=60)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert requests.get(output[:-1] + "_", timeout=60).status_code == 404


def test_wrong_credentials(base: str, issued: Issued) -> None:
    for headers, body in [
        ({}, {}),
        ({"Authorization": "Secret WRONG"}, {}),
        ({}, {"secret": "WRONG"}),
        ({}, {"api_key": issued.credentials["api_key"]}),
        ({"Referer": "http://example.org/page"}, {"api_key": issued.credentials["api_key"]}),
    ]:
        task = {"tasks": {"task_name": "hello", "name": "John"}, **body}
        answer = requests.post(f"{base}v2/create", json=task, headers=headers, timeout=60)
        assert answer.status_code == 401, (headers, body)
    issued.key.refresh_from_db()
    assert issued.key.refused_count == 2
    assert not Job.objects.exists()
