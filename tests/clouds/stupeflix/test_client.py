from __future__ import annotations

import datetime as dt
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from django_mediacloud import exceptions
from django_mediacloud.clouds.stupeflix.client import (
    Stupeflix,
    StupeflixUnavailable,
    TaskDefinition,
    TaskFailed,
)
from django_mediacloud.core.states import State
from django_mediacloud.transport.session import make_session
from tests.servers import LocalServer, RawServer, Reply, in_turn, json_reply

from . import examples
from .connecting import SECRET, TASK, connect

Serve = Callable[..., LocalServer]

FIXTURES = Path(__file__).with_name("fixtures")


def target_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


class Recorded:
    """Answers with a recorded response, and keeps the request as it came."""

    def __init__(self, name: str) -> None:
        self.expected, self._response = (
            (FIXTURES / f"{name}.{side}.bin").read_bytes() for side in ("request", "response")
        )
        self.request = b""

    @property
    def body(self) -> bytes:
        return self.request.partition(b"\r\n\r\n")[2]

    @property
    def expected_body(self) -> bytes:
        return self.expected.partition(b"\r\n\r\n")[2]

    def __call__(self, client: socket.socket, _stopping: threading.Event) -> None:
        while len(self.body) < len(self.expected_body) and (piece := client.recv(65_536)):
            self.request += piece
        client.sendall(self._response)


def test_a_creation_is_the_recorded_one() -> None:
    talk = Recorded("js-01-create")
    tasks = [
        {"task_name": "image.info", "url": "http://files.com/a.jpg", "task_metas": {"source": "probe"}},
        {
            "task_name": "image.thumb",
            "url": "http://files.com/b.jpg",
            "task_store": {"type": "volatile"},
            "task_metas": {"source": "probe"},
        },
    ]

    options = {"api_key": "test-api-key", "referrer": "http://example.com/page", "credentials_in": "body"}
    with RawServer(talk) as server, connect(server, **options) as stupeflix:
        created = stupeflix.create(tasks)

    assert talk.body == talk.expected_body
    assert talk.request.startswith(b"POST /v2/create HTTP/1.1\r\n")
    assert b"\r\nReferer: http://example.com/page\r\n" in talk.request
    assert [status.key for status in created] == examples.KEYS
    assert created[0].events["queued"] == dt.datetime(2013, 4, 3, 15, 47, 27, 703674, tzinfo=dt.UTC)


def test_a_poll_is_the_recorded_one() -> None:
    talk = Recorded("js-02-status")

    with RawServer(talk) as server, connect(server, api_key="test-api-key", credentials_in="body") as stupeflix:
        first, second = stupeflix.status(examples.KEYS)

    assert talk.body == talk.expected_body
    assert (first.state, first.progress) == (State.RUNNING, 40)
    assert (second.state, second.result) == (State.COLLECTING, {"output": "http://x/y"})


@pytest.mark.parametrize(
    ("options", "example"),
    [({"secret": "123456"}, examples.SECRET_BODY), ({"api_key": "654321"}, examples.API_KEY_BODY)],
)
def test_credentials_in_the_body(options: dict[str, str], example: dict[str, Any], serve: Serve) -> None:
    server = serve({"/v2/create": json_reply([examples.CREATED[0]])})

    with connect(server, credentials_in="body", **options) as stupeflix:
        stupeflix.create(example["tasks"])

    assert server.requests[0].json() == example
    assert server.requests[0].headers["Authorization"] is None


@pytest.mark.parametrize(
    ("options", "header"),
    [({"secret": "123456"}, examples.SECRET_HEADER), ({"api_key": "654321"}, examples.API_KEY_HEADER)],
)
def test_credentials_in_the_header(options: dict[str, str], header: str, serve: Serve) -> None:
    server = serve({"/v2/create": json_reply(examples.CREATED), "/v2/storage/files": json_reply(examples.LISTING)})

    with connect(server, referrer="https://example.com/", **options) as stupeflix:
        stupeflix.create(examples.CREATE["tasks"])
        stupeflix.storage_files()

    assert server.requests[0].json() == examples.CREATE
    assert [request.headers["Authorization"] for request in server.requests] == [header, header]
    assert server.requests[0].headers["Referer"] == server.requests[0].headers["Referrer"] == "https://example.com/"
    assert server.paths[1] == "/v2/storage/files"


def test_credentials_in_the_query_of_a_get(serve: Serve) -> None:
    server = serve({"/v2/storage/files": json_reply(examples.LISTING)})

    with connect(server, secret="123456", credentials_in="body") as stupeflix:
        stupeflix.storage_files()

    assert server.paths == [target_of(examples.SECRET_URL)]


def test_tasks_as_definitions(serve: Serve) -> None:
    server = serve({"/v2/create": json_reply(examples.CREATED)})
    tasks = [
        TaskDefinition(
            task_name="image.thumb", parameters={"url": "http://files.com/image.jpg"}, store={"type": "volatile"}
        ),
        TaskDefinition(task_name="hello", url_callback="https://a.example/ok", url_errback="https://a.example/no"),
    ]

    with connect(server) as stupeflix:
        stupeflix.create(tasks, block=True)

    assert server.requests[0].json() == {
        "tasks": [
            examples.STORES["tasks"][0],
            {"task_name": "hello", "url_callback": "https://a.example/ok", "url_errback": "https://a.example/no"},
        ],
        "block": True,
    }


def test_status_by_get_is_that_of_the_documentation(serve: Serve) -> None:
    server = serve({"/v2/status": json_reply(examples.CREATED)})

    with connect(server) as stupeflix:
        assert [status.key for status in stupeflix.status(examples.KEYS, block=True, method="GET")] == examples.KEYS
        stupeflix.status(examples.KEYS[0], details=True, method="GET")
        stupeflix.status(examples.KEYS[0], block=True, details=True)

    assert server.paths[0] == target_of(examples.STATUS_URL)
    assert server.paths[1] == f"/v2/status?tasks={examples.KEYS[0]}&details=true"
    assert server.requests[2].json() == {"tasks": [examples.KEYS[0]], "block": True, "details": True}


def test_storage_files(serve: Serve) -> None:
    server = serve({"/v2/storage/files/KEY/a%20%3F%C3%A9": json_reply(examples.LISTING)})

    with connect(server) as stupeflix:
        listing = stupeflix.storage_files("/KEY/a ?é", recursive=True)

    assert listing.files[0].name == "dragon-image.thumb-IeWutW"
    assert listing.files[0].last_modified == dt.datetime(2013, 10, 28, 20, 22, 21, tzinfo=dt.UTC)
    assert (listing.directories, listing.usage_bytes) == (("XDJC6DIS5UDSFBBOLXWMN27ORI/",), 4293)
    assert server.paths == ["/v2/storage/files/KEY/a%20%3F%C3%A9?recursive=true"]


def test_delete_files(serve: Serve) -> None:
    server = serve({path: json_reply(examples.DELETION) for path in ("/v2/storage/files", "/v2/storage/files/KEY/")})

    with connect(server, credentials_in="body") as stupeflix:
        deletion = stupeflix.delete_files(
            "KEY/",
            from_=dt.datetime(2013, 10, 1, tzinfo=dt.UTC),
            to=dt.datetime(2013, 11, 1, tzinfo=dt.UTC),
            max_age=7,
            dry_run=True,
        )
        stupeflix.delete_files(urls=["https://files.example/1"])
        stupeflix.delete_files("")

    assert deletion.deleted == tuple(examples.DELETION["deleted"])
    assert (deletion.freed_bytes, deletion.usage_bytes) == (1257, 6578)
    assert {request.method for request in server.requests} == {"DELETE"}
    assert [request.json() for request in server.requests] == [
        {
            "from": "2013-10-01T00:00:00.000000+00:00",
            "to": "2013-11-01T00:00:00.000000+00:00",
            "max_age": 7,
            "dry_run": True,
            "secret": SECRET,
        },
        {"urls": ["https://files.example/1"], "secret": SECRET},
        {"secret": SECRET},
    ]


def test_everything_is_deleted_only_if_asked_for(serve: Serve) -> None:
    server = serve()

    with connect(server) as stupeflix:
        with pytest.raises(exceptions.InvalidParameters, match="path"):
            stupeflix.delete_files(dry_run=True)
        with pytest.raises(exceptions.InvalidParameters, match="urls: is empty"):
            stupeflix.delete_files(urls=[])
        with pytest.raises(exceptions.InvalidParameters, match="without a zone"):
            stupeflix.delete_files("", to=dt.datetime(2013, 10, 1))

    assert server.requests == []


@pytest.mark.parametrize("path", ["..", "KEY/../../expiration", "./KEY"])
def test_a_path_never_leads_out_of_the_store(path: str, serve: Serve) -> None:
    server = serve()

    with connect(server) as stupeflix:
        # So it would arrive without the check.
        assert make_session().get(server.url(f"/v2/storage/files/{path}")).request.path_url != f"/v2/{path}"
        assert ".." not in server.paths[0]
        with pytest.raises(exceptions.InvalidParameters, match="path"):
            stupeflix.delete_files(path)

    assert len(server.requests) == 1


def test_expiration(serve: Serve) -> None:
    server = serve({"/v2/storage/expiration": in_turn(json_reply(7), json_reply({"anything": True}))})

    with connect(server) as stupeflix:
        assert stupeflix.get_expiration() == 7
        stupeflix.set_expiration(0)
        with pytest.raises(exceptions.InvalidParameters, match="days: must be at least 0"):
            stupeflix.set_expiration(-1)

    assert server.requests[1].json() == {"days": 0}
    assert len(server.requests) == 2


def test_v1_is_another_base_url(serve: Serve) -> None:
    failed = {"status": "error", "key": "K", "result": "File 'x' is not a valid image file"}
    server = serve({"/v1/status": json_reply([failed])})

    with Stupeflix(secret=SECRET, base_url=server.url("/v1")) as stupeflix:
        (status,) = stupeflix.status("K")

    assert (status.error, status.result) == ("File 'x' is not a valid image file", None)


def test_run(serve: Serve) -> None:
    done = {**examples.SUCCESS, "key": examples.KEYS[0]}
    server = serve({"/v2/create": json_reply([examples.CREATED[0]]), "/v2/status": json_reply([done])})

    with connect(server) as stupeflix:
        assert stupeflix.run(TASK).result == examples.SUCCESS["result"]

    assert [request.json() for request in server.requests] == [
        {"tasks": [TASK]},
        {"tasks": [examples.KEYS[0]], "block": True},
    ]


def test_run_of_a_task_that_fails(serve: Serve) -> None:
    server = serve({"/v2/create": json_reply([examples.INVALID])})

    with connect(server) as stupeflix, pytest.raises(TaskFailed, match="url: this field is required") as failed:
        stupeflix.run({"task_name": "image.info"})

    assert failed.value.status.parameter_errors == {"url": ["this field is required"]}
    assert isinstance(failed.value, exceptions.CloudRejected)
    assert len(server.requests) == 1


@pytest.mark.parametrize("statuses", [[], [examples.SUCCESS]])
def test_run_of_a_task_that_is_forgotten(statuses: list[Any], serve: Serve) -> None:
    server = serve({"/v2/create": json_reply([examples.CREATED[0]]), "/v2/status": json_reply(statuses)})

    with connect(server) as stupeflix, pytest.raises(StupeflixUnavailable, match=examples.KEYS[0]) as failed:
        stupeflix.run(TASK)

    assert failed.value.code == "task_unknown"


def test_wait_asks_again_where_nobody_waits_so_long(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("django_mediacloud.clouds.stupeflix.client.time.sleep", waits.append)
    running, done = json_reply([examples.EXECUTING]), json_reply([examples.SUCCESS])
    server = serve({"/v2/status": in_turn(running, running, done)})

    with connect(server) as stupeflix:
        assert stupeflix.wait("K")[0].is_final

    assert waits == [0.5, 1.0]


def test_wait_has_an_end(serve: Serve) -> None:
    server = serve({"/v2/status": json_reply([examples.EXECUTING])})

    with connect(server) as stupeflix, pytest.raises(StupeflixUnavailable) as late:
        stupeflix.wait("K", timeout_s=0.1)

    assert late.value.code == "timeout"


@pytest.mark.parametrize("ask", ["wait", "status"])
def test_signs_of_life_do_not_make_a_wait_longer(serve: Serve, ask: str) -> None:
    """Our own server sends blanks while it waits for tasks, so that nobody cuts the connection."""
    told = json_reply([examples.SUCCESS]).body
    assert isinstance(told, bytes)
    server = serve({"/v2/status": Reply(body=b" " * 1_000 + told, chunked=True, drip=(1, 0.05))})

    with connect(server) as stupeflix, pytest.raises(StupeflixUnavailable) as late:
        stupeflix.wait("K", timeout_s=0.5) if ask == "wait" else stupeflix.status("K", block=True, timeout_s=0.5)

    assert late.value.code == "timeout"


def test_a_blocking_request_has_its_own_time_limit(serve: Serve) -> None:
    server = serve({"/v2/status": Reply(delay_s=20)})

    with connect(server, timeout_s=0.1) as stupeflix, pytest.raises(StupeflixUnavailable, match="in time") as late:
        stupeflix.status("K", block=True)

    assert late.value.code == "timeout"
    # It may arrive later than it was waited for.
    assert len(server.wait_for_requests(1)) == 1
