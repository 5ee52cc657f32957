from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import pytest

from django_mediacloud.exceptions import ConfigurationError, DeliveryFailed, DeliveryRefused, WorkStopped
from django_mediacloud.transport.uploads import Uploaded
from tests.platforms.server import Fault
from tests.platforms.vimeo_v2 import KEYS, VimeoV2, fail, ok
from tests.servers import Reply

from .conftest import SIZE, Sender, impatient

GIVEN = {**KEYS, "title": "Ein Film & mehr = 100%", "description": "Über Züge"}
UPLOAD = "vimeo.videos.upload."


@pytest.fixture
def platform() -> Iterator[VimeoV2]:
    with VimeoV2() as running:
        yield running


def deliver(send: Sender, platform: VimeoV2, **changes: Any) -> Uploaded:
    return send("vimeo", {**GIVEN, **changes}, endpoint=platform.url)


def check_arrived(send: Sender, platform: VimeoV2, uploaded: Uploaded) -> None:
    """Once, whole, and in the documented way."""
    values = {"free_space": 10**9, "uploaded_file_size": SIZE}
    assert uploaded == Uploaded(url="https://vimeo.com/100", values=values)
    assert list(platform.videos.values()) == [
        {"filename": 'Mein "Film".mp4', "title": "Ein Film & mehr = 100%", "description": "Über Züge"}
    ]
    assert [ticket.stored.sha256() for ticket in platform.tickets.values() if ticket.video_id] == [send.film.sha256]
    assert platform.complaints == []
    assert platform.faults == []


def test_a_film_arrives_with_its_words(send: Sender, platform: VimeoV2) -> None:
    check_arrived(send, platform, deliver(send, platform))
    assert platform.methods == [
        "vimeo.videos.upload.getQuota",
        "vimeo.videos.upload.getTicket",
        "vimeo.videos.upload.verifyChunks",
        "vimeo.videos.upload.complete",
        "vimeo.videos.setTitle",
        "vimeo.videos.setDescription",
    ]
    assert len(platform.said("PUT")) == 1
    assert send.progress[-1] == (SIZE, SIZE)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(method="PUT", cut_in_body=300_001), id="cut in the middle"),
        pytest.param(Fault(method="PUT", cut_before_answer=True), id="answer lost"),
        pytest.param(Fault(method="PUT", reply=Reply(status=503)), id="busy"),
        pytest.param(Fault(method="POST", cut_before_answer=True), id="quota lost"),
        pytest.param(Fault(method="POST", skip=1, cut_before_answer=True), id="ticket lost"),
        pytest.param(Fault(method="POST", skip=2, reply=Reply(status=503)), id="not verified"),
        pytest.param(Fault(method="POST", skip=3, cut_before_answer=True), id="completion lost"),
    ],
)
def test_what_breaks_goes_on(fault: Fault, send: Sender, platform: VimeoV2) -> None:
    platform.faults.append(fault)
    check_arrived(send, platform, deliver(send, platform))


def test_it_goes_on_where_vimeo_says(send: Sender, platform: VimeoV2) -> None:
    platform.faults.append(Fault(method="PUT", cut_in_body=300_001))
    check_arrived(send, platform, deliver(send, platform))
    ranges = [call.headers["Content-Range"] for call in platform.said("PUT")]
    assert ranges == [None, "bytes */*", f"bytes 300001-{SIZE}/{SIZE}"]


def test_a_service_that_is_unavailable_is_asked_again(send: Sender, platform: VimeoV2) -> None:
    busy = fail(105, "Service currently unavailable")
    platform.replies = {f"{UPLOAD}getTicket": [busy, busy]}
    check_arrived(send, platform, deliver(send, platform))
    platform.replies = {f"{UPLOAD}getTicket": [busy] * 50}
    with pytest.raises(DeliveryFailed, match="too busy"):
        deliver(send, platform)


@pytest.mark.parametrize("name", KEYS)
def test_a_wrong_key_is_refused(name: str, send: Sender, platform: VimeoV2) -> None:
    with pytest.raises(DeliveryRefused, match="Invalid signature"):
        deliver(send, platform, **{name: f"{KEYS[name][:-1]}x"})
    assert len(platform.calls) == 1


def test_a_film_that_is_too_large_is_not_sent(send: Sender, platform: VimeoV2) -> None:
    platform.free_bytes = SIZE - 1
    with pytest.raises(DeliveryRefused, match="room for") as caught:
        deliver(send, platform)
    assert caught.value.code == "delivery_quota"
    platform.free_bytes, platform.max_bytes = 10**9, SIZE - 1
    with pytest.raises(DeliveryRefused, match="at most") as caught:
        deliver(send, platform)
    assert caught.value.code == "delivery_too_large"
    assert platform.said("PUT") == []


def test_what_may_have_arrived_is_left_to_a_person(send: Sender, platform: VimeoV2) -> None:
    platform.faults += [Fault(method="POST", skip=3, cut_before_answer=True) for _ in range(50)]
    with pytest.raises(DeliveryFailed) as caught:
        deliver(send, platform)
    assert (caught.value.code, caught.value.is_retryable) == ("delivery_unknown", False)


def test_what_vanished_is_noticed(send: Sender, platform: VimeoV2) -> None:
    platform.loses_bytes = 1000
    with pytest.raises(DeliveryFailed, match=f"Of the film's {SIZE} bytes {SIZE - 1000} have arrived") as caught:
        deliver(send, platform)
    assert caught.value.is_retryable
    assert platform.videos == {}


def test_a_film_whose_title_is_not_taken_is_not_sent_again(send: Sender, platform: VimeoV2) -> None:
    platform.replies = {"vimeo.videos.setTitle": [fail(99, "Insufficient permissions")]}
    with pytest.raises(DeliveryFailed, match=r"is at https://vimeo\.com/100, but without its title") as caught:
        deliver(send, platform)
    assert (caught.value.code, caught.value.is_retryable) == ("delivery_unnamed", False)


def test_a_range_that_no_file_has_is_not_believed(send: Sender, platform: VimeoV2) -> None:
    lie = Reply(status=308, headers={"Range": f"bytes=0-{'9' * 5_000}"})
    platform.faults.append(Fault(method="PUT", reply=lie))
    with pytest.raises(DeliveryFailed) as caught:
        deliver(send, platform)
    assert (caught.value.code, caught.value.is_retryable) == ("delivery_nonsense", False)


@pytest.mark.parametrize(
    ("method", "reply"),
    [
        ("getTicket", ok()),
        ("getTicket", ok(ticket={"id": "1"})),
        ("getTicket", ok(ticket={"id": "1", "endpoint": "http://["})),
        ("getTicket", Reply(body=b"<rsp stat='ok'/>")),
        ("complete", ok(ticket={"video_id": "../1"})),
    ],
)
def test_nonsense_is_not_believed(method: str, reply: Reply, send: Sender, platform: VimeoV2) -> None:
    platform.replies = {f"{UPLOAD}{method}": [reply]}
    with pytest.raises(DeliveryFailed) as caught:
        deliver(send, platform)
    assert (caught.value.code, caught.value.is_retryable) == ("delivery_nonsense", False)


@pytest.mark.parametrize("text", ["bytes=0-787433", "bytes=1-5", "none"])
def test_a_range_that_cannot_be_is_not_believed(text: str, send: Sender, platform: VimeoV2) -> None:
    platform.faults += [
        Fault(method="PUT", cut_in_body=1000),
        Fault(method="PUT", reply=Reply(status=308, headers={"Range": text})),
    ]
    with pytest.raises(DeliveryFailed, match="more of the film than was sent"):
        deliver(send, platform)


def test_it_gives_up_where_nothing_arrives(send: Sender, platform: VimeoV2) -> None:
    nothing = Reply(status=308, headers={"Range": "bytes=0-0"})
    platform.faults += [Fault(method="PUT", reply=nothing) for _ in range(50)]
    with pytest.raises(DeliveryFailed, match="takes no more"):
        deliver(send, platform)
    assert len(platform.said("PUT")) == 5


def test_the_callers_stop_is_obeyed_at_once(send: Sender, platform: VimeoV2) -> None:
    def stop(sent: int, _total: int) -> None:
        if sent:
            raise WorkStopped("cancelled")

    with pytest.raises(WorkStopped, match="cancelled"):
        send("vimeo", GIVEN, endpoint=platform.url, on_progress=stop)
    assert platform.videos == {}


def test_silence_is_not_waited_for(send: Sender, platform: VimeoV2) -> None:
    platform.faults.append(Fault(method="PUT", stall_in_body=1000))
    check_arrived(send, platform, send("vimeo", GIVEN, endpoint=platform.url, rules=impatient(2)))


def test_without_the_library_the_advice_says_what_to_install(
    send: Sender, platform: VimeoV2, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "oauthlib.common", None)
    with pytest.raises(ConfigurationError) as caught:
        deliver(send, platform)
    assert "django-mediacloud[uploads]" in caught.value.advice


@pytest.mark.parametrize(
    "replies",
    [
        {},
        {f"{UPLOAD}getQuota": [fail(98, f"Login failed for {KEYS['access_token_key']}", KEYS["consumer_secret"])]},
        {f"{UPLOAD}complete": [Reply(status=400, body=" ".join(KEYS.values()).encode())]},
    ],
)
def test_no_secret_is_in_any_word(replies: dict[str, list[Reply]], send: Sender, platform: VimeoV2) -> None:
    platform.replies = replies
    try:
        deliver(send, platform)
    except DeliveryRefused:
        assert replies
    assert "SECRET" not in send.words()
