from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from django_mediacloud.exceptions import DeliveryError, DeliveryFailed, DeliveryRefused, WorkStopped
from django_mediacloud.transport.uploads import Uploaded, youtube
from tests.platforms.server import Fault
from tests.platforms.youtube import KEY, QUANTUM, TOKEN, YouTube, error
from tests.servers import Reply, json_reply

from .conftest import SIZE, Sender, impatient, rules_for

GIVEN = {
    "access_token": TOKEN,
    "developer_key": KEY,
    "title": "Ein Film & mehr",
    "description": "Über Züge",
    "tags": ["Zug", "Bahn"],
    "category_id": 22,
    "privacy_status": "unlisted",
}


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Iterator[YouTube]:
    monkeypatch.setattr(youtube, "CHUNK_BYTES", 2 * QUANTUM)
    with YouTube() as running:
        yield running


def deliver(send: Sender, platform: YouTube, **changes: Any) -> Uploaded:
    return send("youtube", {**GIVEN, **changes}, endpoint=platform.url)


def check_arrived(send: Sender, platform: YouTube, uploaded: Uploaded) -> None:
    """Once, whole, and in the documented way."""
    assert uploaded == Uploaded(url="https://www.youtube.com/watch?v=dQw4w9WgXc_")
    assert [video.stored.sha256() for video in platform.videos] == [send.film.sha256]
    assert platform.complaints == []
    assert platform.faults == []
    assert platform.cancelled == []


def ranges(platform: YouTube) -> list[str]:
    return [call.headers["Content-Range"].removeprefix("bytes ") for call in platform.said("PUT")]


def test_a_film_arrives_with_its_words(send: Sender, platform: YouTube) -> None:
    check_arrived(send, platform, deliver(send, platform))
    assert platform.videos[0].resource == {
        "snippet": {
            "title": "Ein Film & mehr",
            "description": "Über Züge",
            "tags": ["Zug", "Bahn"],
            "categoryId": "22",
        },
        "status": {"privacyStatus": "unlisted"},
    }
    assert ranges(platform) == [f"0-{2 * QUANTUM - 1}/{SIZE}", f"{2 * QUANTUM}-{SIZE - 1}/{SIZE}"]
    assert send.progress[-1] == (SIZE, SIZE)
    assert send.progress == sorted(send.progress)


def test_chunks_are_multiples_of_what_youtube_asks_for() -> None:
    assert youtube.CHUNK_BYTES % QUANTUM == 0


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(method="PUT", cut_in_body=QUANTUM + 5), id="cut in a chunk"),
        pytest.param(Fault(method="PUT", cut_in_body=10), id="cut at its beginning"),
        pytest.param(Fault(method="PUT", skip=1, cut_in_body=100), id="cut in the last chunk"),
        pytest.param(Fault(method="PUT", cut_before_answer=True), id="answer lost"),
        pytest.param(Fault(method="PUT", reply=Reply(status=503)), id="busy"),
        pytest.param(Fault(method="PUT", reply=Reply(status=502), is_early=True), id="refused early"),
        pytest.param(Fault(method="POST", reply=Reply(status=500)), id="no session"),
        pytest.param(Fault(method="POST", cut_before_answer=True), id="session lost"),
    ],
)
def test_what_breaks_goes_on(fault: Fault, send: Sender, platform: YouTube) -> None:
    platform.faults.append(fault)
    check_arrived(send, platform, deliver(send, platform))


def test_it_goes_on_where_youtube_says(send: Sender, platform: YouTube) -> None:
    platform.faults.append(Fault(method="PUT", cut_in_body=QUANTUM + 5))
    check_arrived(send, platform, deliver(send, platform))
    assert ranges(platform) == [
        f"0-{2 * QUANTUM - 1}/{SIZE}",
        f"*/{SIZE}",
        f"{QUANTUM}-{3 * QUANTUM - 1}/{SIZE}",
        f"{3 * QUANTUM}-{SIZE - 1}/{SIZE}",
    ]


def test_less_may_be_kept_than_was_sent(send: Sender, platform: YouTube) -> None:
    platform.keeps_bytes = QUANTUM
    check_arrived(send, platform, deliver(send, platform))
    assert len(ranges(platform)) == 4


def test_a_lost_last_answer_uploads_nothing_twice(send: Sender, platform: YouTube) -> None:
    platform.faults.append(Fault(method="PUT", skip=1, cut_before_answer=True))
    check_arrived(send, platform, deliver(send, platform))
    assert ranges(platform)[-1] == f"*/{SIZE}"
    assert len(platform.said("POST")) == 1


def test_a_film_of_whole_chunks_ends_with_its_last_one(
    send: Sender, platform: YouTube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(youtube, "CHUNK_BYTES", SIZE)
    check_arrived(send, platform, deliver(send, platform))
    assert ranges(platform) == [f"0-{SIZE - 1}/{SIZE}"]


def test_an_expired_session_begins_anew_once(send: Sender, platform: YouTube) -> None:
    platform.faults.append(Fault(method="PUT", skip=1, reply=Reply(status=404)))
    check_arrived(send, platform, deliver(send, platform))
    assert len(platform.said("POST")) == 2
    platform.faults += [Fault(method="PUT", reply=Reply(status=404)), Fault(method="PUT", reply=Reply(status=410))]
    with pytest.raises(DeliveryFailed, match="twice forgot"):
        deliver(send, platform)
    assert len(platform.said("POST")) == 4


def test_it_gives_up_where_nothing_arrives(send: Sender, platform: YouTube) -> None:
    platform.faults += [Fault(method="PUT", reply=Reply(status=503)) for _ in range(50)]
    with pytest.raises(DeliveryFailed) as caught:
        deliver(send, platform)
    assert (caught.value.code, caught.value.is_retryable) == ("delivery_http_503", True)
    assert len(platform.said("PUT")) == 5
    assert len(platform.cancelled) == 1


@pytest.mark.parametrize("status", [503, 404])
def test_what_may_have_arrived_is_left_to_a_person(status: int, send: Sender, platform: YouTube) -> None:
    platform.faults.append(Fault(method="PUT", skip=1, cut_before_answer=True))
    platform.faults += [Fault(method="PUT", skip=1, reply=Reply(status=status)) for _ in range(50)]
    with pytest.raises(DeliveryFailed, match="All of the film was sent, and YouTube did not say") as caught:
        deliver(send, platform)
    assert (caught.value.code, caught.value.is_retryable) == ("delivery_unknown", False)
    assert len(platform.said("POST")) == 1


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"access_token": "SECRET-wrong"}, "delivery_http_401", "authError: Invalid Credentials"),
        ({"developer_key": "SECRET-wrong"}, "delivery_http_400", "keyInvalid"),
        ({"title": "<b>"}, "delivery_http_400", "invalidTitle"),
    ],
)
def test_a_refusal_is_told_in_youtubes_words(
    changes: dict[str, str], code: str, words: str, send: Sender, platform: YouTube
) -> None:
    with pytest.raises(DeliveryRefused, match=words) as caught:
        deliver(send, platform, **changes)
    assert (caught.value.code, caught.value.is_retryable) == (code, False)
    assert len(platform.calls) == 1


@pytest.mark.parametrize("is_early", [True, False])
def test_a_refusal_in_the_middle_is_final(is_early: bool, send: Sender, platform: YouTube) -> None:
    quota = error(403, "quotaExceeded", "The request cannot be completed because you have exceeded your quota.")
    platform.faults.append(Fault(method="PUT", skip=1, reply=quota, is_early=is_early))
    with pytest.raises(DeliveryRefused, match="quotaExceeded") as caught:
        deliver(send, platform)
    assert caught.value.code == "delivery_http_403"
    assert len(platform.cancelled) == 1


@pytest.mark.parametrize(
    "lie",
    [
        Reply(status=308, headers={"Range": f"bytes=0-{SIZE}"}),
        Reply(status=308, headers={"Range": "bytes=9-10"}),
        Reply(status=308, headers={"Range": f"bytes=0-{'9' * 5_000}"}),
        Reply(status=308, headers={"Range": "all of it"}),
        Reply(status=200, body=b"<html>"),
        Reply(status=201, body=b'{"id": "../../etc"}'),
        json_reply({"id": 7}),
    ],
)
def test_lies_are_not_believed(lie: Reply, send: Sender, platform: YouTube) -> None:
    platform.faults.append(Fault(method="PUT", reply=lie))
    with pytest.raises(DeliveryFailed) as caught:
        deliver(send, platform)
    assert (caught.value.code, caught.value.is_retryable) == ("delivery_nonsense", False)


def test_a_session_that_never_gets_further_ends(send: Sender, platform: YouTube) -> None:
    platform.keeps_bytes = 0
    with pytest.raises(DeliveryFailed, match="takes no more"):
        deliver(send, platform)
    assert platform.videos == []


@pytest.mark.parametrize("where", ["http://[", "file:///etc/passwd", "http://2130706433/", "//a@b@c/"])
def test_a_session_nowhere_is_refused(where: str, send: Sender, platform: YouTube) -> None:
    platform.faults.append(Fault(method="POST", reply=Reply(headers={"Location": where})))
    with pytest.raises(DeliveryError):
        deliver(send, platform)
    assert platform.said("PUT") == []


@pytest.mark.parametrize("reply", [error(401, "authError", "Invalid Credentials"), Reply(status=404)])
def test_a_refusal_after_all_was_sent_is_left_to_a_person(reply: Reply, send: Sender, platform: YouTube) -> None:
    platform.faults += [Fault(method="PUT", skip=1, cut_before_answer=True), Fault(method="PUT", skip=1, reply=reply)]
    with pytest.raises(DeliveryFailed) as caught:
        deliver(send, platform)
    assert (caught.value.code, caught.value.is_retryable) == ("delivery_unknown", False)


def test_a_session_elsewhere_does_not_get_the_token(send: Sender, platform: YouTube) -> None:
    with YouTube() as thief:
        moved = Reply(headers={"Location": f"{thief.url}/upload/youtube/v3/videos?upload_id=x"})
        platform.faults.append(Fault(method="POST", reply=moved))
        with pytest.raises(DeliveryRefused, match="public internet"):
            deliver(send, platform)
        assert thief.calls == []


def test_a_session_on_an_allowed_host_goes_without_the_token(send: Sender, platform: YouTube) -> None:
    with YouTube() as other:
        moved = Reply(headers={"Location": f"{other.url}/upload/youtube/v3/videos?upload_id=x"})
        platform.faults.append(Fault(method="POST", reply=moved))
        with pytest.raises(DeliveryRefused):
            send("youtube", GIVEN, endpoint=platform.url, rules=rules_for(other))
        assert other.calls
        assert [call.headers["Authorization"] for call in other.calls] == [None] * len(other.calls)


def test_the_callers_stop_is_obeyed_at_once(send: Sender, platform: YouTube) -> None:
    def stop(sent: int, _total: int) -> None:
        if sent >= QUANTUM:
            raise WorkStopped("cancelled")

    with pytest.raises(WorkStopped, match="cancelled"):
        send("youtube", GIVEN, endpoint=platform.url, on_progress=stop)
    assert len(platform.said("PUT")) <= 1
    assert len(platform.cancelled) == 1
    assert platform.videos == []


def test_the_callers_stop_is_obeyed_while_nothing_moves(send: Sender, platform: YouTube) -> None:
    def stop(_sent: int, _total: int) -> None:
        raise WorkStopped("cancelled")

    platform.faults.append(Fault(method="POST", stall_in_body=10))
    with pytest.raises(WorkStopped, match="cancelled"):
        send("youtube", GIVEN, endpoint=platform.url, on_progress=stop)


def test_silence_is_not_waited_for(send: Sender, platform: YouTube) -> None:
    platform.faults.append(Fault(method="PUT", stall_in_body=1000))
    check_arrived(send, platform, send("youtube", GIVEN, endpoint=platform.url, rules=impatient(2)))


@pytest.mark.parametrize(
    "faults",
    [
        [],
        [Fault(method="PUT", cut_in_body=10)],
        [Fault(method="POST", reply=error(401, "authError", f"No {TOKEN} and no {KEY}"))],
        [Fault(method="PUT", reply=Reply(status=400, body=f"{TOKEN} ABPtcPq0SECRET-session".encode()))],
        [Fault(method="PUT", reply=Reply(status=403, body=TOKEN.replace("/", "%2F").replace("+", "%2B").encode()))],
        [Fault(method="PUT", reply=Reply(status=302, headers={"Location": f"https://x.example/{TOKEN}"}))],
    ],
)
def test_no_secret_is_in_any_word(faults: list[Fault], send: Sender, platform: YouTube) -> None:
    platform.faults += faults
    try:
        deliver(send, platform)
    except DeliveryRefused:
        assert faults
    assert "SECRET" not in send.words()
