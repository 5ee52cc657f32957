"""Keys and what they may do: limits, counts, and the ends of a key."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from django_mediacloud.access import Issued, issue, revoke
from django_mediacloud.access.keys import digest
from django_mediacloud.conf import config
from django_mediacloud.models import AccessKey, Job
from django_mediacloud.serving import places
from django_mediacloud.serving.hub import get_hub
from tests.clouds.stupeflix import examples
from tests.site_servers import until

from .conftest import Api, work
from .sites import asgi_site, check_status, lines_of, wsgi_site

pytestmark = pytest.mark.django_db(transaction=True)

HELLO = {"task_name": "hello", "name": "John"}


def limited(base: str, **limits: int) -> tuple[Api, AccessKey]:
    issued = issue("stupeflix", **limits)
    return Api(base, issued.credentials["secret"]), issued.key


def test_tasks_at_once(base: str) -> None:
    api, key = limited(base, max_unfinished=2)
    api.create(HELLO, HELLO)

    refused = api.post("v2/create", {"tasks": HELLO})

    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
    assert refused.json().keys() == {"status", "error"}
    assert Job.objects.count() == 2
    key.refresh_from_db()
    assert (key.use_count, key.refused_count) == (2, 1)
    assert key.last_refused_at is not None
    work()
    assert len(api.create(HELLO)) == 1


@pytest.mark.usefixtures("one_minute")
@pytest.mark.parametrize("path", ["v2/create", "v2/create_stream", "v1/create", "v2/create_file/output"])
def test_tasks_in_a_minute(base: str, path: str) -> None:
    api, key = limited(base, max_per_minute=2)
    for _ in range(2):
        api.create({"task_name": "hello"})  # Refused ones count, too.

    refused = api.post(path, {"tasks": HELLO, "task": HELLO})

    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert not Job.objects.exists()
    key.refresh_from_db()
    assert key.refused_count == 1


def test_a_request_for_more_than_there_ever_may_be_is_wrong(base: str) -> None:
    api, _ = limited(base, max_unfinished=2)

    answer = api.post("v2/create", {"tasks": [HELLO] * 3})

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["name"] == "tasks"
    assert not Job.objects.exists()


@pytest.mark.usefixtures("one_minute")
def test_many_at_once_get_no_more_than_their_share(base: str) -> None:
    api, _ = limited(base, max_per_minute=3)
    answers: list[int] = []

    def ask() -> None:
        header = dict(api.session.headers)
        answers.append(requests.post(f"{base}v2/create", json={"tasks": HELLO}, headers=header, timeout=60).status_code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers) == [200] * 3 + [429] * 5
    assert Job.objects.count() == 3


def ends(issued: Issued) -> dict[str, Any]:
    def revoked() -> None:
        assert revoke(issued.key)

    def inactive() -> None:
        issued.key.owner.is_active = False
        issued.key.owner.save()

    return {"revoked": revoked, "inactive": inactive}


@pytest.mark.parametrize("end", ["revoked", "inactive"])
def test_a_key_that_has_ended(api: Api, base: str, issued: Issued, end: str) -> None:
    [created] = api.create(HELLO)
    ends(issued)[end]()

    for answer in (
        api.post("v2/create", {"tasks": HELLO}),
        api.post("v2/create_stream", {"tasks": HELLO}),
        api.get("v2/status", tasks=created["key"]),
        api.get("v2/storage/files"),
        api.delete("v2/storage/files"),
        api.get("v2/storage/expiration"),
    ):
        assert answer.status_code == 401
        assert answer.json()["errors"][0].keys() == {"name", "location", "description"}
    issued.key.refresh_from_db()
    assert (issued.key.use_count, issued.key.refused_count) == (1, 6)
    # Whoever knows the task's key still hears of it.
    assert requests.get(f"{base}v2/status?tasks={created['key']}", timeout=60).json() == [created]


@pytest.mark.parametrize("secret", ["", "A" * 26, "A" * 25, "a" * 1_000_000, "geheim ä", "\ud800", "nul\0"])
def test_a_secret_that_nobody_has(base: str, secret: str) -> None:
    answer = requests.post(f"{base}v2/create", json={"tasks": HELLO, "secret": secret}, timeout=60)

    assert answer.status_code == 401
    assert not secret or secret not in answer.text


@pytest.mark.parametrize("api_key", ["x" * 13, "x" * 1_000_000, "ä", "\ud800", "nul\0", "%"])
def test_an_api_key_that_nobody_has(base: str, api_key: str) -> None:
    body = {"tasks": HELLO, "api_key": api_key}

    assert requests.post(f"{base}v2/create", json=body, timeout=60).status_code == 401


@pytest.mark.parametrize("name", ["secret", "api_key"])
@pytest.mark.parametrize("value", [["x"], {"x": 1}, 5, None, True])
def test_credentials_that_are_no_text(base: str, name: str, value: Any) -> None:
    assert requests.post(f"{base}v2/create", json={"tasks": HELLO, name: value}, timeout=60).status_code == 401


def test_the_key_of_another_service(base: str, api: Api, secret: str, issued: Issued) -> None:
    AccessKey.objects.update(service="telestream", secret_digest=digest("telestream", secret))

    assert api.post("v2/create", {"tasks": HELLO}).status_code == 401
    body = {"tasks": HELLO, "api_key": issued.credentials["api_key"]}
    page = {"Referer": "http://example.com/"}
    assert requests.post(f"{base}v2/create", json=body, headers=page, timeout=60).status_code == 401


def test_no_scheme_and_a_foreign_scheme(base: str, secret: str) -> None:
    for header in (f"Bearer {secret}", f"Basic {secret}", "Secret", "Secret ", f"Api-Key {secret}"):
        answer = requests.get(f"{base}v2/storage/files", headers={"Authorization": header}, timeout=60)
        assert answer.status_code == 401, header


def test_the_api_key_opens_no_store(base: str, issued: Issued) -> None:
    header = {"Authorization": f"Api-Key {issued.credentials['api_key']}", "Referer": "http://example.com/page"}

    assert requests.post(f"{base}v2/create", json={"tasks": HELLO}, headers=header, timeout=60).status_code == 200
    for path in ("v2/storage/files", "v2/storage/expiration"):
        assert requests.get(base + path, headers=header, timeout=60).status_code == 401
    assert requests.delete(f"{base}v2/storage/files", headers=header, timeout=60).status_code == 401


def test_no_secret_is_logged_or_echoed(
    base: str, api: Api, secret: str, issued: Issued, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    token = "TOKENthatNobodyMaySee"
    store = {"type": "youtube", "access_token": token, "developer_key": token, "title": "x"}
    body = {"secret": secret, "tasks": [{**HELLO, "task_store": store}, {"task_name": "image.thumb", "secret": secret}]}
    answers = [
        requests.post(f"{base}v2/create", json=body, timeout=60),
        requests.post(f"{base}v2/create", json={"secret": secret}, timeout=60),
        requests.get(f"{base}v2/storage/files?secret={secret}&recursive=perhaps", timeout=60),
        requests.get(f"{base}v2/create_file/?secret={secret}", timeout=60),
        requests.get(f"{base}hello/?secret={secret}&response=poem", timeout=60),
    ]
    key = answers[0].json()[0]["key"]
    answers.append(api.get("v2/status", tasks=key, details="true"))
    revoke(issued.key)
    answers.append(requests.get(f"{base}v2/storage/files?secret={secret}", timeout=60))

    assert [answer.status_code for answer in answers] == [200, 400, 400, 400, 400, 200, 401]
    assert "(hidden)" in answers[5].text
    # What the test's own client logs is its own business.
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("urllib3")]
    assert logged
    for text in [answer.text for answer in answers] + logged:
        assert secret not in text
        assert token not in text


# --- When no more answers may be open


@pytest.fixture
def one_place(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[None]:
    settings.MEDIACLOUD = {**settings.MEDIACLOUD, "WSGI_PLACES": 1}
    monkeypatch.setattr(places, "MAX_STREAMS", 1)
    places._start_afresh()
    yield
    monkeypatch.undo()
    places._start_afresh()


@pytest.mark.usefixtures("one_place")
def test_who_has_made_tasks_is_told_of_them_even_if_nobody_else_can_wait(secret: str) -> None:
    """503 means that nothing was taken: a client would send the creation again."""
    with wsgi_site() as base:
        api = Api(base, secret)
        with api.post("v2/create_stream", examples.CREATE_STREAM, stream=True) as first:
            lines = lines_of(first)  # Forgotten, it would hang up by itself.
            key = next(lines)[0]["key"]
            streamed = api.get("v2/status_stream", tasks=key)
            blocked = api.get("v2/status", tasks=key, block="true")
            for refused in (streamed, blocked):
                assert (refused.status_code, refused.json()["status"]) == (503, "error")
                assert int(refused.headers["Retry-After"]) > 0
            for path, more in [("v2/create_stream", {}), ("v2/create", {"block": True})]:
                [status] = api.post(path, {"tasks": HELLO, **more}).json()
                assert check_status(status)["status"] == "queued"
            work()
    assert Job.objects.count() == 4


def test_no_account_shuts_out_another(secret: str) -> None:
    """Nobody needs credentials to wait for a task: those who do so take the places of the key that made it."""
    with wsgi_site() as base, ExitStack() as stack:
        jane, other = Api(base, secret), limited(base)[0]
        [hers], [others] = jane.create(HELLO), other.create(HELLO)
        anybody = stack.enter_context(requests.Session())

        def wait_for(created: Any) -> requests.Response:
            address = f"{base}v2/status_stream?tasks={created['key']}"
            return stack.enter_context(anybody.get(address, stream=True, timeout=60))

        answers = [wait_for(hers) for _ in range(config().wsgi_places)]
        assert [answer.status_code for answer in answers] == [200] * 8 + [503] * 8
        assert int(answers[-1].headers["Retry-After"]) > 0
        assert jane.get("v2/status", tasks=hers["key"], block="true").status_code == 503
        for answer in (wait_for(others), other.post("v2/create_stream", {"tasks": HELLO}, stream=True)):
            stack.callback(answer.close)
            assert check_status(next(lines_of(answer))[0])["status"] == "queued"
        work()


@pytest.mark.usefixtures("one_place")
def test_who_waits_for_a_file_takes_a_place_too(secret: str) -> None:
    """Each holds a thread of the server's; and ``file`` needs no credentials."""
    with wsgi_site() as base:
        api = Api(base, secret)
        [created] = api.create(HELLO)
        key = created["key"]
        with api.post("v2/create_stream", {"tasks": HELLO}, stream=True) as first:
            lines = lines_of(first)
            next(lines)
            count = Job.objects.count()
            refused = [
                api.get("v2/file/output", task=key),
                api.get(f"{key}/"),
                api.get("hello/", name="John"),
                api.get("v2/create_file/", **HELLO),
                api.post("v2/create_file/", {"task": HELLO}),
            ]
            assert [answer.status_code for answer in refused] == [503] * 5
            assert all(int(answer.headers["Retry-After"]) > 0 for answer in refused)
            # Nothing was taken, so they may all be sent again.
            assert Job.objects.count() == count
            work()
            list(lines)
        # The place is free again, and stays so after each of them.
        for _ in range(2):
            until(lambda: api.get(f"{key}/").json() == "Hello John")
            assert api.get("v2/file/output", task="A" * 26).status_code == 404


@pytest.mark.usefixtures("one_place")
def test_who_waits_for_a_file_and_leaves_gives_the_place_back(secret: str) -> None:
    with asgi_site() as base:
        [created] = Api(base, secret).create(HELLO)
        parts = urlsplit(f"{base}v2/file/output?task={created['key']}")

        def others() -> int:
            return requests.get(f"{base}v2/file/output", params={"task": "A" * 26}, timeout=60).status_code

        with socket.create_connection((parts.hostname, parts.port), timeout=60) as connection:
            connection.sendall(f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            until(lambda: get_hub().watched == 1)
            assert others() == 503
        until(lambda: others() == 404)
        until(lambda: get_hub().watched == 0)
