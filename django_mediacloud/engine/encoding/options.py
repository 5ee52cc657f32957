"""The options of an encode, as a frozen value made from its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .codecs import CONTAINERS, NONE, Container
from .notation import Length, parse_clock, parse_length


@dataclass(frozen=True, slots=True, kw_only=True)
class Watermark:
    """Where the mark goes and how large it is. As in CSS, top goes before bottom and left before right."""

    top: Length | None = None
    bottom: Length | None = None
    left: Length | None = None
    right: Length | None = None
    width: Length | None = None
    height: Length | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How many bits the picture of one output may have, and what its decoder must be able to do."""

    bitrate_kbps: int | None = None
    max_bitrate_kbps: int | None = None
    crf: float | None = None
    h264_profile: str = ""
    h264_level: str = ""


NO_RATE = Rate()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    name: str = ""
    width: int | None = None
    height: int | None = None
    rate: Rate = NO_RATE
    audio_bitrate_kbps: int | None = None
    is_audio_only: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodeOptions:
    """What is asked of an encode. None or empty: as the source has it, or as is usual for the container."""

    container: Container = CONTAINERS[".mp4"]
    width: int | None = None
    height: int | None = None
    is_upscaled: bool = False
    aspect_mode: str = "letterbox"
    video_codec: str = ""
    audio_codec: str = ""
    rate: Rate = NO_RATE
    has_two_passes: bool = False
    h264_tune: str = ""
    encoder_preset: str = "veryfast"
    fps: float | None = None
    keyframe_interval: int | None = None
    keyframe_rate: float | None = None
    deinterlace: str = ""
    clip_offset_s: float = 0.0
    clip_length_s: float | None = None
    audio_bitrate_kbps: int | None = None
    audio_sample_rate_hz: int | None = None
    audio_channels: int | None = None
    watermark: Watermark | None = None
    rungs: tuple[Rung, ...] = ()
    segment_s: float = 6.0
    can_copy: bool = True
    """A stream that already is what was asked for may be taken over as it is."""


def _read_rate(values: Mapping[str, Any], *, codec: str) -> Rate:
    crf = values.get("crf")
    if codec == "h264" and values.get("h264_crf") is not None:
        crf = values["h264_crf"]
    return Rate(
        bitrate_kbps=values.get("video_bitrate"),
        max_bitrate_kbps=values.get("max_video_bitrate"),
        crf=crf,
        h264_profile=values.get("h264_profile") or "",
        h264_level=values.get("h264_level") or "",
    )


def _read_watermark(values: Mapping[str, Any]) -> Watermark:
    def length(name: str) -> Length | None:
        text = values.get(f"watermark_{name}")
        return parse_length(text) if text else None

    names = ("top", "bottom", "left", "right", "width", "height")
    return Watermark(**{name: length(name) for name in names})


def _clock(text: str | None) -> float | None:
    return parse_clock(text) if text else None


def read_options(values: Mapping[str, Any], *, has_watermark: bool = False) -> EncodeOptions:
    """The options of cleaned parameters (``ENCODE_ITEMS``). ``has_watermark``: its picture is at hand."""
    container = CONTAINERS[values.get("extname") or ".mp4"]
    codec = values.get("video_codec") or next(iter(container.video_codecs), NONE)
    return EncodeOptions(
        container=container,
        width=values.get("width"),
        height=values.get("height"),
        is_upscaled=bool(values.get("upscale")),
        aspect_mode=values.get("aspect_mode") or "letterbox",
        video_codec=codec,
        audio_codec=values.get("audio_codec") or container.audio_codecs[0],
        rate=_read_rate(values, codec=codec),
        has_two_passes=bool(values.get("two_pass")),
        h264_tune=values.get("h264_tune") or "",
        encoder_preset=values.get("encoder_preset") or "veryfast",
        fps=values.get("fps"),
        keyframe_interval=values.get("keyframe_interval"),
        keyframe_rate=values.get("keyframe_rate"),
        deinterlace=values.get("deinterlace") or "",
        clip_offset_s=_clock(values.get("clip_offset")) or 0.0,
        clip_length_s=_clock(values.get("clip_length")),
        audio_bitrate_kbps=values.get("audio_bitrate"),
        audio_sample_rate_hz=values.get("audio_sample_rate"),
        audio_channels=values.get("audio_channels"),
        watermark=_read_watermark(values) if has_watermark else None,
        rungs=tuple(_read_rung(rung) for rung in values.get("variants") or ()),
        segment_s=values.get("segment_s") or 6.0,
    )


def _read_rung(values: Mapping[str, Any]) -> Rung:
    return Rung(
        name=values.get("name") or "",
        width=values.get("width"),
        height=values.get("height"),
        rate=_read_rate(values, codec="h264"),
        audio_bitrate_kbps=values.get("audio_bitrate"),
        is_audio_only=bool(values.get("audio_only")),
    )
