from __future__ import annotations

import hashlib
import html
import json
import socket
import ssl
import string
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.core.destinations import DESTINATIONS
from django_mediacloud.exceptions import (
    ConfigurationError,
    DeliveryFailed,
    DeliveryRefused,
    InvalidParameters,
    StorageError,
)
from django_mediacloud.transport import exchange, uploads, watch
from django_mediacloud.transport.session import MAX_WAIT_S
from django_mediacloud.transport.uploads import conversation, upload
from django_mediacloud.transport.uploads.secrets import Secrets, secrets_among
from tests.platforms.server import Call, Fault
from tests.platforms.vimeo import TOKEN as VIMEO_TOKEN
from tests.platforms.vimeo import Vimeo
from tests.platforms.vimeo_v2 import KEYS
from tests.platforms.youtube import KEY, TOKEN, YouTube
from tests.ports import closed_port
from tests.servers import Reply

from ..conftest import PEM
from .conftest import RULES, Film, Sender

YOUTUBE = {"access_token": TOKEN, "developer_key": KEY, "title": "t"}
TOKENS = st.text(string.printable.strip(), min_size=8, max_size=60)


def test_every_destination_has_an_upload() -> None:
    assert set(uploads._UPLOADS) == set(DESTINATIONS)


@pytest.mark.parametrize(
    ("destination", "parameters", "host"),
    [
        ("youtube", YOUTUBE, "www.googleapis.com"),
        ("vimeo", {"oauth2_token": "t"}, "api.vimeo.com"),
        ("vimeo", KEYS, "vimeo.com"),
        ("facebook", {"access_token": "t"}, "graph-video.facebook.com"),
    ],
)
def test_without_an_endpoint_it_goes_to_the_platform_itself_by_https(
    destination: str, parameters: dict[str, str], host: str, send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int]] = []

    def look_up(name: str, port: int, **_rest: Any) -> list[Any]:
        """Who answers this is nobody that may be reached, so that no test ever reaches a platform."""
        asked.append((name, port))
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with pytest.raises(DeliveryRefused, match=f"^{host} leads to a loopback address"):
        send(destination, parameters)
    assert asked == [(host, 443)]


def test_a_large_film_goes_through_tls_to_a_slow_reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "film"
    with path.open("wb") as file:
        file.truncate(16 * 1024 * 1024)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(PEM)
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_rest: found)
    monkeypatch.setattr(watch, "TURN_S", 0.01)  # So that a full buffer makes the sender turn many times.
    monkeypatch.setattr(exchange, "TURN_S", 0.01)
    with Vimeo(context) as platform:
        read = platform.tus

        def slowly(call: Call) -> Reply:
            time.sleep(0.3)
            return read(call)

        platform.tus = slowly  # type: ignore[method-assign]
        upload(
            "vimeo",
            path,
            {"oauth2_token": VIMEO_TOKEN},
            filename="a.mp4",
            content_type="video/mp4",
            endpoint=platform.url,
            rules=replace(RULES, ca_file=str(PEM)),
            on_progress=lambda _sent, _total: None,
        )
        [video] = platform.videos.values()
        assert video.stored.sha256() == hashlib.sha256(path.read_bytes()).hexdigest()
        assert len(platform.said("PATCH")) == 1


def test_other_parameters_of_the_job_do_not_matter(send: Sender) -> None:
    with YouTube() as platform:
        send("youtube", {**YOUTUBE, "url": "http://a.example/b.mp4", "width": 7}, endpoint=f"{platform.url}/")
        assert len(platform.videos) == 1


@pytest.mark.parametrize("token", ["SECRET\r\nX-Evil: 1", "SECRÉT", "SECRET SECRET", ""])
def test_a_token_that_is_no_token_goes_nowhere(token: str, send: Sender) -> None:
    with YouTube() as platform:
        with pytest.raises(InvalidParameters, match="access_token"):
            send("youtube", {**YOUTUBE, "access_token": token}, endpoint=platform.url)
        assert platform.calls == []
    assert "SECR" not in str(send.error)


@pytest.mark.parametrize("endpoint", ["ftp://a.example", "youtube.example", "http://", "http://2130706433"])
def test_an_endpoint_that_is_no_address_is_the_sites_fault(endpoint: str, send: Sender) -> None:
    with pytest.raises(ConfigurationError, match="youtube"):
        send("youtube", YOUTUBE, endpoint=endpoint)


def test_where_nobody_listens_nothing_can_have_arrived(send: Sender) -> None:
    with closed_port() as port, pytest.raises(DeliveryFailed) as caught:
        send("youtube", YOUTUBE, endpoint=f"http://127.0.0.1:{port}")
    assert caught.value.is_retryable
    assert "arrived" not in caught.value.advice
    assert "address" in caught.value.advice


def test_the_file_must_be_there_and_hold_something(film: Film, tmp_path: Path) -> None:
    def deliver(path: Path) -> None:
        upload(
            "youtube",
            path,
            YOUTUBE,
            filename="",
            content_type="",
            endpoint="http://127.0.0.1:1",
            rules=RULES,
            on_progress=lambda _sent, _total: None,
        )

    with pytest.raises(StorageError) as missing:
        deliver(tmp_path / "nothing")
    assert (missing.value.code, str(tmp_path) in str(missing.value)) == ("source_missing", False)
    (tmp_path / "empty").touch()
    with pytest.raises(DeliveryRefused, match="empty"):
        deliver(tmp_path / "empty")


def test_a_film_that_shrinks_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "film"
    path.write_bytes(b"x" * 600_000)

    def shrink(_sent: int, _total: int) -> None:
        path.write_bytes(b"x" * 1000)

    with YouTube() as platform, pytest.raises(StorageError, match="became shorter"):
        upload(
            "youtube",
            path,
            YOUTUBE,
            filename="a.mp4",
            content_type="video/mp4",
            endpoint=platform.url,
            rules=RULES,
            on_progress=shrink,
        )


@pytest.mark.parametrize(
    ("retry_after", "waits_s"),
    [
        ("7", 7.0),
        ("86400", MAX_WAIT_S),
        ("soon", 0.01),
        ("-5", 0.01),
        ("Mon, 01 Jan 2024 00:00:00 GMT", 0.01),
        ("Fri, 31 Dec 9999 23:59:59 GMT", MAX_WAIT_S),
    ],
)
def test_retry_after_is_obeyed_up_to_a_bound(
    retry_after: str, waits_s: float, send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(conversation.Conversation, "pause", lambda _self, seconds: waited.append(seconds))
    with YouTube() as platform:
        busy = Reply(status=503, headers={"Retry-After": retry_after})
        platform.faults.append(Fault(method="PUT", reply=busy))
        send("youtube", YOUTUBE, endpoint=platform.url)
    assert waited == [waits_s]


@given(token=TOKENS, before=st.text(max_size=10), after=st.text(max_size=10))
def test_a_token_is_masked_however_it_is_spelled(token: str, before: str, after: str) -> None:
    secrets = Secrets([token])
    inner = json.dumps(token)[1:-1]
    for form in (token, quote(token), quote(token, safe=""), quote_plus(token), inner, html.escape(token)):
        assert form not in secrets.hide(f"{before}{form}{after}")


def test_what_is_not_given_masks_nothing() -> None:
    parameters = DESTINATIONS["facebook"].parameters
    secrets = secrets_among(parameters.clean({"access_token": "t0ken123"}), parameters)
    assert secrets.hide("a-b t0ken123") == "a-b [secret]"
