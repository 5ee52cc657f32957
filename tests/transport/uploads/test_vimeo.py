from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from django_mediacloud.exceptions import DeliveryError, DeliveryFailed, DeliveryRefused, WorkStopped
from django_mediacloud.transport.uploads import Uploaded, vimeo
from tests.platforms.server import Fault
from tests.platforms.vimeo import TOKEN, TUS, Vimeo, error
from tests.servers import Reply, json_reply

from .conftest import SIZE, Sender, impatient

CHUNK_BYTES = 300_000
GIVEN = {"oauth2_token": TOKEN, "title": "Ein Film & mehr", "description": "Über Züge"}


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[Vimeo]:
    monkeypatch.setattr(vimeo, "CHUNK_BYTES", CHUNK_BYTES)
    with Vimeo() as running:
        yield running


def deliver(send: Sender, platform: Vimeo, **changes: Any) -> Uploaded:
    return send("vimeo", {**GIVEN, **changes}, endpoint=platform.url)


def check_arrived(send: Sender, platform: Vimeo, uploaded: Uploaded) -> None:
    """Once, whole, and in the documented way."""
    values = {"free_space": platform.free_bytes, "uploaded_file_size": SIZE}
    assert uploaded == Uploaded(url="https://vimeo.com/900", values=values)
    assert [video.stored.sha256() for video in platform.videos.values()] == [send.film.sha256]
    assert platform.complaints == []
    assert platform.faults == []
    assert platform.deleted == []


def offsets(platform: Vimeo) -> list[str]:
    return [call.headers["Upload-Offset"] for call in platform.said("PATCH")]


def test_a_film_arrives_with_its_words(send: Sender, platform: Vimeo) -> None:
    check_arrived(send, platform, deliver(send, platform))
    [video] = platform.videos.values()
    assert (video.name, video.description) == ("Ein Film & mehr", "Über Züge")
    assert offsets(platform) == ["0", "300000", "600000"]
    assert send.progress[-1] == (SIZE, SIZE)


def test_a_film_without_words(send: Sender, platform: Vimeo) -> None:
    check_arrived(send, platform, deliver(send, platform, title=None, description=None))
    [video] = platform.videos.values()
    assert (video.name, video.description) == (None, None)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(method="PATCH", cut_in_body=100_000), id="cut in a chunk"),
        pytest.param(Fault(method="PATCH", skip=2, cut_in_body=100_000), id="cut in the last chunk"),
        pytest.param(Fault(method="PATCH", cut_before_answer=True), id="answer lost"),
        pytest.param(Fault(method="PATCH", skip=2, cut_before_answer=True), id="last answer lost"),
        pytest.param(Fault(method="PATCH", reply=Reply(status=503)), id="busy"),
        pytest.param(Fault(method="PATCH", reply=Reply(status=409, headers=TUS)), id="conflict"),
        pytest.param(Fault(method="PATCH", reply=Reply(status=423, headers=TUS)), id="locked"),
        pytest.param(Fault(method="GET", cut_before_answer=True), id="quota lost"),
        pytest.param(Fault(method="POST", reply=error(503, 0, "Busy")), id="no video yet"),
    ],
)
def test_what_breaks_goes_on(fault: Fault, send: Sender, platform: Vimeo) -> None:
    platform.faults.append(fault)
    check_arrived(send, platform, deliver(send, platform))


def test_it_goes_on_where_vimeo_says(send: Sender, platform: Vimeo) -> None:
    platform.faults.append(Fault(method="PATCH", cut_in_body=100_001))
    check_arrived(send, platform, deliver(send, platform))
    assert offsets(platform) == ["0", "100001", "400001", "700001"]
    assert len(platform.said("HEAD")) == 1


def test_a_lost_last_answer_uploads_nothing_twice(send: Sender, platform: Vimeo) -> None:
    platform.faults.append(Fault(method="PATCH", skip=2, cut_before_answer=True))
    check_arrived(send, platform, deliver(send, platform))
    assert offsets(platform) == ["0", "300000", "600000"]


def test_a_lock_of_our_own_broken_request_is_waited_for(send: Sender, platform: Vimeo) -> None:
    platform.locks_for = 2
    platform.faults.append(Fault(method="PATCH", cut_in_body=1000))
    check_arrived(send, platform, deliver(send, platform))
    assert len(platform.said("HEAD")) == 3


def test_less_may_be_kept_than_was_sent(send: Sender, platform: Vimeo) -> None:
    platform.keeps_bytes = 200_000
    check_arrived(send, platform, deliver(send, platform))
    assert offsets(platform) == ["0", "200000", "400000", "600000"]


def test_a_lost_creation_is_not_repeated(send: Sender, platform: Vimeo) -> None:
    platform.faults.append(Fault(method="POST", cut_before_answer=True))
    with pytest.raises(DeliveryFailed) as caught:
        deliver(send, platform)
    assert caught.value.is_retryable
    assert len(platform.said("POST")) == 1


def test_an_account_that_is_full_is_told_before_anything_is_sent(send: Sender, platform: Vimeo) -> None:
    platform.free_bytes = SIZE - 1
    with pytest.raises(DeliveryRefused, match=f"has {SIZE} bytes, and the Vimeo account has room for {SIZE - 1}"):
        deliver(send, platform)
    assert [call.path for call in platform.calls] == ["/me"]


@pytest.mark.parametrize("may_read", [True, False])
def test_an_account_of_unknown_size(may_read: bool, send: Sender, platform: Vimeo) -> None:
    platform.free_bytes, platform.may_read = None, may_read
    check_arrived(send, platform, deliver(send, platform))


@pytest.mark.parametrize(
    ("fault", "changes", "code", "words"),
    [
        (None, {"oauth2_token": "SECRET-wrong"}, "delivery_http_401", "Something strange occurred"),
        (None, {"title": "x" * 129}, "delivery_http_400", "128 characters"),
        (
            Fault(method="POST", reply=error(403, 4101, "The user has exceeded their quota.")),
            {},
            "delivery_http_403",
            "exceeded their quota",
        ),
        (
            Fault(method="PATCH", reply=Reply(status=413, headers=TUS)),
            {},
            "delivery_http_413",
            "answered 413, a refusal",
        ),
    ],
)
def test_a_refusal_is_told_in_vimeos_words(
    fault: Fault | None, changes: dict[str, str], code: str, words: str, send: Sender, platform: Vimeo
) -> None:
    platform.faults += [fault] if fault else []
    with pytest.raises(DeliveryRefused, match=words) as caught:
        deliver(send, platform, **changes)
    assert (caught.value.code, caught.value.is_retryable) == (code, False)
    assert platform.videos == {}


def test_an_expired_upload_leaves_no_empty_video(send: Sender, platform: Vimeo) -> None:
    platform.faults.append(Fault(method="PATCH", skip=1, reply=Reply(status=404, headers=TUS)))
    with pytest.raises(DeliveryFailed) as caught:
        deliver(send, platform)
    assert (caught.value.code, caught.value.is_retryable) == ("delivery_expired", True)
    assert platform.deleted == ["900"]


def test_it_gives_up_where_nothing_arrives(send: Sender, platform: Vimeo) -> None:
    platform.keeps_bytes = 0
    with pytest.raises(DeliveryFailed, match="takes no more"):
        deliver(send, platform)
    assert len(platform.said("PATCH")) == 5
    assert platform.deleted == ["900"]


@pytest.mark.parametrize("is_removed", [True, False])
def test_what_may_have_arrived_is_removed_or_left_to_a_person(is_removed: bool, send: Sender, platform: Vimeo) -> None:
    platform.faults.append(Fault(method="PATCH", skip=2, cut_before_answer=True))
    platform.faults += [Fault(method="HEAD", reply=Reply(status=503)) for _ in range(50)]
    platform.faults += [] if is_removed else [Fault(method="DELETE", reply=error(403, 8000, "No such right."))]
    with pytest.raises(DeliveryFailed) as caught:
        deliver(send, platform)
    assert caught.value.is_retryable is is_removed
    assert caught.value.code == ("delivery_http_503" if is_removed else "delivery_unknown")
    assert len(platform.videos) == (0 if is_removed else 1)


@pytest.mark.parametrize("offset", ["787433", "-1", "1e3", "", "²", "9" * 5_000])
def test_an_offset_that_cannot_be_is_not_believed(offset: str, send: Sender, platform: Vimeo) -> None:
    lie = Reply(status=204, headers={**TUS, "Upload-Offset": offset.encode().decode("latin-1")})
    platform.faults.append(Fault(method="PATCH", reply=lie))
    with pytest.raises(DeliveryFailed) as caught:
        deliver(send, platform)
    assert (caught.value.code, caught.value.is_retryable) == ("delivery_nonsense", False)


@pytest.mark.parametrize(
    "told",
    [
        [],
        {"uri": "/videos/1"},
        {"uri": "/videos/1", "upload": {"upload_link": 7}},
        {"uri": "/videos/../me", "upload": {"upload_link": "https://x.example/"}},
    ],
)
def test_a_creation_that_makes_no_sense(told: Any, send: Sender, platform: Vimeo) -> None:
    platform.faults.append(Fault(method="POST", reply=json_reply(told)))
    with pytest.raises(DeliveryFailed, match="did not say where"):
        deliver(send, platform)


@pytest.mark.parametrize("link", ["http://127.0.0.1:1/x", "http://169.254.169.254/x", "file:///etc/passwd", "http://["])
def test_an_upload_link_to_the_inside_is_refused(link: str, send: Sender, platform: Vimeo) -> None:
    told = {"uri": "/videos/1", "upload": {"upload_link": link}}
    platform.faults.append(Fault(method="POST", reply=json_reply(told)))
    with pytest.raises(DeliveryError):
        deliver(send, platform)


def test_the_callers_stop_removes_the_video(send: Sender, platform: Vimeo) -> None:
    def stop(sent: int, _total: int) -> None:
        if sent > CHUNK_BYTES:
            raise WorkStopped("cancelled")

    with pytest.raises(WorkStopped, match="cancelled"):
        send("vimeo", GIVEN, endpoint=platform.url, on_progress=stop)
    assert platform.deleted == ["900"]
    assert [video.stored.size < SIZE for video in platform.links.values()] == [True]


def test_silence_is_not_waited_for(send: Sender, platform: Vimeo) -> None:
    platform.faults.append(Fault(method="PATCH", stall_in_body=1000))
    check_arrived(send, platform, send("vimeo", GIVEN, endpoint=platform.url, rules=impatient(2)))


@pytest.mark.parametrize(
    "faults",
    [
        [],
        [Fault(method="PATCH", cut_in_body=10)],
        [Fault(method="POST", reply=error(400, 1, f"You said {TOKEN}"))],
        [Fault(method="PATCH", reply=Reply(status=400, body=b"/files/vimeo-prod-src-tus-eu/SECRETlink900"))],
    ],
)
def test_no_secret_is_in_any_word(faults: list[Fault], send: Sender, platform: Vimeo) -> None:
    platform.faults += faults
    try:
        deliver(send, platform)
    except DeliveryRefused:
        assert faults
    assert "SECRET" not in send.words()
