from __future__ import annotations

import json
import uuid
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.core.failure import Failure, cut
from django_mediacloud.core.ids import as_base32, as_hex32, parse_id
from django_mediacloud.core.media import AudioStream, MediaInfo, VideoStream, extension_of
from django_mediacloud.core.spec import ProducedFile
from django_mediacloud.exceptions import FetchError, InvalidParameters, LimitExceeded


@given(st.uuids())
def test_an_id_is_read_back_from_each_spelling(value):
    assert {parse_id(text) for text in (as_hex32(value), as_base32(value), str(value))} == {value}
    assert (len(as_hex32(value)), len(as_base32(value))) == (32, 26)


@given(st.text(max_size=40))
def test_what_is_no_id_is_a_value_error(text):
    try:
        assert isinstance(parse_id(text), uuid.UUID)
    except ValueError as error:
        assert str(error)


@given(st.text(max_size=300), st.integers(min_value=0, max_value=200))
def test_a_log_is_cut_to_its_bound(text, limit):
    kept = cut(text, limit)
    assert len(kept) <= max(limit, len(text))
    assert "\x00" not in kept
    if len(text) <= limit:
        assert kept == text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def test_a_failure_is_drawn_from_its_error():
    failure = Failure.of(LimitExceeded("Too big.", code="too_many_pixels", log="x" * 50_000))
    assert (failure.code, failure.message, failure.is_retryable) == ("too_many_pixels", "Too big.", False)
    assert len(failure.log) == 20_000


@pytest.mark.parametrize(
    ("aspect", "rotation_deg", "size"), [("1:1", 0, (720, 576)), ("16:15", 0, (768, 576)), ("16:15", 90, (576, 768))]
)
def test_what_a_viewer_sees(aspect, rotation_deg, size):
    stream = VideoStream(codec="h264", width=720, height=576, sample_aspect_ratio=aspect, rotation_deg=rotation_deg)
    info = MediaInfo(format="mp4", content_type="video/mp4", kind="video", size_bytes=1, video=stream)
    assert info.display_size == size


def test_facts_survive_json():
    info = MediaInfo(
        format="mp4",
        content_type="video/mp4",
        kind="video",
        size_bytes=1,
        video=VideoStream(codec="h264", width=4, height=2),
        audio=AudioStream(codec="aac", sample_rate_hz=44100, channels=2),
    )
    assert MediaInfo.from_dict(json.loads(json.dumps(info.as_dict()))) == info


def test_a_produced_file_is_here_or_there():
    with pytest.raises(ValueError, match="either"):
        ProducedFile(name="a", content_type="b")
    with pytest.raises(ValueError, match="either"):
        ProducedFile(name="a", content_type="b", path=Path("c"), url="http://d.example/")


@pytest.mark.parametrize(
    ("content_type", "extension"),
    [
        ("image/jpeg", ".jpg"),
        ("image/png", ".png"),
        ("audio/mpeg", ".mp3"),
        ("video/mp4", ".mp4"),
        ("x/unknown", ""),
        ("", ""),
    ],
)
def test_a_name_ends_as_its_media_type_wants(content_type: str, extension: str) -> None:
    assert extension_of(content_type) == extension


def test_the_words_of_an_error_are_whole_sentences():
    named = InvalidParameters({"width": ["must be at least 1"]})
    assert named.full_message == "width: must be at least 1. Correct the parameters named and submit again."
    assert FetchError("It is away.", advice="Wait.").full_message == "It is away. Wait."
    assert FetchError("It is away").full_message == "It is away"
    assert FetchError(advice="Wait.").full_message == "Wait."
