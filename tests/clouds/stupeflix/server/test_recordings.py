"""What the service's own clients sent, byte for byte over a raw socket; and what other people's programs sent.

The recorded secret and the tasks' keys are made this site's own, so that hardly a byte has to change: the API key does,
for this site has none of its shape.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
import requests

from django_mediacloud.access import Issued
from django_mediacloud.access.keys import digest
from django_mediacloud.clouds.stupeflix import wire
from django_mediacloud.models import AccessKey, Job
from tests.clouds.stupeflix import examples
from tests.servers import LocalServer

from .conftest import work, working
from .sites import check_status

pytestmark = pytest.mark.django_db(transaction=True)

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"
KEYS = ["6GRQ3H5EHU7GXUTIOSS2GUDPGQ", "5OYA5JQVFIAHYOMLQG5QV3U33M"]


@pytest.fixture
def root(live_server: Any, settings: Any, issued: Issued) -> str:
    """The server at the root of its host, where the recorded secret counts."""
    settings.ROOT_URLCONF = "tests.clouds.stupeflix.server.root_urls"
    AccessKey.objects.update(secret_digest=digest("stupeflix", "test-secret"))
    return str(live_server.url)


def recorded(name: str) -> bytes:
    return (FIXTURES / f"{name}.request.bin").read_bytes()


def replay(root: str, request: bytes) -> tuple[http.client.HTTPResponse, bytes]:
    """The answer to exactly these bytes."""
    place = urlsplit(root)
    with socket.create_connection((place.hostname, place.port), timeout=60) as connection:
        connection.sendall(request)
        answer = http.client.HTTPResponse(connection)
        answer.begin()
        return answer, answer.read()


def as_sent(request: bytes, *changes: tuple[bytes, bytes]) -> bytes:
    """``request`` with words replaced, and the length of its body set right."""
    head, _, body = request.partition(b"\r\n\r\n")
    for old, new in changes:
        head, body = head.replace(old, new), body.replace(old, new)
    lines = [
        b"Content-Length: %d" % len(body) if line.startswith(b"Content-Length") else line
        for line in head.split(b"\r\n")
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


# --- stupeflix-tasks.js


def test_tasks_js_creates_and_polls(root: str, issued: Issued) -> None:
    own_key = (b"test-api-key", issued.credentials["api_key"].encode())
    answer, body = replay(root, as_sent(recorded("js-01-create"), own_key))

    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    created = [check_status(status) for status in json.loads(body)]
    # The client takes them by position.
    assert [Job.objects.get(public_id=wire.parse_key(status["key"])).operation for status in created] == [
        "image.info",
        "image.thumb",
    ]
    assert [job.task.metas for job in Job.objects.all()] == [{"source": "probe"}] * 2
    assert [status.keys() for status in created] == [status.keys() for status in examples.CREATED]

    for status, key in zip(created, KEYS, strict=True):
        Job.objects.filter(public_id=wire.parse_key(status["key"])).update(public_id=wire.parse_key(key))
    first = Job.objects.earliest("pk")
    Job.objects.filter(pk=first.pk).update(state="running", progress=40, started_at=first.created_at)
    answer, body = replay(root, as_sent(recorded("js-02-status"), own_key))

    assert answer.status == 200
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    statuses = {status["key"]: check_status(status) for status in json.loads(body)}
    assert list(statuses) == KEYS
    assert [statuses[key]["status"] for key in KEYS] == ["executing", "queued"]
    assert statuses[KEYS[0]]["progress"] == 40


def test_tasks_js_from_a_page_of_another_site_is_refused(root: str, issued: Issued) -> None:
    own_key = (b"test-api-key", issued.credentials["api_key"].encode())
    answer, body = replay(root, as_sent(recorded("js-01-create"), own_key, (b"example.com", b"example.org")))

    assert answer.status == 401
    # The page has to be able to read that, too.
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert json.loads(body)["status"] == "error"
    assert not Job.objects.exists()


# --- The predecessor's client


def test_lizard_makes_a_task_by_get(root: str) -> None:
    answer, body = replay(root, recorded("lizard-01-get-status"))

    assert answer.status == 200
    status = check_status(json.loads(body))
    assert status["status"] == "queued"
    job = Job.objects.get()
    assert wire.render_key(job.public_id) == status["key"]
    assert (job.operation, job.parameters["url"]) == ("image.thumb", "http://f/a.jpg")
    assert (job.parameters["crop"], job.parameters["width"]) == (True, 10)


@pytest.fixture
def no_host_f(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a name server says, which there may be none to ask."""
    look_up = socket.getaddrinfo

    def without_f(host: Any, *rest: Any, **more: Any) -> Any:
        if host == "f":
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return look_up(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", without_f)


@pytest.mark.usefixtures("no_host_f")
def test_lizard_posts_and_waits_for_the_end(root: str, assets: LocalServer) -> None:
    request = recorded("lizard-02-post-status-final")
    url = quote(assets.url("/image.jpg"), safe="").encode()
    with working():
        _, refused = replay(root, request)
        answer, body = replay(root, as_sent(request, (b"http%3A%2F%2Ff%2F%C3%A9.jpg", url)))

    assert json.loads(refused)["status"] == "error"
    assert isinstance(json.loads(refused)["result"], str)
    assert Job.objects.earliest("pk").parameters["url"] == "http://f/é.jpg"
    status = check_status(json.loads(body))
    assert (answer.status, status["status"], status["result"]["width"]) == (200, "success", 10)
    assert requests.get(status["result"]["output"].replace("127.0.0.1:28444", urlsplit(root).netloc), timeout=60).ok


def lizard_lines(body: bytes) -> Iterator[Any]:
    """As the client reads them: it decodes what stands behind the last line feed, too."""
    return map(json.loads, body.split(b"\n"))


def test_lizard_streams(root: str) -> None:
    _, made = replay(root, as_sent(recorded("lizard-01-get-status"), (b"image.thumb/?", b"hello/?name=John&")))
    key = json.loads(made)["key"]
    request = as_sent(recorded("lizard-03-status-stream"), (b"/K/", f"/{key}/".encode()))
    with working():
        answer, body = replay(root, request)

    assert answer.status == 200
    statuses = [check_status(status) for status in lizard_lines(body)]
    assert {status["key"] for status in statuses} == {key}
    assert statuses[-1]["result"] == "Hello John"
    assert [len(list(lizard_lines(replay(root, request)[1])))] == [1]
    gone = as_sent(request, (key.encode(), b"A" * 26))
    assert replay(root, gone)[0].status == 404


def test_lizard_results(root: str, assets: LocalServer) -> None:
    """``response=result`` is what a URL gives that redirects are followed from."""
    query = {"secret": "test-secret", "url": assets.url("/image.jpg"), "width": "10"}
    with working():
        for filename in ("", "output", "cat.jpg"):
            picture = requests.get(f"{root}/image.thumb/{filename}", params=query, timeout=60)
            assert picture.headers["Content-Type"] == "image/jpeg"
        values = requests.get(f"{root}/image.info/", params=query, timeout=60)
        missing = requests.get(f"{root}/image.info/output", params=query, timeout=60)
        refused = requests.get(f"{root}/image.thumb/", params={**query, "rotation": "45"}, timeout=60)

    assert values.json()["width"] == 64
    assert (missing.status_code, list(missing.json())) == (404, ["status", "message"])
    assert (refused.status_code, list(refused.json()["result"]["parameters"])) == (400, ["rotation"])


def test_lizard_lists_are_json(root: str, assets: LocalServer) -> None:
    given = {
        "urls": json.dumps([assets.url("/image.jpg")] * 2),
        "width": "8",
        "height": "6",
        "response": "status_final",
    }
    with working():
        status = requests.post(f"{root}/image.strip/", data={**given, "secret": "test-secret"}, timeout=60).json()
    assert (status["result"]["count"], status["result"]["width"]) == (2, 16)


@pytest.mark.parametrize("credentials", [{}, {"secret": "wrong"}, {"accesskey": "test-api-key"}])
def test_lizard_without_the_right_key(root: str, issued: Issued, credentials: dict[str, str]) -> None:
    credentials = {
        name: value.replace("test-api-key", issued.credentials["api_key"]) for name, value in credentials.items()
    }
    answer = requests.get(f"{root}/hello/", params={"name": "J", "response": "status", **credentials}, timeout=60)

    assert answer.status_code == 401
    assert not Job.objects.exists()
    if "accesskey" in credentials:
        query = {"name": "J", "response": "status", **credentials}
        page = {"Referer": "http://example.com/page"}
        assert requests.get(f"{root}/hello/", params=query, headers=page, timeout=60).status_code == 200


def test_lizard_answers_that_nobody_knows(root: str) -> None:
    answer = requests.get(f"{root}/hello/?name=J&secret=test-secret&response=poem", timeout=60)

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == "response"
    assert not Job.objects.exists()
    # Other servers may share the root.
    for path in ("/videos.json", "/process/1", "/v2/nothing", "/robots.txt"):
        assert requests.get(root + path, timeout=60).status_code == 404


# --- Programs of other people


def test_requests_without_a_json_content_type(base: str, secret: str) -> None:
    """The body by ``data=json.dumps(...)``; the poll with ``params`` and a body all the same."""
    body = json.dumps({"tasks": {"task_name": "hello", "name": "Zoë"}, "secret": secret})
    key = requests.post(f"{base}v2/create", data=body, timeout=60).json()[0]["key"]
    work()

    header = {"Authorization": f"Secret {secret}"}
    for rest in ("{}", "[]", "null", "tasks=x"):
        told = requests.get(f"{base}v2/status", params={"tasks": key}, data=rest, headers=header, timeout=60).json()
        assert told[0]["result"] == "Hello Zoë", rest


def test_a_single_definition_then_the_first_of_the_answer(base: str, secret: str) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded", "Authorization": f"SECRET {secret}"}
    body = json.dumps({"tasks": {"task_name": "hello", "name": "John"}})
    created = requests.post(f"{base}v2/create", data=body, headers=form, timeout=60).json()

    assert created[0]["status"] == "queued"


def test_the_bare_secret_and_the_answer_read_at_once(base: str, secret: str) -> None:
    body = {"tasks": [{"task_name": "hello", "name": "John"}], "block": True}
    with working():
        created = requests.post(f"{base}v2/create", json=body, headers={"Authorization": secret}, timeout=60).json()

    assert created[0]["result"] == "Hello John"
