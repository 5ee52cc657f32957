"""Whatever breaks, and however often: the film is there once and whole, or a clear error says that it is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_mediacloud.exceptions import DeliveryFailed
from django_mediacloud.transport.uploads import patience, upload, vimeo, youtube
from tests.platforms.facebook import TOKEN as FACEBOOK_TOKEN
from tests.platforms.facebook import Facebook
from tests.platforms.server import Fault, Platform
from tests.platforms.vimeo import TOKEN as VIMEO_TOKEN
from tests.platforms.vimeo import Vimeo
from tests.platforms.youtube import KEY, QUANTUM, TOKEN, YouTube
from tests.servers import Reply

from .conftest import RULES, SIZE, Film

FAULTS = st.lists(
    st.one_of(
        st.builds(lambda at, skip: {"cut_in_body": at, "skip": skip}, st.integers(1, SIZE), st.integers(0, 2)),
        st.builds(lambda skip: {"cut_before_answer": True, "skip": skip}, st.integers(0, 3)),
        st.builds(
            lambda status, skip, is_early: {"reply": Reply(status=status), "skip": skip, "is_early": is_early},
            st.sampled_from([408, 429, 500, 502, 503, 504]),
            st.integers(0, 3),
            st.booleans(),
        ),
    ),
    max_size=6,
)
BOUNDED = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
    derandomize=True,
)


@pytest.fixture(autouse=True)
def _small_chunks_and_short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_WAIT_S", 0.001)
    monkeypatch.setattr(youtube, "CHUNK_BYTES", QUANTUM)
    monkeypatch.setattr(vimeo, "CHUNK_BYTES", 200_000)


def deliver(name: str, path: Path, platform: Platform, parameters: dict[str, str]) -> bool | None:
    """Whether it came through; None if the error says that nobody knows."""
    try:
        upload(
            name,
            path,
            parameters,
            filename="a.mp4",
            content_type="video/mp4",
            endpoint=platform.url,
            rules=RULES,
            on_progress=lambda _sent, _total: None,
        )
    except DeliveryFailed as error:
        assert str(error)
        return None if error.code == "delivery_unknown" else False
    return True


def check(came: bool | None, arrived: list[str], film: Film) -> None:
    assert arrived in ([[], [film.sha256]] if came is None else [[film.sha256] * came])


@BOUNDED
@given(faults=FAULTS)
def test_youtube(faults: list[dict[str, Any]], film: Film) -> None:
    parameters = {"access_token": TOKEN, "developer_key": KEY, "title": "t"}
    with YouTube() as platform:
        platform.faults += [Fault(method="PUT", **fault) for fault in faults]
        came = deliver("youtube", film.path, platform, parameters)
        check(came, [video.stored.sha256() for video in platform.videos], film)
        assert platform.complaints == []


@BOUNDED
@given(faults=FAULTS)
def test_vimeo(faults: list[dict[str, Any]], film: Film) -> None:
    with Vimeo() as platform:
        platform.faults += [Fault(method="PATCH", **fault) for fault in faults]
        came = deliver("vimeo", film.path, platform, {"oauth2_token": VIMEO_TOKEN})
        check(came, [video.stored.sha256() for video in platform.videos.values()], film)
        assert platform.complaints == []


@BOUNDED
@given(faults=FAULTS)
def test_facebook(faults: list[dict[str, Any]], film: Film) -> None:
    with Facebook() as platform:
        platform.faults += [Fault(method="POST", path="videos", **fault) for fault in faults]
        came = deliver("facebook", film.path, platform, {"access_token": FACEBOOK_TOKEN})
        check(came, [session.stored.sha256() for session in platform.published], film)
        assert platform.complaints == []
