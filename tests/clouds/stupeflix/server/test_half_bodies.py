"""Bodies that do not come as they were announced: a DELETE without a body is for the whole store."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import pytest

from django_mediacloud.models import Job, Output
from tests.servers import LocalServer

from .conftest import Api, work

pytestmark = pytest.mark.django_db(transaction=True)
DRY_RUN = json.dumps({"dry_run": True})


@pytest.fixture
def path(site_api: Api, assets: LocalServer) -> str:
    """Where a file lies in the store."""
    [made] = site_api.create({"task_name": "image.thumb", "url": assets.url("/image.jpg"), "width": 8})
    work()
    [status] = site_api.get("v2/status", tasks=made["key"]).json()
    return str(status["result"]["output"].split("/storage/")[1])


def sent(base: str, method: str, path: str, head: dict[str, str], body: str, *, is_cut: bool = False) -> bytes:
    """The answer; perhaps none where the client leaves after ``body`` although more is announced (``is_cut``)."""
    site = urlsplit(base)
    lines = [f"{method} {site.path}{path} HTTP/1.1", f"Host: {site.netloc}", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in head.items()]
    with socket.create_connection((str(site.hostname), int(site.port or 0)), timeout=60) as client:
        client.sendall("\r\n".join([*lines, "", body]).encode())
        if is_cut:
            client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.parametrize("body", ["", DRY_RUN[:-1]])
def test_a_delete_that_is_cut_off_deletes_nothing(site_api: Api, secret: str, path: str, body: str) -> None:
    head = {"Authorization": f"Secret {secret}", "Content-Length": str(len(DRY_RUN))}

    answer = sent(site_api.base, "DELETE", "v2/storage/files/", head, body, is_cut=True)

    # Under ASGI the server notices that the client has left, and nobody is answered.
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert Output.objects.count() == 1


def test_a_delete_in_chunks_is_no_empty_one(site_api: Api, secret: str, path: str) -> None:
    head = {"Authorization": f"Secret {secret}", "Transfer-Encoding": "chunked"}

    answer = sent(site_api.base, "DELETE", "v2/storage/files/", head, f"{len(DRY_RUN):x}\r\n{DRY_RUN}\r\n0\r\n\r\n")

    # WSGI has no chunks; ASGI puts them together.
    assert answer.startswith(b"HTTP/1.1 400 ") or (answer.startswith(b"HTTP/1.1 200 ") and path.encode() in answer)
    assert Output.objects.count() == 1


def test_a_delete_without_a_body_is_for_everything(site_api: Api, path: str) -> None:
    assert site_api.delete("v2/storage/files/").json()["deleted"] == [path]
    assert not Output.objects.exists()


def test_a_form_that_is_cut_off_makes_no_task(site_api: Api, secret: str) -> None:
    form = f"secret={secret}&response=status&name=Jane"
    head = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(form) + 4)}

    answer = sent(site_api.base, "POST", "hello/", head, form, is_cut=True)

    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")
    assert not Job.objects.exists()


def test_a_length_that_is_none(site_api: Api) -> None:
    answer = sent(site_api.base, "POST", "v2/create", {"Content-Length": "abc"}, "{}")

    assert answer.startswith(b"HTTP/1.1 400 ")
