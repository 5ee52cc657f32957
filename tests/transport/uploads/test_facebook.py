from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from django_mediacloud.exceptions import DeliveryFailed, DeliveryRefused, WorkStopped
from django_mediacloud.transport.uploads import Uploaded, facebook
from tests.platforms.facebook import APP_SECRET, TOKEN, VERSION, Facebook, error, proof
from tests.platforms.server import Fault
from tests.servers import Reply, json_reply

from .conftest import SIZE, Sender, impatient

GIVEN = {"access_token": TOKEN, "title": "Ein Film & mehr", "description": "Über\r\nZüge"}
PROBLEM = "There was a problem uploading your video."


@pytest.fixture
def platform() -> Iterator[Facebook]:
    with Facebook() as running:
        yield running


def deliver(send: Sender, platform: Facebook, **changes: Any) -> Uploaded:
    return send("facebook", {**GIVEN, **changes}, endpoint=platform.url)


def check_arrived(send: Sender, platform: Facebook, uploaded: Uploaded) -> None:
    """Once, whole, and in the documented way."""
    [session] = platform.published
    assert uploaded == Uploaded(url=f"https://www.facebook.com/watch/?v={session.video_id}")
    assert session.stored.sha256() == send.film.sha256
    assert platform.complaints == []
    assert platform.faults == []


def test_the_version_is_the_fakes() -> None:
    assert facebook.VERSION == VERSION


def test_a_film_arrives_with_its_words(send: Sender, platform: Facebook) -> None:
    check_arrived(send, platform, deliver(send, platform))
    assert platform.published[0].published == {"title": "Ein Film & mehr", "description": "Über\r\nZüge"}
    assert len(platform.calls) == 5
    assert send.progress[-1] == (SIZE, SIZE)
    assert send.progress == sorted(send.progress)


def test_who_may_see_it(send: Sender, platform: Facebook) -> None:
    given = {"title": None, "description": None, "privacy": "FRIENDS_OF_FRIENDS", "no_story": True}
    check_arrived(send, platform, deliver(send, platform, **given))
    assert platform.published[0].published == {"privacy": '{"value": "FRIENDS_OF_FRIENDS"}', "no_story": "true"}


def test_an_app_may_want_a_proof(send: Sender, platform: Facebook) -> None:
    platform.wants_proof = True
    with pytest.raises(DeliveryRefused, match="appsecret_proof"):
        deliver(send, platform)
    check_arrived(send, platform, deliver(send, platform, app_secret=APP_SECRET))
    assert proof() not in send.words()


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(method="POST", skip=2, cut_in_body=100_000), id="cut in a part"),
        pytest.param(Fault(method="POST", skip=1, cut_in_body=10), id="cut at its beginning"),
        pytest.param(Fault(method="POST", skip=2, cut_before_answer=True), id="answer lost"),
        pytest.param(Fault(method="POST", skip=3, cut_before_answer=True), id="last answer lost"),
        pytest.param(Fault(method="POST", reply=Reply(status=503)), id="no session"),
        pytest.param(Fault(method="POST", skip=1, reply=Reply(status=500)), id="busy"),
        pytest.param(
            Fault(method="POST", skip=1, reply=error(6001, PROBLEM, is_transient=True)), id="may pass by its own word"
        ),
        pytest.param(
            Fault(method="POST", skip=1, reply=error(6000, PROBLEM, subcode=1363030)),
            id="may pass by the documentation",
        ),
        pytest.param(
            Fault(method="POST", skip=4, reply=error(2, "Service temporarily unavailable")), id="not finished"
        ),
        pytest.param(Fault(method="POST", skip=4, cut_before_answer=True), id="finished, answer lost"),
    ],
)
def test_what_breaks_goes_on(fault: Fault, send: Sender, platform: Facebook) -> None:
    platform.faults.append(fault)
    check_arrived(send, platform, deliver(send, platform))


@pytest.mark.parametrize("data_as_text", [True, False])
def test_it_goes_on_where_facebook_says(data_as_text: bool, send: Sender, platform: Facebook) -> None:
    platform.data_as_text = data_as_text
    platform.faults.append(Fault(method="POST", skip=1, cut_before_answer=True))
    check_arrived(send, platform, deliver(send, platform))
    # The beginning, three parts, one of them twice, the end.
    assert len(platform.calls) == 6


def test_a_lost_last_answer_publishes_nothing_twice(send: Sender, platform: Facebook) -> None:
    platform.faults.append(Fault(method="POST", skip=4, cut_before_answer=True))
    check_arrived(send, platform, deliver(send, platform))
    assert [call.method for call in platform.calls[-2:]] == ["POST", "GET"]


def test_it_gives_up_where_nothing_arrives(send: Sender, platform: Facebook) -> None:
    platform.faults += [Fault(method="POST", skip=1, reply=error(1, PROBLEM, is_transient=True)) for _ in range(50)]
    with pytest.raises(DeliveryFailed, match=PROBLEM) as caught:
        deliver(send, platform)
    assert caught.value.is_retryable
    assert len(platform.calls) == 6


def test_what_may_have_arrived_is_left_to_a_person(send: Sender, platform: Facebook) -> None:
    platform.faults += [Fault(method="POST", skip=4, cut_before_answer=True) for _ in range(50)]
    platform.faults += [Fault(method="GET", cut_before_answer=True) for _ in range(50)]
    with pytest.raises(DeliveryFailed) as caught:
        deliver(send, platform)
    assert (caught.value.code, caught.value.is_retryable) == ("delivery_unknown", False)


@pytest.mark.parametrize(
    ("fault", "changes", "code", "words"),
    [
        (None, {"access_token": "SECRETwrong"}, "delivery_http_401", "Invalid OAuth access token"),
        (Fault(method="POST", reply=error(6000, "Too large", subcode=1363023)), {}, "delivery_http_400", "Too large"),
        (
            Fault(method="POST", skip=2, reply=error(190, "Session has expired", subcode=463, status=401)),
            {},
            "delivery_http_401",
            "Session has expired",
        ),
        (
            Fault(method="POST", skip=4, reply=error(368, "no", status=403, error_user_msg="You are blocked")),
            {},
            "delivery_http_403",
            "You are blocked",
        ),
    ],
)
def test_a_refusal_is_told_in_facebooks_words(
    fault: Fault | None, changes: dict[str, str], code: str, words: str, send: Sender, platform: Facebook
) -> None:
    platform.faults += [fault] if fault else []
    with pytest.raises(DeliveryRefused, match=words) as caught:
        deliver(send, platform, **changes)
    assert (caught.value.code, caught.value.is_retryable) == (code, False)
    assert platform.published == []


@pytest.mark.parametrize(
    ("skip", "told"),
    [
        (0, {}),
        (0, {"upload_session_id": "../me", "video_id": "1", "start_offset": "0", "end_offset": "5"}),
        (0, {"upload_session_id": "1", "video_id": "1", "start_offset": "0", "end_offset": str(SIZE + 1)}),
        (1, {}),
        (1, {"start_offset": "500", "end_offset": "100"}),
        (1, {"start_offset": "-5", "end_offset": "100"}),
        (1, {"start_offset": "9" * 5_000, "end_offset": "9" * 5_000}),
        (1, {"start_offset": "1000", "end_offset": "1000"}),
        (1, {"error": {"error_subcode": 1363037, "error_data": "[" * 100_000}}),
        (4, {"success": False}),
        (4, []),
    ],
)
def test_lies_are_not_believed(skip: int, told: Any, send: Sender, platform: Facebook) -> None:
    platform.faults.append(Fault(method="POST", skip=skip, reply=json_reply(told)))
    with pytest.raises(DeliveryFailed) as caught:
        deliver(send, platform)
    assert (caught.value.code, caught.value.is_retryable) == ("delivery_nonsense", False)


def test_a_part_that_is_asked_for_again_and_again_ends(send: Sender, platform: Facebook) -> None:
    same = json_reply({"start_offset": "0", "end_offset": "300000"})
    platform.faults += [Fault(method="POST", skip=1, reply=same) for _ in range(50)]
    with pytest.raises(DeliveryFailed, match="takes no more"):
        deliver(send, platform)
    assert len(platform.calls) == 6


def test_the_callers_stop_is_obeyed_at_once(send: Sender, platform: Facebook) -> None:
    def stop(sent: int, _total: int) -> None:
        if sent > 300_000:
            raise WorkStopped("cancelled")

    with pytest.raises(WorkStopped, match="cancelled"):
        send("facebook", GIVEN, endpoint=platform.url, on_progress=stop)
    assert [session.stored.size for session in platform.sessions.values()] == [300_000]
    assert platform.published == []


def test_silence_is_not_waited_for(send: Sender, platform: Facebook) -> None:
    platform.faults.append(Fault(method="POST", skip=1, stall_in_body=1000))
    check_arrived(send, platform, send("facebook", GIVEN, endpoint=platform.url, rules=impatient(2)))


@pytest.mark.parametrize(
    "faults",
    [
        [],
        [Fault(method="POST", skip=1, cut_in_body=10)],
        [Fault(method="POST", reply=error(190, f"Error validating {TOKEN}"))],
        [Fault(method="POST", skip=1, reply=Reply(status=400, body=TOKEN.replace("/", "\\/").encode()))],
    ],
)
def test_no_secret_is_in_any_word(faults: list[Fault], send: Sender, platform: Facebook) -> None:
    platform.faults += faults
    app = {"app_secret": APP_SECRET}
    try:
        deliver(send, platform, **app)
    except DeliveryRefused:
        assert faults
    assert "SECRET" not in send.words()
