from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest
import requests

from django_mediacloud.exceptions import FetchFailed, FetchRefused
from django_mediacloud.transport import FetchRules, post_json
from tests.servers import LocalServer, Reply, redirect

from .conftest import LOCAL

Serve = Callable[..., LocalServer]
BODY = b'{"state":  "succeeded"}'


@pytest.mark.parametrize("status", [200, 201, 202, 204])
def test_any_2xx_is_delivered_and_the_bytes_are_ours(status: int, serve: Serve) -> None:
    server = serve({"/hook": Reply(status=status)})
    started = time.monotonic()
    delivered = post_json(server.url("/hook?a=1"), BODY, rules=LOCAL, headers={"X-Signature": "abc"})
    assert delivered.status_code == status
    assert 0 < delivered.duration_s <= time.monotonic() - started
    (request,) = server.requests
    assert (request.method, request.path, request.body) == ("POST", "/hook?a=1", BODY)
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["X-Signature"] == "abc"
    assert request.headers["User-Agent"].startswith("django-mediacloud/")


def test_the_content_type_may_be_another(serve: Serve) -> None:
    server = serve({"/hook": Reply()})
    post_json(server.url("/hook"), b"<job/>", rules=LOCAL, headers={"Content-Type": "application/xml"})
    assert server.requests[0].headers.get_all("Content-Type") == ["application/xml"]


@pytest.mark.parametrize(
    ("status", "is_retryable"),
    [
        (400, False),
        (401, False),
        (404, False),
        (410, False),
        (422, False),
        (408, True),
        (429, True),
        (500, True),
        (503, True),
    ],
)
def test_another_status_fails_with_the_start_of_the_answer(status: int, is_retryable: bool, serve: Serve) -> None:
    server = serve({"/hook": Reply(status=status, body=b"because " + b"x" * 100_000)})
    with pytest.raises(FetchFailed, match=rf"127\.0\.0\.1 answered {status} to the delivery") as caught:
        post_json(server.url("/hook?key=hidden"), BODY, rules=LOCAL)
    assert caught.value.is_retryable is is_retryable
    assert caught.value.code == f"fetch_http_{status}"
    assert caught.value.log.startswith(f"HTTP {status}\nbecause x")
    assert len(caught.value.log) < 2100
    assert "hidden" not in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(status: int, serve: Serve) -> None:
    inside = serve({"/secret": Reply()})
    server = serve({"/hook": redirect(inside.url("/secret"), status)})
    requests.post(server.url("/hook"), data=BODY, timeout=60)
    assert len(inside.requests) == 1  # a plain client goes on
    with pytest.raises(FetchFailed, match="a redirect, which a delivery does not follow") as caught:
        post_json(server.url("/hook"), BODY, rules=LOCAL)
    assert not caught.value.is_retryable
    assert len(inside.requests) == 1


def test_the_guard_is_the_same_as_for_a_fetch(serve: Serve) -> None:
    server = serve({"/hook": Reply()})
    for url in (server.url("/hook"), server.url("/hook", host="localhost"), "http://169.254.169.254/", "file:///tmp/x"):
        with pytest.raises(FetchRefused):
            post_json(url, BODY, rules=FetchRules())
    assert not server.requests


def test_silence_and_dripping_answers_end(serve: Serve) -> None:
    server = serve({"/silent": Reply(delay_s=20), "/drip": Reply(status=500, body=b"x" * 1000, drip=(1, 0.05))})
    for path, code in (("/silent", "fetch_timeout"), ("/drip", "fetch_timeout")):
        started = time.monotonic()
        with pytest.raises(FetchFailed) as caught:
            post_json(server.url(path), BODY, rules=replace(LOCAL, read_timeout_s=0.5, total_timeout_s=1))
        assert time.monotonic() - started < 10
        assert (caught.value.code, caught.value.is_retryable) == (code, True)


def test_a_large_body_arrives_whole(serve: Serve) -> None:
    server = serve({"/hook": Reply()})
    body = b'"' + b"x" * 3_000_000 + b'"'
    post_json(server.url("/hook"), body, rules=LOCAL)
    assert server.requests[0].body == body
