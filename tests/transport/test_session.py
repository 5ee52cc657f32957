from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud import __version__
from django_mediacloud.transport import make_session, session
from tests.servers import LocalServer, Reply, in_turn

Serve = Callable[..., LocalServer]


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_idempotent_call_is_tried_again(status: int, method: str, serve: Serve) -> None:
    server = serve({"/": in_turn(Reply(status=status), Reply(status=status), Reply(body=b"ok"))})
    with make_session(backoff_s=0.01) as client:
        assert client.request(method, server.url()).content == b"ok"
    assert len(server.requests) == 3


def test_a_post_is_never_repeated(serve: Serve) -> None:
    server = serve({"/": in_turn(Reply(status=503), Reply(body=b"ok"))})
    with make_session(backoff_s=0.01) as client:
        assert client.post(server.url()).status_code == 503
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [400, 404, 500])
def test_other_answers_are_given_back_at_once(status: int, serve: Serve) -> None:
    server = serve({"/": Reply(status=status)})
    with make_session(backoff_s=0.01) as client:
        assert client.get(server.url()).status_code == status
    assert len(server.requests) == 1


def test_the_last_answer_is_given_back_when_tries_run_out(serve: Serve) -> None:
    server = serve({"/": Reply(status=503, body=b"busy")})
    with make_session(retries=2, backoff_s=0.01) as client:
        answer = client.get(server.url())
    assert (answer.status_code, answer.content) == (503, b"busy")
    assert len(server.requests) == 3


def test_retry_after_is_obeyed(serve: Serve) -> None:
    server = serve({"/": in_turn(Reply(status=429, headers={"Retry-After": "1"}), Reply())})
    with make_session(backoff_s=0.01) as client:
        client.get(server.url())
    assert server.requests[1].at - server.requests[0].at >= 1


def test_retry_after_is_capped(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "MAX_WAIT_S", 0.2)
    server = serve({"/": in_turn(Reply(status=503, headers={"Retry-After": "86400"}), Reply())})
    with make_session() as client:
        assert client.get(server.url(), timeout=60).status_code == 200
    assert server.requests[1].at - server.requests[0].at < 10


@pytest.mark.parametrize("asked", ["soon", "9" * 5_000, "Fri, 31 Dec 99999999 23:59:59 GMT"])
def test_a_retry_after_that_nobody_can_read_is_passed_over(asked: str, serve: Serve) -> None:
    server = serve({"/": in_turn(Reply(status=503, headers={"Retry-After": asked}), Reply())})
    with make_session(backoff_s=0.01) as client:
        assert client.get(server.url()).status_code == 200


@given(st.text(max_size=40) | st.integers().map(str) | st.datetimes().map(str))
def test_any_retry_after_is_a_wait_within_bounds(text: str) -> None:
    assert 0 <= (session.asked_wait_s(text) or 0) <= session.MAX_WAIT_S


def test_every_call_has_a_time_limit(serve: Serve) -> None:
    server = serve({"/": Reply(delay_s=20)})
    started = time.monotonic()
    with make_session(timeout_s=(1, 0.3), retries=0) as client, pytest.raises(requests.ConnectionError):
        client.get(server.url())
    assert time.monotonic() - started < 8
    with make_session(retries=0) as client, pytest.raises(requests.ConnectionError):
        client.get(server.url(), timeout=0.3)
    assert time.monotonic() - started < 16


def test_who_we_are(serve: Serve) -> None:
    server = serve({"/": Reply()})
    with make_session(headers={"X-Api-Key": "k"}) as client:
        client.get(server.url())
    assert server.requests[0].headers["User-Agent"] == f"django-mediacloud/{__version__}"
    assert server.requests[0].headers["X-Api-Key"] == "k"


def test_the_environment_is_used_only_when_asked(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login anna password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("no_proxy", "NO_PROXY", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)
    proxy, server = serve({}), serve({"/": Reply()})
    monkeypatch.setenv("http_proxy", proxy.url())
    with make_session() as client:
        client.get(server.url())
    assert not proxy.requests
    assert server.requests[0].headers["Authorization"] is None
    with make_session(use_environment=True) as client:
        client.get(server.url())
    assert proxy.requests[0].headers["Authorization"].startswith("Basic ")


def test_tls_is_verified(serve: Serve, tls: object) -> None:
    server = serve({"/": Reply()}, tls=tls)
    with make_session(retries=0) as client, pytest.raises(requests.exceptions.SSLError):
        client.get(server.url())
    assert not server.requests
