from __future__ import annotations

import pytest

from django_mediacloud.engine.encoding.presets import load_presets
from django_mediacloud.engine.registry import get_operation

PRESETS = load_presets()


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid_for_its_operation(name: str) -> None:
    preset = PRESETS[name]
    assert preset.name == name
    operation = get_operation(preset.operation)
    operation.info.parameters.clean(preset.parameters, bound=frozenset({"url"}))
    assert preset.extname.startswith(".")
    assert preset.parameters.get("extname", preset.extname) == preset.extname


def test_the_old_services_presets_have_its_numbers() -> None:
    """pandastream/slate, presets.md: kb/s of picture and sound, size."""
    table = {
        "h264": (500, 128, 640, 480),
        "h264.hi": (1000, 128, 1280, 720),
        "webm": (500, 128, 640, 480),
        "webm.hi": (1000, 128, 1280, 720),
        "ogg": (500, 128, 640, 480),
        "ogg.hi": (1000, 128, 1280, 720),
        "hls.variant": (500, 56, 640, 480),
        "hls.variant.audio": (None, 56, None, None),
        "mp3": (None, 192, None, None),
        "aac": (None, 192, None, None),
        "vorbis": (None, 192, None, None),
    }
    for name, numbers in table.items():
        parameters = PRESETS[name].parameters
        fields = ("video_bitrate", "audio_bitrate", "width", "height")
        assert tuple(parameters.get(field) for field in fields) == numbers, name


def test_the_names_of_v2_that_can_be_made_here_are_all_there() -> None:
    assert {
        "h264", "h264.hi", "webm", "webm.hi", "ogg", "ogg.hi", "hls.variant.playlist", "hls.variant",
        "hls.variant.audio", "mp3", "aac", "vorbis", "thumbnail",
    } <= set(PRESETS)  # fmt: skip
