"""What cannot be asked for: each mistake is told under the name of its parameter, before any work is done."""

from __future__ import annotations

from typing import Any

import pytest

from django_mediacloud.engine.registry import get_operation
from django_mediacloud.exceptions import InvalidParameters

URL = "https://example.com/a.mp3"
OPERATIONS = ("audio.convert", "audio.info", "audio.waveform")
BAD_URLS = [
    (None, "this field is required"),
    ("", "this field is required"),
    ("  ", "this field is required"),
    (7, "must be a string"),
    (["https://example.com/a.mp3"], "must be a string"),
    ("a.mp3", "must be an http or https URL"),
    ("/etc/passwd", "must be an http or https URL"),
    ("file:///etc/passwd", "must be an http or https URL"),
    ("ftp://example.com/a.mp3", "must be an http or https URL"),
    ("https://", "must be an http or https URL"),
    ("https://example.com/\x00", "must not contain null characters"),
]
BAD_VALUES = [
    ("audio.convert", "codec", "opus", "must be one of: mp3, vorbis, aac"),
    ("audio.convert", "codec", "MP3", "must be one of: mp3, vorbis, aac"),
    ("audio.convert", "codec", 3, "must be a string"),
    ("audio.convert", "codec", ["mp3"], "must be a string"),
    ("audio.convert", "force", "perhaps", "must be true or false"),
    ("audio.convert", "force", 2, "must be true or false"),
    ("audio.convert", "force", [True], "must be true or false"),
    ("audio.waveform", "width", 0, "must be at least 1"),
    ("audio.waveform", "width", -5, "must be at least 1"),
    ("audio.waveform", "width", 16_385, "must be at most 16384"),
    ("audio.waveform", "width", "wide", "must be an integer"),
    ("audio.waveform", "width", 10.5, "must be an integer"),
    ("audio.waveform", "width", True, "must be an integer"),
    ("audio.waveform", "height", 0, "must be at least 1"),
    ("audio.waveform", "height", 100_000, "must be at most 16384"),
    ("audio.waveform", "height", {}, "must be an integer"),
    ("audio.waveform", "height", "9" * 5000, "must be an integer"),
    ("audio.waveform", "vmargin", -1, "must be at least 0"),
    ("audio.waveform", "vmargin", 20_000, "must be at most 16384"),
    ("audio.waveform", "vmargin", "1e3", "must be an integer"),
    ("audio.waveform", "vmargin", 30, "must be less than half of height"),
    ("audio.waveform", "fill", "black", "must be a color such as #ff8800"),
    ("audio.waveform", "fill", "#12345", "must be a color such as #ff8800"),
    ("audio.waveform", "fill", 0, "must be a string"),
    ("audio.waveform", "background", "FFFFFF", "must be a color such as #ff8800"),
    ("audio.waveform", "background", "#ffffff; x", "must be a color such as #ff8800"),
    ("audio.waveform", "background", ["#ffffff"], "must be a string"),
    ("audio.waveform", "start", -0.1, "must be at least 0"),
    ("audio.waveform", "start", "soon", "must be a number"),
    ("audio.waveform", "start", float("nan"), "must be a number"),
    ("audio.waveform", "start", True, "must be a number"),
    ("audio.waveform", "end", -1, "must be at least 0"),
    ("audio.waveform", "end", 0, "must be after start"),
    ("audio.waveform", "end", float("inf"), "must be a number"),
    ("audio.waveform", "end", [9], "must be a number"),
    ("audio.waveform", "end", 1e308, "must be at most 1000000000"),
    ("audio.waveform", "start", 1e19, "must be at most 1000000000"),
    ("audio.waveform", "format", "gif", "must be one of: jpeg, png"),
    ("audio.waveform", "format", "JPEG", "must be one of: jpeg, png"),
    ("audio.waveform", "format", 1, "must be a string"),
]


def errors_of(name: str, given: dict[str, Any]) -> dict[str, list[str]]:
    with pytest.raises(InvalidParameters) as caught:
        get_operation(name).info.parameters.clean(given)
    return caught.value.errors


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(("url", "message"), BAD_URLS)
def test_the_source(name: str, url: Any, message: str) -> None:
    assert errors_of(name, {"url": url}) == {"url": [message]}


@pytest.mark.parametrize("name", OPERATIONS)
def test_what_is_missing_and_what_nobody_knows(name: str) -> None:
    assert errors_of(name, {}) == {"url": ["this field is required"]}
    assert errors_of(name, {"url": URL, "bitrate": 128}) == {"bitrate": ["unknown parameter"]}


@pytest.mark.parametrize(("name", "parameter", "value", "message"), BAD_VALUES)
def test_every_parameter(name: str, parameter: str, value: Any, message: str) -> None:
    assert errors_of(name, {"url": URL, parameter: value}) == {parameter: [message]}


def test_every_parameter_is_among_them() -> None:
    declared = {(name, item.name) for name in OPERATIONS for item in get_operation(name).info.parameters}
    assert declared == {(name, parameter) for name, parameter, _, _ in BAD_VALUES} | {
        (name, "url") for name in OPERATIONS
    }


def test_parameters_that_contradict_each_other() -> None:
    given = {"url": URL, "start": 5, "end": 5, "height": 9, "vmargin": 5}
    assert errors_of("audio.waveform", given) == {
        "end": ["must be after start"],
        "vmargin": ["must be less than half of height"],
    }


def test_numbers_that_come_as_text() -> None:
    given = {"url": URL, "width": "640", "start": "1.5", "end": "2", "fill": "#ABC", "vmargin": " 3 ", "height": ""}
    values = get_operation("audio.waveform").info.parameters.clean(given)
    assert {name: values[name] for name in given if name != "url"} == {
        "width": 640, "start": 1.5, "end": 2.0, "fill": "#abc", "vmargin": 3, "height": 60,
    }  # fmt: skip
    assert get_operation("audio.convert").info.parameters.clean({"url": URL, "force": "True"})["force"] is True
