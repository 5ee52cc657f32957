"""This site on a real port under uvicorn and under a threaded WSGI server, and what to read answers with."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests

from tests.servers import Recorded, Reply
from tests.site_servers import asgi_server, wsgi_server

KEY = re.compile(r"[A-Z2-7]{26}")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")
EVENTS = {
    "queued": [{"queued"}],
    "executing": [{"queued", "started"}],
    "success": [{"queued", "started", "completed"}, {"queued", "completed"}],
    "error": [{"queued", "started", "completed"}, {"queued", "completed"}],
}


def check_status(status: dict[str, Any]) -> dict[str, Any]:
    """``status``, which has exactly the documented keys, in the documented notation."""
    name = status["status"]
    expected = {"status", "key", "events"}
    if name != "queued":
        expected |= {"progress"}
    if name in ("success", "error"):
        expected |= {"result" if name == "success" else "error"}
        assert status["progress"] is None
    assert status.keys() - ({"result"} if name == "executing" else set()) == expected, status
    assert KEY.fullmatch(status["key"])
    assert status["events"].keys() in EVENTS[name], status
    assert all(DATE.fullmatch(moment) for moment in status["events"].values()), status
    in_order = [status["events"][event] for event in ("queued", "started", "completed") if event in status["events"]]
    assert in_order == sorted(in_order)
    return status


def lines_of(answer: requests.Response) -> Iterator[Any]:
    """Each line of a stream, as it comes."""
    return map(json.loads, answer.iter_lines(chunk_size=1))


class Gate:
    """A route that answers ``reply`` only once it is open."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._is_open = threading.Event()

    def __call__(self, _request: Recorded) -> Reply:
        self._is_open.wait(60)
        return self._reply

    def open(self) -> None:
        self._is_open.set()


@contextmanager
def wsgi_site() -> Iterator[str]:
    with wsgi_server() as base:
        yield f"{base}/stupeflix/"


@contextmanager
def asgi_site() -> Iterator[str]:
    with asgi_server() as base:
        yield f"{base}/stupeflix/"


SITES = {"asgi": asgi_site, "wsgi": wsgi_site}
