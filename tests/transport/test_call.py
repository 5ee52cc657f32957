from __future__ import annotations

import datetime as dt
import gzip
import socket
import ssl
import threading
import traceback
from collections.abc import Callable
from email.utils import format_datetime
from typing import Any

import pytest
import requests

from django_mediacloud.exceptions import AnswerLost, CloudUnavailable
from django_mediacloud.transport import call as module
from django_mediacloud.transport.call import Patience, call, read_all
from django_mediacloud.transport.session import make_session
from tests.ports import closed_port
from tests.servers import LocalServer, RawServer, Reply, in_turn, redirect

Serve = Callable[..., LocalServer]

QUICK = Patience(retries=2, backoff_s=0.01)
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


def ask(url: str, method: str = "POST", *, is_repeatable: bool = False, **options: Any) -> bytes:
    with make_session(retries=0) as session:
        return call(
            session,
            method,
            url,
            receive=options.pop("receive", read_all),
            is_repeatable=is_repeatable,
            patience=options.pop("patience", QUICK),
            **options,
        )


def hang_up(client: socket.socket, _stopping: threading.Event) -> None:
    client.recv(65_536)


class AfterHangingUp:
    """Hangs up so many times, and answers then."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, client: socket.socket, _stopping: threading.Event) -> None:
        client.recv(65_536)
        if self.left:
            self.left -= 1
            return
        client.sendall(ANSWER)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits that were to be, none of which takes any time."""
    found: list[float] = []
    monkeypatch.setattr(module.time, "sleep", found.append)
    return found


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_not_now_is_asked_again_by_any_method(status: int, method: str, serve: Serve, waits: list[float]) -> None:
    server = serve({"/": in_turn(Reply(status=status), Reply(status=status), Reply(body=b"ok"))})

    assert ask(server.url(), method) == b"ok"

    assert len(server.requests) == 3
    assert waits == [0.01, 0.02]


def test_the_last_not_now_is_given_to_the_receiver(serve: Serve, waits: list[float]) -> None:
    server = serve({"/": Reply(status=503, body=b"busy")})

    assert ask(server.url(), receive=lambda response: (response.status_code, read_all(response))) == (503, b"busy")
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("asked", "wait_s"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("86400", 30.0),
        ("soon", 0.01),
        ("", 0.01),
        ("-5", 0.01),
        ("9" * 5_000, 0.01),
        ("Fri, 31 Dec 99999999 23:59:59 GMT", 0.01),
    ],
)
def test_retry_after_is_obeyed_up_to_a_bound(asked: str, wait_s: float, serve: Serve, waits: list[float]) -> None:
    server = serve({"/": in_turn(Reply(status=503, headers={"Retry-After": asked}), Reply())})

    ask(server.url())

    assert waits == [wait_s]


def test_retry_after_may_be_a_date(serve: Serve, waits: list[float]) -> None:
    later = format_datetime(dt.datetime.now(dt.UTC) + dt.timedelta(hours=1), usegmt=True)
    server = serve({"/": in_turn(Reply(status=503, headers={"Retry-After": later}), Reply())})

    ask(server.url())

    assert waits == [30.0]


def test_a_break_is_an_answer_lost_and_nothing_is_repeated(waits: list[float]) -> None:
    with RawServer(hang_up) as server, pytest.raises(AnswerLost, match=r"127\.0\.0\.1 broke"):
        ask(server.url())

    assert server.connections == 1
    assert waits == []


def test_a_break_in_the_body_is_an_answer_lost(serve: Serve) -> None:
    server = serve({"/": Reply(body=b"0123456789", break_after=4)})

    with pytest.raises(AnswerLost):
        ask(server.url())

    assert len(server.requests) == 1


def test_what_changes_nothing_is_repeated_after_a_break(waits: list[float]) -> None:
    with RawServer(AfterHangingUp(2)) as server:
        assert ask(server.url(), is_repeatable=True) == b"ok"
    assert server.connections == 3

    with RawServer(hang_up) as server, pytest.raises(CloudUnavailable) as broken:
        ask(server.url(), is_repeatable=True)
    assert server.connections == 3
    assert not isinstance(broken.value, AnswerLost)


def test_what_never_went_out_is_not_lost(waits: list[float]) -> None:
    unavailable = pytest.raises(CloudUnavailable, match="does not take connections")
    with closed_port() as port, unavailable as refused:
        ask(f"http://127.0.0.1:{port}/")

    assert not isinstance(refused.value, AnswerLost)
    assert len(waits) == 2


@pytest.mark.parametrize(
    ("url", "sentence"), [("http://nowhere.invalid/", "There is no host"), ("http://a..b/", "address cannot be used")]
)
def test_addresses_that_lead_nowhere_are_not_lost(
    url: str, sentence: str, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    def look_up(*_args: object, **_rest: object) -> None:
        """What a name server says, which there may be none to ask."""
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(CloudUnavailable, match=sentence) as failed:
        ask(url)

    assert not isinstance(failed.value, AnswerLost)


def test_a_server_that_is_not_trusted_was_sent_nothing(serve: Serve, tls: ssl.SSLContext, waits: list[float]) -> None:
    server = serve({"/": Reply()}, tls=tls)

    with pytest.raises(CloudUnavailable, match="cannot prove") as failed:
        ask(server.url())

    assert not isinstance(failed.value, AnswerLost)
    assert not failed.value.is_retryable
    assert server.requests == []
    assert waits == []


@pytest.mark.parametrize(("is_repeatable", "kind"), [(True, CloudUnavailable), (False, AnswerLost)])
def test_an_answer_that_does_not_come_in_time_is_not_waited_for_twice(
    is_repeatable: bool, kind: type[CloudUnavailable], serve: Serve, waits: list[float]
) -> None:
    server = serve({"/": Reply(delay_s=20)})

    with pytest.raises(kind, match="in time") as failed:
        ask(server.url(), is_repeatable=is_repeatable, timeout_s=(3, 0.1))

    assert failed.value.code == ("timeout" if is_repeatable else "answer_lost")
    assert waits == []


def test_a_redirect_carries_the_secret_nowhere(serve: Serve) -> None:
    thief = serve({"/": Reply()})
    server = serve({"/": redirect(thief.url(host="localhost"), status=307)})

    requests.post(server.url(), data=b"secret=hush", timeout=60)
    assert thief.requests[0].body == b"secret=hush"

    answer = ask(server.url(), data=b"secret=hush", receive=lambda response: response.status_code)
    assert answer == 307
    assert len(thief.requests) == 1


def test_no_error_holds_the_query(waits: list[float], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with closed_port() as port, RawServer(hang_up) as server:
        closed = f"http://127.0.0.1:{port}/?secret=hush"
        with pytest.raises(requests.ConnectionError, match="hush"):
            requests.get(closed, timeout=60)
        for url in (closed, server.url("/?secret=hush")):
            for is_repeatable in (True, False):
                with pytest.raises(CloudUnavailable) as failed:
                    ask(url, "GET", is_repeatable=is_repeatable)
                assert failed.value.__context__ is None
                assert "hush" not in "".join(traceback.format_exception(failed.value)) + str(vars(failed.value))
    assert "hush" not in caplog.text


def test_a_compressed_answer_is_undone(serve: Serve) -> None:
    server = serve({"/": Reply(body=gzip.compress(b"ok"), headers={"Content-Encoding": "gzip"})})

    assert ask(server.url()) == b"ok"


def test_an_answer_is_read_up_to_a_bound(serve: Serve) -> None:
    bomb = gzip.compress(bytes(1_000_000))
    server = serve({"/": Reply(body=bomb, headers={"Content-Encoding": "gzip"})})

    assert len(ask(server.url())) == 1_000_000
    with pytest.raises(ValueError, match="over 999999 bytes"):
        ask(server.url(), receive=lambda response: read_all(response, 999_999))


@pytest.mark.parametrize("where", ["http://[", "http://a:99999999/", "\udcff\udcfe://x", "http://127.0.0.1:1/"])
def test_a_redirect_to_anywhere_is_an_answer_like_others(where: str) -> None:
    def talk(client: socket.socket, _stopping: threading.Event) -> None:
        client.recv(65_536)
        location = where.encode("utf-8", "surrogateescape")
        client.sendall(b"HTTP/1.1 302 Found\r\nLocation: " + location + b"\r\nContent-Length: 2\r\n\r\nno")

    with RawServer(talk) as server:
        assert ask(server.url("/"), receive=lambda answer: (answer.status_code, read_all(answer))) == (302, b"no")


def test_the_body_of_a_redirect_is_read_up_to_a_bound() -> None:
    sent = 0

    def talk(client: socket.socket, stopping: threading.Event) -> None:
        nonlocal sent
        client.recv(65_536)
        client.sendall(b"HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n")
        while not stopping.is_set() and sent < 100_000_000:
            client.sendall(bytes(100_000))
            sent += 100_000

    with RawServer(talk) as server:
        with pytest.raises(ValueError, match="over 1000 bytes"):
            ask(server.url("/"), receive=lambda answer: read_all(answer, 1000))
        assert sent < 100_000_000


@pytest.mark.parametrize(("is_repeatable", "kind"), [(True, CloudUnavailable), (False, AnswerLost)])
def test_an_answer_that_trickles_in_is_not_waited_for(is_repeatable: bool, kind: type[CloudUnavailable]) -> None:
    def trickle(client: socket.socket, stopping: threading.Event) -> None:
        client.recv(65_536)
        client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        for _ in range(6000):
            client.sendall(b" ")
            if stopping.wait(0.01):
                return

    with RawServer(trickle) as server:
        with pytest.raises(kind) as failed:
            ask(server.url("/"), is_repeatable=is_repeatable, receive=lambda answer: read_all(answer, within_s=0.1))
        assert server.connections == 1
    assert type(failed.value) is kind
