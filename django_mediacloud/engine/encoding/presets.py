"""The presets of the old service that the engine makes, under the names that they had there.

Sizes and bitrates are those of its documentation ("Available presets"). Where the tables of its two generations
differ (``webm`` was VP8, later VP9), the newer one holds, and ``webm.vp8`` is the older.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

ENCODE, THUMBNAILS, SPRITE = "media.encode", "video.thumbnails", "video.sprite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """``parameters`` are the operation's own, without its source. ``extname`` has its dot."""

    name: str
    title: str
    operation: str
    parameters: Mapping[str, Any]
    extname: str


def _encode(name: str, title: str, extname: str, **parameters: Any) -> Preset:
    return Preset(
        name=name,
        title=title,
        operation=ENCODE,
        parameters=MappingProxyType({"extname": extname, **parameters}),
        extname=extname,
    )


def _film(name: str, title: str, extname: str, *, is_high: bool = False, **parameters: Any) -> Preset:
    size = {"width": 1280, "height": 720} if is_high else {"width": 640, "height": 480}
    rates = {"video_bitrate": 1000 if is_high else 500, "audio_bitrate": 128}
    return _encode(name, title, extname, **{**size, **rates, **parameters})


def _pictures(name: str, title: str, operation: str, **parameters: Any) -> Preset:
    return Preset(name=name, title=title, operation=operation, parameters=MappingProxyType(parameters), extname=".jpg")


def _rung(width: int, height: int, video_bitrate: int, audio_bitrate: int) -> dict[str, Any]:
    return {
        "name": f"{height}p",
        "width": width,
        "height": height,
        "video_bitrate": video_bitrate,
        "max_video_bitrate": video_bitrate * 3 // 2,
        "audio_bitrate": audio_bitrate,
    }


LADDER: tuple[dict[str, Any], ...] = (
    _rung(426, 240, 300, 56),
    _rung(640, 360, 700, 96),
    _rung(854, 480, 1200, 128),
    _rung(1280, 720, 2500, 128),
    _rung(1920, 1080, 4500, 128),
)

_H264: dict[str, Any] = {"video_codec": "h264", "audio_codec": "aac", "h264_profile": "high"}
_THEORA: dict[str, Any] = {"video_codec": "theora", "audio_codec": "vorbis"}
_VP9: dict[str, Any] = {"video_codec": "vp9", "audio_codec": "opus"}
_VP8: dict[str, Any] = {"video_codec": "vp8", "audio_codec": "vorbis"}

_PRESETS = (
    _film("h264", "MP4 (H.264)", ".mp4", **_H264),
    _film("h264.hi", "MP4 (H.264), high", ".mp4", is_high=True, **_H264),
    _film("h264.baseline", "MP4 (H.264 baseline)", ".mp4", **{**_H264, "h264_profile": "baseline"}),
    _film("iphone_and_ipad", "MP4 for phones and tablets", ".mp4", **{**_H264, "h264_profile": "main"}),
    _film("h265", "MP4 (H.265)", ".mp4", video_codec="h265", audio_codec="aac"),
    _film(
        "h265.4K",
        "MP4 (H.265), 4K",
        ".mp4",
        video_codec="h265",
        audio_codec="aac",
        width=3840,
        height=2160,
        video_bitrate=12_000,
        audio_bitrate=192,
    ),
    _film("webm", "WebM (VP9)", ".webm", **_VP9),
    _film("webm.hi", "WebM (VP9), high", ".webm", is_high=True, **_VP9),
    _film("webm.vp9", "WebM (VP9)", ".webm", **_VP9),
    _film("webm.vp8", "WebM (VP8)", ".webm", **_VP8),
    _film("ogg", "Ogg (Theora)", ".ogg", **_THEORA),
    _film("ogg.hi", "Ogg (Theora), high", ".ogg", is_high=True, **_THEORA),
    _film("mpegts.h264", "MPEG-TS (H.264)", ".ts", **_H264),
    _film("mpegts.mpeg2", "MPEG-TS (MPEG-2)", ".ts", video_codec="mpeg2", audio_codec="mp2", video_bitrate=2000),
    _film("mpeg2", "MPEG-2", ".mpg", video_codec="mpeg2", audio_codec="mp2", video_bitrate=2000),
    _film("mpegps", "MPEG program stream", ".mpg", video_codec="mpeg2", audio_codec="mp2", video_bitrate=2000),
    _encode("prores422", "QuickTime (ProRes 422)", ".mov", video_codec="prores", audio_codec="pcm"),
    _film("hls.variant", "HLS, one rate", ".m3u8", audio_bitrate=56, aspect_mode="constrain", **_H264),
    _encode("hls.variant.audio", "HLS, sound only", ".m3u8", video_codec="none", audio_codec="aac", audio_bitrate=56),
    _encode(
        "hls.variant.playlist",
        "HLS ladder",
        ".m3u8",
        aspect_mode="constrain",
        variants=[*map(dict, LADDER), {"name": "audio", "audio_only": True, "audio_bitrate": 56}],
        **_H264,
    ),
    _encode("mp3", "MP3", ".mp3", audio_codec="mp3", audio_bitrate=192),
    _encode("aac", "M4A (AAC)", ".m4a", audio_codec="aac", audio_bitrate=192),
    _encode("m4a", "M4A (AAC)", ".m4a", audio_codec="aac", audio_bitrate=192),
    _encode("aac.adts", "AAC (raw)", ".aac", audio_codec="aac", audio_bitrate=192),
    _encode("vorbis", "OGA (Vorbis)", ".oga", audio_codec="vorbis", audio_bitrate=192),
    _encode("oga", "OGA (Vorbis)", ".oga", audio_codec="vorbis", audio_bitrate=192),
    _pictures("thumbnail", "Thumbnails", THUMBNAILS, frame_count=7, width=640, height=480),
    _pictures("jpeg", "Pictures", THUMBNAILS, frame_count=7),
    _pictures("quick_one_thumbnail", "One thumbnail", THUMBNAILS, frame_count=1, width=640, height=480),
    _pictures("sprite", "Sprite sheet with WebVTT", SPRITE, width=160),
)


def load_presets() -> Mapping[str, Preset]:
    """All presets by name."""
    return MappingProxyType({preset.name: preset for preset in _PRESETS})
