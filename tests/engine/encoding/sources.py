"""Facts of sources that do not have to exist: for plans and arguments."""

from __future__ import annotations

from typing import Any

from django_mediacloud.core.media import AudioStream, MediaInfo, VideoStream
from django_mediacloud.core.parameters import Parameters
from django_mediacloud.engine.encoding.options import EncodeOptions, read_options
from django_mediacloud.engine.encoding.parameters import ENCODE_ITEMS, check_together
from django_mediacloud.engine.encoding.plan import EncodePlan, Features, build_plan

PARAMETERS = Parameters(ENCODE_ITEMS, check_together)
URL = frozenset({"url"})


def picture(**changes: Any) -> VideoStream:
    facts: dict[str, Any] = {
        "codec": "h264",
        "width": 640,
        "height": 360,
        "frame_rate": 25.0,
        "pixel_format": "yuv420p",
        "bitrate_bps": 400_000,
        "profile": "High",
        "frame_count": 250,
        "color_range": "tv",
    }
    return VideoStream(**{**facts, **changes})


def sound(**changes: Any) -> AudioStream:
    facts: dict[str, Any] = {
        "codec": "aac",
        "sample_rate_hz": 44100,
        "channels": 2,
        "bitrate_bps": 120_000,
        "index": 1,
    }
    return AudioStream(**{**facts, **changes})


def source(**changes: Any) -> MediaInfo:
    facts: dict[str, Any] = {
        "format": "mov,mp4,m4a,3gp,3g2,mj2",
        "content_type": "video/mp4",
        "kind": "video",
        "size_bytes": 650_000,
        "duration_s": 10.0,
        "bitrate_bps": 520_000,
        "video": picture(),
        "audio": sound(),
    }
    return MediaInfo(**{**facts, **changes})


def options(*, has_watermark: bool = False, **given: Any) -> EncodeOptions:
    return read_options(PARAMETERS.clean(given, bound=URL), has_watermark=has_watermark)


def plan(info: MediaInfo | None = None, *, has_zscale: bool = True, **given: Any) -> EncodePlan:
    return build_plan(
        info or source(), options(**given), features=Features(has_zscale=has_zscale), most_pixels=100_000_000
    )
