from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from django_mediacloud.core.destinations import DESTINATIONS
from django_mediacloud.engine.operation import PassedOn
from django_mediacloud.engine.registry import get_operation
from django_mediacloud.exceptions import InvalidParameters, UnreadableMedia, UnsupportedMedia
from tests.media import MediaFactory

from .work import Work

YOUTUBE = {"access_token": "a", "developer_key": "d", "title": "t"}
VIMEO = {"oauth2_token": "t"}
FACEBOOK = {"access_token": "a"}
ALL = [("video.upload.youtube", YOUTUBE), ("video.upload.vimeo", VIMEO), ("video.upload.fb", FACEBOOK)]


@pytest.mark.parametrize(
    ("name", "given", "values"),
    [
        (*ALL[0], {"output": None, "duration": 2.0}),
        (*ALL[1], {"output": None, "duration": 2.0, "free_space": None, "uploaded_file_size": None}),
        (*ALL[2], {"duration": 2.0}),
    ],
)
def test_the_film_is_passed_on(
    name: str, given: dict[str, Any], values: dict[str, Any], work: Work, media: MediaFactory
) -> None:
    outcome = work.run(name, media.video(), **given)
    assert dict(outcome.values) == values
    assert outcome.passed_on == PassedOn(parameter="url", name="output.mp4", content_type="video/mp4")
    assert outcome.files == ()
    assert work.left() == []


@pytest.mark.parametrize(("name", "given"), ALL)
def test_what_is_no_film_goes_nowhere(
    name: str, given: dict[str, Any], work: Work, media: MediaFactory, tmp_path: Path
) -> None:
    with pytest.raises(UnsupportedMedia):
        work.run(name, media.audio(), **given)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(UnreadableMedia):
        work.run(name, tmp_path / "text", **given)


@pytest.mark.parametrize(
    ("name", "destination"),
    [("video.upload.youtube", "youtube"), ("video.upload.vimeo", "vimeo"), ("video.upload.fb", "facebook")],
)
def test_the_parameters_are_the_source_and_the_destinations(name: str, destination: str) -> None:
    info = get_operation(name).info
    assert info.delivery == destination
    assert [item.name for item in info.parameters] == [
        "url",
        *(item.name for item in DESTINATIONS[destination].parameters),
    ]


def test_vimeos_keys_are_checked_together() -> None:
    with pytest.raises(InvalidParameters, match="oauth2_token"):
        get_operation("video.upload.vimeo").info.parameters.clean({"url": "http://a.example/b.mp4"})
