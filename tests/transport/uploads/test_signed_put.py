from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from django_mediacloud.exceptions import DeliveryFailed, DeliveryRefused, InvalidParameters, WorkStopped
from django_mediacloud.transport.uploads import Uploaded, upload
from tests.platforms.server import Fault
from tests.platforms.signed_store import ACCESS_KEY, REGION, SECRET_KEY, SignedStore, error
from tests.servers import Reply

from .conftest import RULES, SIZE, Sender, rules_for


@pytest.fixture
def platform() -> Iterator[SignedStore]:
    with SignedStore() as running:
        yield running


def signed(platform: SignedStore, *, expires_s: int = 60, **params: Any) -> str:
    client = boto3.client(
        "s3",
        endpoint_url=platform.url,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        config=Config(signature_version="s3v4", s3={"addressing_style": "path"}),
    )
    params = {"Bucket": "films", "Key": "a/ein film.mp4", **params}
    url: str = client.generate_presigned_url("put_object", Params=params, ExpiresIn=expires_s)
    return url


def deliver(send: Sender, platform: SignedStore, url: str = "") -> Uploaded:
    return send("s3_signed", {"url": url or signed(platform)}, rules=rules_for(platform))


def check_arrived(send: Sender, platform: SignedStore, uploaded: Uploaded) -> None:
    assert uploaded == Uploaded(url=f"{platform.url}/films/a/ein%20film.mp4")
    [(stored, _content_type)] = platform.objects.values()
    assert stored.sha256() == send.film.sha256
    assert platform.complaints == []


def test_a_film_arrives(send: Sender, platform: SignedStore) -> None:
    check_arrived(send, platform, deliver(send, platform))
    [(_stored, content_type)] = platform.objects.values()
    assert content_type == "video/mp4"
    assert send.progress[-1] == (SIZE, SIZE)


def test_a_signature_may_cover_the_content_type(send: Sender, platform: SignedStore) -> None:
    check_arrived(send, platform, deliver(send, platform, signed(platform, ContentType="video/mp4")))


def test_a_signature_may_cover_that_there_is_none(send: Sender, platform: SignedStore) -> None:
    platform.faults.append(Fault(method="PUT", reply=error(403, "SignatureDoesNotMatch", "as version 2 would say")))
    check_arrived(send, platform, deliver(send, platform))
    assert [call.headers["Content-Type"] for call in platform.calls] == ["video/mp4", None]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(method="PUT", cut_in_body=300_000),
        Fault(method="PUT", cut_before_answer=True),
        Fault(method="PUT", reply=error(503, "SlowDown", "Please reduce your request rate.")),
        Fault(method="PUT", reply=error(400, "RequestTimeout", "Your socket connection was not read from.")),
        Fault(method="PUT", reply=error(500, "InternalError", "We encountered an internal error."), is_early=True),
    ],
)
def test_what_breaks_begins_anew(fault: Fault, send: Sender, platform: SignedStore) -> None:
    platform.faults.append(fault)
    check_arrived(send, platform, deliver(send, platform))
    assert len(platform.calls) == 2


def test_it_gives_up(send: Sender, platform: SignedStore) -> None:
    platform.faults += [Fault(method="PUT", cut_in_body=10) for _ in range(50)]
    with pytest.raises(DeliveryFailed) as caught:
        deliver(send, platform)
    assert caught.value.is_retryable
    assert len(platform.calls) == 5


def test_a_refusal_is_told_in_the_stores_words(send: Sender, platform: SignedStore) -> None:
    with pytest.raises(DeliveryRefused, match="AccessDenied: Request has expired") as caught:
        deliver(send, platform, signed(platform, expires_s=-1))
    assert caught.value.code == "delivery_http_403"
    assert platform.objects == {}


def test_a_redirect_gets_no_film(send: Sender, platform: SignedStore) -> None:
    platform.faults.append(Fault(method="PUT", reply=Reply(status=307, headers={"Location": signed(platform)})))
    with pytest.raises(DeliveryRefused, match="a redirect, which a delivery does not follow"):
        deliver(send, platform)
    assert len(platform.calls) == 1


def test_an_inner_address_is_reached_only_if_the_site_allows_it(send: Sender, platform: SignedStore) -> None:
    check_arrived(send, platform, deliver(send, platform))
    with pytest.raises(DeliveryRefused, match="loopback"):
        send("s3_signed", {"url": signed(platform)}, rules=RULES)
    with pytest.raises(DeliveryRefused, match="loopback"):
        # Nor does an endpoint open it, which is for the platforms.
        send("s3_signed", {"url": signed(platform)}, rules=RULES, endpoint=platform.url)
    assert len(platform.calls) == 1


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "ftp://127.0.0.1/x", "SECRET"])
def test_what_is_no_web_address(url: str, send: Sender) -> None:
    with pytest.raises(InvalidParameters, match="url"):
        send("s3_signed", {"url": url})


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """More than the network's own buffers hold, so that who hangs up early is noticed."""
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(32 * 1024 * 1024)
    return path


def send_large(platform: SignedStore, path: Path) -> Uploaded:
    given = {"url": signed(platform)}
    return upload(
        "s3_signed",
        path,
        given,
        filename="a.mp4",
        content_type="video/mp4",
        rules=rules_for(platform),
        on_progress=lambda _sent, _total: None,
    )


def test_a_refusal_before_all_was_sent_is_read(platform: SignedStore, large: Path) -> None:
    platform.faults.append(Fault(method="PUT", reply=error(400, "EntityTooLarge", "Too large"), is_early=True))
    with pytest.raises(DeliveryRefused, match="EntityTooLarge"):
        send_large(platform, large)


def test_a_yes_before_all_was_sent_is_no_yes(platform: SignedStore, large: Path) -> None:
    platform.faults.append(Fault(method="PUT", reply=Reply(), is_early=True))
    send_large(platform, large)
    assert len(platform.calls) == 2
    [(stored, _)] = platform.objects.values()
    assert stored.sha256() == hashlib.sha256(large.read_bytes()).hexdigest()


def test_an_answer_without_end_is_cut(send: Sender, platform: SignedStore) -> None:
    platform.faults.append(Fault(method="PUT", reply=Reply(status=400, body=b"x" * 5_000_000)))
    with pytest.raises(DeliveryRefused) as caught:
        deliver(send, platform)
    assert len(caught.value.log) < 3000


def test_the_whole_time_is_bounded(send: Sender, platform: SignedStore) -> None:
    platform.faults.append(Fault(method="PUT", stall_in_body=1000))
    rules = replace(rules_for(platform), total_timeout_s=0.5)
    with pytest.raises(DeliveryFailed, match=r"within 0\.5 seconds") as caught:
        send("s3_signed", {"url": signed(platform)}, rules=rules)
    assert caught.value.code == "delivery_timeout"


def test_the_callers_stop_is_obeyed_at_once(send: Sender, platform: SignedStore) -> None:
    def stop(_sent: int, _total: int) -> None:
        raise WorkStopped("cancelled")

    with pytest.raises(WorkStopped):
        send("s3_signed", {"url": signed(platform)}, rules=rules_for(platform), on_progress=stop)
    assert platform.objects == {}


@pytest.mark.parametrize(
    "faults",
    [
        [],
        [Fault(method="PUT", cut_in_body=10)],
        [Fault(method="PUT", reply=error(403, "AccessDenied", "no"))],
    ],
)
def test_no_signature_is_in_any_word(faults: list[Fault], send: Sender, platform: SignedStore) -> None:
    platform.faults += faults
    url = signed(platform)
    signature = url.partition("X-Amz-Signature=")[2]
    wrong = url.replace(signature, signature[::-1])
    send.caplog.clear()  # Who signed it has told its own log.
    with pytest.raises(DeliveryRefused) as caught:
        deliver(send, platform, wrong)
    words = send.words()
    # The store repeats what it got, in several spellings: that is what there was to hide.
    assert signature[::-1] not in words
    assert ACCESS_KEY not in words
    assert ACCESS_KEY.encode().hex(" ") not in words
    assert "X-Amz-" not in str(caught.value)
