"""The video tasks of Stupeflix, held against their reference: names, defaults, choices, values, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from django_mediacloud.engine.registry import get_operation
from django_mediacloud.exceptions import InvalidParameters

URL = "https://example.com/a.mp4"
SIZE = {"width": None, "height": None, "crop": False}
PICTURE_FORMATS = ("jpeg", "png")
SIZES = {"width", "height", "original_width", "original_height"}
FACTS = {"content_type", "width", "height", "duration", "frame_rate", "alpha", "rotation", "audio_codec", "video_codec"}

REFERENCE: dict[str, tuple[dict[str, Any], dict[str, tuple[Any, ...]], set[str], set[str]]] = {
    # Defaults, choices, output values, output files.
    "video.info": ({}, {}, FACTS, set()),
    "video.convert": (
        {
            **SIZE,
            "audio_codec": "aac",
            "video_codec": "h264",
            "video_bitrate": 3000,
            "audio_bitrate": 128,
            "sample_rate": 44100,
            "crf": 23,
            "gop": 250,
        },
        {
            "audio_codec": ("mp2", "mp3", "aac", "wmav1", "wmav2"),
            "video_codec": ("h264",),
            "sample_rate": (22050, 44100, 48000),
        },
        FACTS | SIZES,
        {"output"},
    ),
    "video.reverse": (
        {**SIZE, "video_codec": "h264", "video_bitrate": None, "crf": 23, "gop": 250},
        {"video_codec": ("h264",)},
        {"duration"},
        {"output"},
    ),
    "video.strip": (
        {**SIZE, "wrap": None, "start": 0.0, "end": None, "count": 10, "format": "jpeg"},
        {"format": PICTURE_FORMATS},
        SIZES | {"count", "duration", "frame_rate", "content_type"},
        {"output"},
    ),
    "video.thumb": (
        {**SIZE, "time": 0.0, "format": "jpeg", "poster": False, "quality": 75},
        {"format": PICTURE_FORMATS},
        SIZES | {"duration", "content_type"},
        {"output"},
    ),
}

NOT_WHOLE = ("wide", True, 1.5, [1], {}, float("nan"))
NOT_A_NUMBER = ("soon", True, [1], {}, float("inf"))
NOT_A_SWITCH = ("maybe", 2, 1.5, [], {})
NOT_TEXT = (7, True, [], {}, "a\0b")
NOT_AN_ADDRESS = ("a.mp4", "ftp://example.com/a.mp4", "file:///etc/passwd", "http://", 7, [URL], {})
TOO_MUCH = 10**30

WRONG: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    # Of the wrong type, and out of range or not among the choices.
    "url": (NOT_AN_ADDRESS, ()),
    "width": (NOT_WHOLE, (0, -1, 16_385, TOO_MUCH)),
    "height": (NOT_WHOLE, (0, -1, 16_385, TOO_MUCH)),
    "crop": (NOT_A_SWITCH, ()),
    "poster": (NOT_A_SWITCH, ()),
    "audio_codec": (NOT_TEXT, ("opus", "AAC", "copy")),
    "video_codec": (NOT_TEXT, ("vp9", "H264", "copy")),
    "format": (NOT_TEXT, ("gif", "jpg", "JPEG")),
    "video_bitrate": (NOT_WHOLE, (0, -1, 200_001, TOO_MUCH)),
    "audio_bitrate": (NOT_WHOLE, (0, 7, 2_001, TOO_MUCH)),
    "sample_rate": (NOT_WHOLE, (0, 8000, 44, 96_000)),
    "crf": (NOT_WHOLE, (-1, 52)),
    "gop": (NOT_WHOLE, (0, -1, 100_001, TOO_MUCH)),
    "wrap": (NOT_WHOLE, (0, -1, 1_001)),
    "count": (NOT_WHOLE, (0, -1, 1_001)),
    "quality": (NOT_WHOLE, (0, -1, 96)),
    "start": (NOT_A_NUMBER, (-0.1, 1_000_000_001, 1e19, 1e308)),
    "end": (NOT_A_NUMBER, (-0.1, 1_000_000_001, 1e19, 1e308)),
    "time": (NOT_A_NUMBER, (-0.1, 1_000_000_001, 1e19, 1e308)),
}


def errors_of(name: str, given: dict[str, Any]) -> dict[str, list[str]]:
    with pytest.raises(InvalidParameters) as caught:
        get_operation(name).info.parameters.clean(given)
    return caught.value.errors


@pytest.mark.parametrize("name", REFERENCE)
def test_it_is_as_the_reference_says(name: str) -> None:
    defaults, choices, values, files = REFERENCE[name]
    info = get_operation(name).info
    assert info.parameters.clean({"url": URL}) == {"url": URL, **defaults}
    assert {one.name: one.choices for one in info.parameters if one.choices} == choices
    assert (set(info.results), set(info.files)) == (values, files)


@pytest.mark.parametrize("name", REFERENCE)
def test_blank_is_not_given(name: str) -> None:
    """A form sends empty strings, a program null."""
    defaults = REFERENCE[name][0]
    for blank in ("", "  ", None):
        given = {"url": URL, **dict.fromkeys(defaults, blank)}
        assert get_operation(name).info.parameters.clean(given) == {"url": URL, **defaults}


@pytest.mark.parametrize("name", REFERENCE)
def test_numbers_and_switches_may_come_as_text(name: str) -> None:
    """As they do from a query string."""
    texts = {"width": "320", "crop": "true", "crf": "30", "sample_rate": "48000", "time": "1.5", "count": "4"}
    values = {"width": 320, "crop": True, "crf": 30, "sample_rate": 48000, "time": 1.5, "count": 4}
    known = REFERENCE[name][0]
    cleaned = get_operation(name).info.parameters.clean(
        {"url": URL, **{key: text for key, text in texts.items() if key in known}}
    )
    assert {key: cleaned[key] for key in values if key in known} == {
        key: value for key, value in values.items() if key in known
    }


@pytest.mark.parametrize("name", REFERENCE)
def test_without_a_film_and_with_what_nobody_knows(name: str) -> None:
    assert errors_of(name, {}) == {"url": ["this field is required"]}
    assert errors_of(name, {"url": URL, "colour": 1}) == {"colour": ["unknown parameter"]}


BAD = [
    pytest.param(name, parameter, value, id=f"{name}-{parameter}-{value!r:.20}")
    for name, (defaults, *_) in REFERENCE.items()
    for parameter in ("url", *defaults)
    for value in (*WRONG[parameter][0], *WRONG[parameter][1])
]


@pytest.mark.parametrize(("name", "parameter", "value"), BAD)
def test_a_bad_value_is_told_under_its_name(name: str, parameter: str, value: Any) -> None:
    errors = errors_of(name, {"url": URL, parameter: value})
    assert list(errors) == [parameter]
    (message,) = errors[parameter]
    item = get_operation(name).info.parameters.get(parameter)
    if value in WRONG[parameter][1] and not isinstance(value, str) and not item.choices:
        assert message.startswith(("must be at least ", "must be at most "))
    elif value in WRONG[parameter][1]:
        assert message == "must be one of: " + ", ".join(str(choice) for choice in item.choices)
    else:
        assert message.startswith("must ")


def test_everything_wrong_is_told_at_once() -> None:
    errors = errors_of("video.thumb", {"url": "a.mp4", "width": 0, "time": "soon", "quality": 96, "poster": "maybe"})
    assert errors == {
        "url": ["must be an http or https URL"],
        "width": ["must be at least 1"],
        "time": ["must be a number"],
        "quality": ["must be at most 95"],
        "poster": ["must be true or false"],
    }


def test_a_strip_does_not_end_before_it_starts() -> None:
    assert errors_of("video.strip", {"url": URL, "start": 5, "end": 2}) == {"end": ["must not be before start"]}
    clean = get_operation("video.strip").info.parameters.clean
    assert clean({"url": URL, "start": 5, "end": 5})["end"] == 5
