"""Streams and answers that wait, from real servers on real ports, under ASGI and under WSGI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import requests

from django_mediacloud.serving import streams
from django_mediacloud.serving.hub import Hub
from tests.clouds.stupeflix import examples
from tests.media import MediaFactory
from tests.servers import LocalServer, Reply
from tests.site_servers import until

from .conftest import Api, work, working
from .sites import Gate, check_status, lines_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def gate(assets: LocalServer, media: MediaFactory) -> Iterator[Gate]:
    gate = Gate(Reply(body=media.picture("image.jpg", size=(64, 48))))
    assets.routes["/gated.jpg"] = gate
    yield gate
    gate.open()


def check_stream(lines: list[Any]) -> dict[str, list[dict[str, Any]]]:
    """The statuses of each task in the order in which they were told. The first line is the list."""
    first, *changes = lines
    told: dict[str, list[dict[str, Any]]] = {status["key"]: [status] for status in first}
    for status in [*first, *changes]:
        check_status(status)
    for change in changes:
        told[change["key"]].append(change)
    ranks = {"queued": 0, "executing": 1, "success": 2, "error": 2}
    for statuses in told.values():
        names = [status["status"] for status in statuses]
        assert [ranks[name] for name in names] == sorted(ranks[name] for name in names)
        assert [ranks[name] for name in names].count(2) == 1
    return told


@pytest.mark.usefixtures("worker")
def test_create_stream(site_api: Api) -> None:
    with site_api.post("v2/create_stream", examples.CREATE_STREAM, stream=True) as answer:
        text = b"".join(answer.iter_content(None))

    told = check_stream([json.loads(line) for line in text.split(b"\n")])
    assert [statuses[-1]["result"] for statuses in told.values()] == ["Hello John", "Hello Jane"]


def test_one_definition_may_be_streamed_too(site_api: Api) -> None:
    with working(), site_api.post("v2/create_stream", {"tasks": {"task_name": "hello", "name": "J"}}) as answer:
        told = check_stream([json.loads(line) for line in answer.content.split(b"\n")])
    assert [statuses[-1]["result"] for statuses in told.values()] == ["Hello J"]


def test_changes_come_while_the_work_goes_on(site_api: Api, assets: LocalServer, gate: Gate) -> None:
    tasks = [{"task_name": "hello", "name": "John"}, {"task_name": "image.info", "url": assets.url("/gated.jpg")}]
    with site_api.post("v2/create_stream", {"tasks": tasks}, stream=True) as answer:
        lines = lines_of(answer)
        hello, info = next(lines)
        assert [hello["status"], info["status"]] == ["queued", "queued"]
        with working():
            seen = [next(lines)]
            while (seen[-1]["key"], seen[-1]["status"]) != (info["key"], "executing"):
                seen.append(next(lines))
            # The second task cannot end before the gate opens, and the first one's end is known already.
            assert [line["result"] for line in seen if line["status"] == "success"] == ["Hello John"]
            gate.open()
            rest = list(lines)
    assert rest[-1]["result"]["width"] == 64
    check_stream([[hello, info], *seen, *rest])


@pytest.mark.parametrize("path", ["v2/stream", "v2/status_stream"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_status_stream(site_api: Api, path: str, method: str) -> None:
    keys = [status["key"] for status in site_api.create(*examples.CREATE_STREAM["tasks"])]
    with working():
        answer = site_api.get(path, tasks=keys) if method == "get" else site_api.post(path, {"tasks": keys})

    lines = [json.loads(line) for line in answer.content.split(b"\n")]
    assert [status["key"] for status in lines[0]] == keys
    assert [statuses[-1]["result"] for statuses in check_stream(lines).values()] == ["Hello John", "Hello Jane"]
    # All is final now: one line.
    assert requests.get(f"{site_api.base}{path}", params={"tasks": keys}, timeout=60).content.count(b"\n") == 0


def test_a_task_that_is_listed_twice_is_told_once_per_change(site_api: Api) -> None:
    [created] = site_api.create({"task_name": "hello", "name": "John"})
    with working():
        answer = site_api.get("v2/status_stream", tasks=[created["key"], created["key"]])

    first, *changes = [json.loads(line) for line in answer.content.split(b"\n")]
    assert [status["key"] for status in first] == [created["key"]] * 2
    assert [change["status"] for change in changes].count("success") == (first[0]["status"] != "success")
    blocked = site_api.get("v2/status", tasks=[created["key"], created["key"]], block="true").json()
    assert [status["result"] for status in blocked] == ["Hello John"] * 2


def test_an_unknown_key_among_known_ones_holds_nobody_up(site_api: Api) -> None:
    [created] = site_api.create({"task_name": "hello", "name": "John"})
    keys = ["A" * 26, created["key"]]
    with working():
        stream = site_api.get("v2/status_stream", tasks=keys)
        blocked = site_api.get("v2/status", tasks=keys, block="true").json()

    first, *changes = [json.loads(line) for line in stream.content.split(b"\n")]
    assert [status["key"] for status in first] == keys
    assert (first[0]["status"], isinstance(first[0]["error"], str)) == ("error", True)
    assert {change["key"] for change in changes} <= {created["key"]}
    assert [status["status"] for status in blocked] == ["error", "success"]


def test_refused_tasks_stand_among_the_others(site_api: Api) -> None:
    tasks = [{"task_name": "hello"}, {"task_name": "hello", "name": "John"}, {"task_name": "no.such"}]
    with working():
        answer = site_api.post("v2/create_stream", {"tasks": tasks})

    lines = [json.loads(line) for line in answer.content.split(b"\n")]
    told = check_stream(lines)
    assert [statuses[-1]["status"] for statuses in told.values()] == ["error", "success", "error"]
    assert [status["status"] for status in lines[0]][::2] == ["error", "error"]


def test_who_leaves_is_forgotten_and_the_work_goes_on(site_api: Api, hub: Hub) -> None:
    with closing(site_api.post("v2/create_stream", examples.CREATE_STREAM, stream=True)) as answer:
        lines = lines_of(answer)  # Forgotten, it would hang up by itself.
        keys = [status["key"] for status in next(lines)]
        until(lambda: hub.watched == 2)
    work()

    statuses = site_api.get("v2/status", tasks=keys).json()
    assert [status["result"] for status in statuses] == ["Hello John", "Hello Jane"]


def test_waiting_answers_are_one_json_document(
    site_api: Api, assets: LocalServer, gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Under WSGI the head of an answer leaves with its first byte, and here that is the first sign of life.
    monkeypatch.setattr(streams, "KEEP_ALIVE_S", 0.1)
    [created] = site_api.create({"task_name": "image.info", "url": assets.url("/gated.jpg")})
    with (
        site_api.session.get(
            f"{site_api.base}v2/status", params={"tasks": created["key"], "block": "true"}, stream=True, timeout=60
        ) as answer,
        working(),
    ):
        until(lambda: assets.requests)
        gate.open()
        [status] = json.loads(b"".join(answer.iter_content(None)))

    assert check_status(status)["result"]["width"] == 64
