from __future__ import annotations

import gzip
import logging
import traceback
from collections.abc import Callable
from typing import Any

import pytest

from django_mediacloud import exceptions
from django_mediacloud.clouds.stupeflix.client import (
    Stupeflix,
    StupeflixAnswerLost,
    StupeflixError,
    StupeflixRejected,
    StupeflixUnauthorized,
    StupeflixUnavailable,
)
from django_mediacloud.transport.session import make_session
from tests.servers import LocalServer, RawServer, Reply, in_turn, json_reply, redirect

from . import examples
from .connecting import SECRET, TASK, connect, hang_up

Serve = Callable[..., LocalServer]


def test_a_refused_request_says_what_is_wrong(serve: Serve) -> None:
    server = serve({"/v2/create": json_reply(examples.REFUSED, status=400)})

    with connect(server) as stupeflix, pytest.raises(StupeflixRejected) as refused:
        stupeflix.create([])

    error = refused.value
    assert str(error) == "POST /v2/create: answered with 400: tasks: tasks is missing"
    assert (error.status_code, error.method, error.path) == (400, "POST", "/v2/create")
    assert error.body == examples.REFUSED
    assert error.errors == [("tasks", "body", "tasks is missing")]
    assert isinstance(error, exceptions.CloudRejected)
    assert '"tasks is missing"' in error.log


def test_wrong_credentials(serve: Serve) -> None:
    server = serve({"/v2/status": Reply(status=401, body=b"no")})

    with connect(server) as stupeflix, pytest.raises(StupeflixUnauthorized, match="401") as refused:
        stupeflix.status("K")

    assert refused.value.body == "no"
    assert not refused.value.is_retryable


@pytest.mark.parametrize("status", [400, 401, 500, 503])
def test_half_a_character_in_a_refusal_is_no_other_error(status: int, serve: Serve) -> None:
    server = serve({"/v2/create": json_reply({"status": "error", "error": "no \ud83d"}, status=status)})

    with connect(server) as stupeflix, pytest.raises(StupeflixError, match=str(status)) as refused:
        stupeflix.create(TASK)

    assert refused.value.log == r'{"status":"error","error":"no \ud83d"}'


@pytest.mark.parametrize("status", [429, 503])
def test_a_creation_that_was_not_taken_is_sent_again(status: int, serve: Serve) -> None:
    busy = Reply(status=status, headers={"Retry-After": "0"})
    server = serve({"/v2/create": in_turn(busy, busy, json_reply([examples.CREATED[0]]))})

    with connect(server) as stupeflix:
        assert stupeflix.create(TASK)[0].key == examples.KEYS[0]

    assert len(server.requests) == 3
    assert len({request.body for request in server.requests}) == 1


def test_a_service_that_stays_down(serve: Serve) -> None:
    server = serve({"/v2/create": json_reply({"status": "error", "error": "maintenance"}, status=503)})

    with connect(server) as stupeflix, pytest.raises(StupeflixUnavailable, match="maintenance") as failed:
        stupeflix.create(TASK)

    assert failed.value.status_code == 503
    assert not isinstance(failed.value, exceptions.AnswerLost)
    assert len(server.requests) == 3


def test_a_creation_whose_connection_breaks_is_sent_once() -> None:
    with RawServer(hang_up) as server, connect(server) as stupeflix:
        with pytest.raises(exceptions.AnswerLost, match=r"POST /v2/create: The connection to 127\.0\.0\.1 broke"):
            stupeflix.create(TASK)
        assert server.connections == 1

        with pytest.raises(StupeflixUnavailable) as failed:
            stupeflix.status("K")
        assert not isinstance(failed.value, exceptions.AnswerLost)
        assert server.connections == 4


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=500, body=b"oops"),
        Reply(status=504),
        Reply(body=b"<html>"),
        Reply(body=b'[{"status": "queued", "key": "K", "progress": ' + b"9" * 5000 + b"}]"),
        Reply(body=b'[{"status": "queued", "key": "K", "progress": NaN}]'),
        json_reply([]),
        json_reply(examples.CREATED),
        json_reply([{"status": "queued"}]),
        json_reply(examples.CREATED[0]),
        Reply(body=b"\xff\xfe"),
        Reply(body=b"[" * 100_000),
    ],
)
def test_what_was_created_without_a_readable_answer_is_lost(reply: Reply, serve: Serve) -> None:
    server = serve({"/v2/create": reply})

    with connect(server) as stupeflix, pytest.raises(StupeflixAnswerLost) as lost:
        stupeflix.create(TASK)

    assert lost.value.status_code == reply.status
    assert len(server.requests) == 1


def test_large_integers_are_kept(serve: Serve) -> None:
    server = serve({"/v2/status": Reply(body=b'[{"status": "executing", "key": "K", "progress": 1%s}]' % (b"0" * 400))})

    with connect(server) as stupeflix:
        assert stupeflix.status("K")[0].progress == 10**400


def test_a_compressed_answer_is_undone(serve: Serve) -> None:
    body = gzip.compress(b'[{"status": "queued", "key": "K"}]')
    server = serve({"/v2/status": Reply(body=body, headers={"Content-Encoding": "gzip"})})

    with connect(server) as stupeflix:
        assert stupeflix.status("K")[0].status == "queued"

    assert "gzip" in server.requests[0].headers["Accept-Encoding"]


def test_a_redirect_is_followed_nowhere(serve: Serve) -> None:
    other = serve({"/v2/status": json_reply([examples.SUCCESS])})
    server = serve({"/v2/status": redirect(other.url("/v2/status", host="localhost"), status=307)})

    with connect(server, credentials_in="body") as stupeflix, pytest.raises(StupeflixRejected, match="base_url"):
        stupeflix.status("K")

    assert other.requests == []


@pytest.mark.parametrize("value", [float("nan"), b"bytes", "\ud800"])
def test_what_json_cannot_say_is_not_sent(value: Any, serve: Serve) -> None:
    server = serve()

    with connect(server) as stupeflix, pytest.raises(exceptions.InvalidParameters, match="cannot be said in JSON"):
        stupeflix.create({**TASK, "width": value})

    assert server.requests == []


def echo(status: int) -> Callable[[Any], Reply]:
    """A server that repeats all that it was sent."""
    return lambda request: json_reply({"error": f"{request.path} {request.body!r} {request.headers}"}, status=status)


ATTEMPTS: list[Callable[[Stupeflix], object]] = [
    lambda stupeflix: stupeflix.create(TASK),
    lambda stupeflix: list(stupeflix.create_stream([TASK])),
    lambda stupeflix: stupeflix.status("K", method="GET"),
    lambda stupeflix: stupeflix.get_expiration(),
]


@pytest.mark.parametrize("options", [{"secret": SECRET}, {"api_key": SECRET, "referrer": "https://example.com/"}])
@pytest.mark.parametrize("credentials_in", ["header", "body"])
def test_no_error_and_no_log_holds_the_secret(
    options: dict[str, str], credentials_in: str, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    # Below INFO urllib3 tells every URL: what stands in the query is for nobody to keep.
    caplog.set_level(logging.DEBUG if credentials_in == "header" else logging.INFO)
    cut = Reply(body=b"[" + b" " * 100, break_after=50)
    replies = [echo(400), echo(401), echo(503), redirect("http://localhost:9/"), Reply(body=b"{"), cut]
    paths = ("/v2/create", "/v2/create_stream", "/v2/status", "/v2/storage/expiration")
    servers = [serve(dict.fromkeys(paths, reply)) for reply in replies]
    with RawServer(hang_up) as gone:
        for server in (*servers, gone):
            stupeflix = connect(server, credentials_in=credentials_in, **options)
            for attempt in ATTEMPTS:
                with pytest.raises(StupeflixError) as failed:
                    attempt(stupeflix)
                error: BaseException | None = failed.value
                shown = "".join(traceback.format_exception(failed.value)) + repr(stupeflix)
                while error is not None:
                    shown += f"{error!s} {error!r} {vars(error)}"
                    error = error.__context__
                assert SECRET not in shown
            stupeflix.close()
    assert SECRET in servers[0].requests[0].body.decode() + str(servers[0].requests[0].headers)
    assert SECRET not in caplog.text


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"base_url": "http://example.com/v2/"}, "unencrypted to example.com"),
        ({"base_url": "http://localhost.example.com/v2/"}, "unencrypted"),
        ({"base_url": f"https://anna:{SECRET}@example.com/v2/"}, "without credentials"),
        ({"base_url": f"https://example.com/v2/?secret={SECRET}"}, "without credentials and query"),
        ({"base_url": "ftp://example.com/"}, "http or https"),
        ({"base_url": "https://[::1/"}, "http or https"),
        ({"secret": f"{SECRET}\r\nX: y"}, "secret has blanks"),
        ({"secret": "", "api_key": f"{SECRET} é"}, "api_key has blanks"),
        ({"api_key": "654321"}, "not both"),
    ],
)
def test_what_cannot_be_safe_is_refused_at_once(options: dict[str, str], sentence: str) -> None:
    with pytest.raises(exceptions.ConfigurationError, match=sentence) as refused:
        Stupeflix(**{"secret": SECRET, **options})  # type: ignore[arg-type]

    assert SECRET not in "".join(traceback.format_exception(refused.value))


@pytest.mark.parametrize(
    ("base_url", "options"),
    [
        ("http://127.0.0.1:8000/v2/", {"secret": SECRET}),
        ("http://[::1]:8000/v2/", {"secret": SECRET}),
        ("http://localhost/v2/", {"secret": SECRET}),
        ("http://media.internal/v2/", {"secret": SECRET, "allow_http": True}),
        ("http://media.internal/v2/", {}),
    ],
)
def test_plain_http_is_for_this_machine_and_for_those_who_insist(base_url: str, options: dict[str, Any]) -> None:
    assert repr(Stupeflix(base_url=base_url, **options)) == f"<Stupeflix {base_url}>"


def test_a_session_of_ones_own_is_left_open(serve: Serve) -> None:
    server = serve({"/v2/status": json_reply([examples.SUCCESS])})
    session = make_session(retries=0, headers={"X-Site": "mine"})

    with connect(server, session=session) as stupeflix:
        stupeflix.status("K")
    with connect(server, session=session) as stupeflix:
        stupeflix.status("K")

    assert [request.headers["X-Site"] for request in server.requests] == ["mine", "mine"]
