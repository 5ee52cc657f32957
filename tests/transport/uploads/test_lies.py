"""Platforms that count wrongly, and films that change: what is half there is never told as whole, nor sent twice."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from django_mediacloud.exceptions import DeliveryFailed, StorageError
from django_mediacloud.transport.uploads import upload, vimeo, youtube
from tests.platforms.facebook import TOKEN as FACEBOOK_TOKEN
from tests.platforms.facebook import Facebook
from tests.platforms.server import Fault, Platform
from tests.platforms.vimeo import TOKEN as VIMEO_TOKEN
from tests.platforms.vimeo import Vimeo
from tests.platforms.youtube import KEY, QUANTUM, TOKEN, YouTube
from tests.servers import Reply, json_reply

from .conftest import RULES, SIZE, Sender

YOUTUBE = {"access_token": TOKEN, "developer_key": KEY, "title": "t"}


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(youtube, "CHUNK_BYTES", 2 * QUANTUM)
    monkeypatch.setattr(vimeo, "CHUNK_BYTES", 200_000)


def refuse(send: Callable[[], Any], code: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        send()
    assert (caught.value.code, caught.value.is_retryable) == (code, False)
    assert "Look whether the film has arrived" in caught.value.advice


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(Reply(status=308, headers={"Range": f"bytes=0-{3 * QUANTUM - 1}"}), id="has what was not sent"),
        pytest.param(json_reply({"id": "dQw4w9WgXc_"}, 201), id="is whole before its end"),
    ],
)
def test_youtube_has_more_than_was_sent(reply: Reply, send: Sender) -> None:
    with YouTube() as platform:
        platform.faults.append(Fault(method="PUT", reply=reply))
        refuse(lambda: send("youtube", YOUTUBE, endpoint=platform.url), "delivery_nonsense")


def test_youtube_has_all_and_never_says_under_which_id(send: Sender) -> None:
    with YouTube() as platform:
        has_all = Reply(status=308, headers={"Range": f"bytes=0-{SIZE - 1}"})
        platform.faults += [Fault(method="PUT", skip=1, reply=has_all) for _ in range(20)]
        refuse(lambda: send("youtube", YOUTUBE, endpoint=platform.url), "delivery_unknown")


def test_vimeo_has_more_than_was_sent(send: Sender) -> None:
    with Vimeo() as platform:
        whole = Reply(status=204, headers={"Upload-Offset": str(SIZE)})
        platform.faults.append(Fault(method="PATCH", reply=whole))
        refuse(lambda: send("vimeo", {"oauth2_token": VIMEO_TOKEN}, endpoint=platform.url), "delivery_nonsense")


def test_vimeo_refuses_to_say_what_it_has(send: Sender) -> None:
    with Vimeo() as platform:
        platform.faults += [
            Fault(method="PATCH", skip=SIZE // 200_000, cut_before_answer=True),
            Fault(method="HEAD", reply=Reply(status=403)),
            Fault(method="DELETE", reply=Reply(status=403)),
        ]
        refuse(lambda: send("vimeo", {"oauth2_token": VIMEO_TOKEN}, endpoint=platform.url), "delivery_unknown")


def test_facebook_has_more_than_was_sent(send: Sender) -> None:
    with Facebook() as platform:
        # The second request is the first part of the film.
        whole = json_reply({"start_offset": str(SIZE), "end_offset": str(SIZE)})
        platform.faults.append(Fault(method="POST", skip=1, reply=whole))
        refuse(lambda: send("facebook", {"access_token": FACEBOOK_TOKEN}, endpoint=platform.url), "delivery_nonsense")


@pytest.mark.parametrize("status", [500, 502, 504])
def test_facebook_publishes_and_its_gateway_says_that_it_broke(status: int, send: Sender) -> None:
    with Facebook() as platform:
        handle, finishes = platform.handle, []

        def publish_and_break(call: Any) -> Reply:
            if call.method == "GET":
                return Reply(status=403)
            reply = handle(call)
            if b"success" in reply.body:
                finishes.append(reply)
            return Reply(status=status) if finishes else reply

        platform.handle = publish_and_break  # type: ignore[method-assign]
        refuse(lambda: send("facebook", {"access_token": FACEBOOK_TOKEN}, endpoint=platform.url), "delivery_unknown")
        assert len(platform.published) == 1


def replace_film(path: Path) -> None:
    other = path.with_name("other")
    other.write_bytes(b"\1" * SIZE)
    other.replace(path)


def write_over_film(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(b"\1" * SIZE)
    # It may all have happened between two ticks of the file system's clock.
    os.utime(path, ns=(path.stat().st_atime_ns, path.stat().st_mtime_ns + 10**10))


def append_to_film(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\1" * SIZE)


@pytest.mark.parametrize("change", [replace_film, write_over_film, append_to_film])
@pytest.mark.parametrize(
    ("name", "given", "platform_class"),
    [
        ("youtube", YOUTUBE, YouTube),
        ("vimeo", {"oauth2_token": VIMEO_TOKEN}, Vimeo),
        ("facebook", {"access_token": FACEBOOK_TOKEN}, Facebook),
    ],
)
def test_a_film_that_changes_while_it_is_sent_is_not_sent_half(
    name: str, given: dict[str, str], platform_class: Any, change: Callable[[Path], None], tmp_path: Path
) -> None:
    path = tmp_path / "film"
    path.write_bytes(b"\0" * SIZE)
    is_changed = False

    def meddle(sent: int, _total: int) -> None:
        nonlocal is_changed
        if sent >= SIZE // 2 and not is_changed:
            is_changed = True
            change(path)

    platform: Platform
    with platform_class() as platform, pytest.raises(StorageError) as caught:
        upload(
            name,
            path,
            given,
            filename="a.mp4",
            content_type="video/mp4",
            endpoint=platform.url,
            rules=RULES,
            on_progress=meddle,
        )
    assert (caught.value.code, caught.value.is_retryable) == ("source_changed", True)
    if isinstance(platform, Facebook):
        assert platform.published == []
    elif isinstance(platform, YouTube):
        assert platform.videos == []
    else:
        assert platform.videos == {}  # type: ignore[attr-defined]
