"""Statuses of many tasks: their results may be large, and are never held all at once."""

from __future__ import annotations

import json
from itertools import islice

import pytest
import requests
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from django_mediacloud.clouds.stupeflix.server import tasks

from .conftest import Api, work

pytestmark = pytest.mark.django_db(transaction=True)

HELLO = {"task_name": "hello", "name": "John"}


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "PART", 2)


def ask(api: Api, path: str, keys: list[str]) -> list[dict[str, object]]:
    asked = {"tasks": keys, "details": True}
    with api.post(path, asked, stream=True) as answer:
        assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
        assert "Content-Length" not in answer.headers
        assert "no-store" in answer.headers["Cache-Control"]
        return list(json.loads(answer.content))


def test_a_long_list_is_that_of_its_short_ones(site_api: Api) -> None:
    refused, *made = [status["key"] for status in site_api.create({"task_name": "hello"}, *[HELLO] * 3)]
    keys = [made[0], refused, made[1], "A" * 26, made[2], made[0], "no key"]
    work()

    told = ask(site_api, "v2/status", keys)

    assert [status["key"] for status in told] == keys
    assert told == [site_api.get("v2/status", tasks=key, details="true").json()[0] for key in keys]
    assert told[0]["task_name"] == "hello"


def test_in_the_first_version_too(site_api: Api) -> None:
    keys = [status["key"] for status in site_api.create(*[HELLO] * 3, {"task_name": "hello"})]
    work()

    *told, refused = ask(site_api, "v1/status", keys)
    missing = site_api.post("v1/status", {"tasks": [*keys, "A" * 26]})

    assert [status["result"] for status in told] == ["Hello John"] * 3
    assert refused["result"] == {"parameters": {"name": ["this field is required"]}}
    assert missing.status_code == 404


def test_each_part_is_made_when_it_is_taken(api: Api) -> None:
    keys = [status["key"] for status in api.create(*[HELLO] * 9)]
    work()
    answer = Client().post("/stupeflix/v2/status", {"tasks": keys}, content_type="application/json")

    pieces = iter(answer.streaming_content)
    with CaptureQueriesContext(connection) as captured:
        first = next(pieces)
        asked_at_first = len(captured)
        rest = list(pieces)

    assert len(json.loads(first + b"]")) == 2
    assert len(captured) == 5 * asked_at_first
    assert max(map(len, rest)) <= len(first)
    answer.close()


def test_who_leaves_early_leaves_nothing_behind(site_api: Api) -> None:
    keys = [status["key"] for status in site_api.create(*[HELLO] * 9)]

    with requests.post(f"{site_api.base}v2/status", json={"tasks": keys}, stream=True, timeout=60) as answer:
        assert list(islice(answer.iter_content(1), 1)) == [b"["]

    assert len(ask(site_api, "v2/status", keys)) == 9
