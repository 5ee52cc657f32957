"""Facts about a media file."""

from __future__ import annotations

import mimetypes
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoStream:
    """``width`` and ``height`` are coded pixels; see ``MediaInfo`` for what a viewer sees."""

    codec: str
    width: int
    height: int
    frame_rate: float | None = None
    pixel_format: str = ""
    bitrate_bps: int | None = None
    sample_aspect_ratio: str = "1:1"
    rotation_deg: int = 0
    """Counter-clockwise turn that shows the picture as it was shot: 0, 90, 180 or 270."""
    is_mirrored: bool = False
    """After that turn, the picture is still to be flipped left to right. Set for videos only."""
    has_alpha: bool = False
    color_range: str = ""
    color_transfer: str = ""
    color_primaries: str = ""
    color_space: str = ""
    profile: str = ""
    frame_count: int | None = None
    index: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStream:
    codec: str
    sample_rate_hz: int
    channels: int
    layout: str = ""
    bitrate_bps: int | None = None
    index: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaInfo:
    """What a probe found. ``video`` and ``audio`` are the streams that a player would choose, or None."""

    format: str
    content_type: str
    kind: str
    """``video``, ``audio`` or ``image``."""
    size_bytes: int
    duration_s: float | None = None
    start_s: float = 0.0
    bitrate_bps: int | None = None
    video: VideoStream | None = None
    audio: AudioStream | None = None

    @property
    def display_size(self) -> tuple[int, int] | None:
        """Width and height in square pixels after rotation: what a viewer sees. None without a picture."""
        if self.video is None:
            return None
        numerator, _, denominator = self.video.sample_aspect_ratio.partition(":")
        aspect = Fraction(int(numerator), int(denominator or 1))
        width, height = max(1, round(self.video.width * aspect)), self.video.height
        return (height, width) if self.video.rotation_deg % 180 else (width, height)

    def as_dict(self) -> dict[str, Any]:
        """Plain values, fit for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> MediaInfo:
        fields = dict(data)
        if fields.get("video") is not None:
            fields["video"] = VideoStream(**fields["video"])
        if fields.get("audio") is not None:
            fields["audio"] = AudioStream(**fields["audio"])
        return cls(**fields)


_EXTENSIONS = {"audio/mpeg": ".mp3", "image/jpeg": ".jpg", "text/plain": ".txt", "video/mp4": ".mp4"}
"""Where ``mimetypes`` knows several and guesses an unusual one."""


def extension_of(content_type: str) -> str:
    """The usual file extension of a media type, such as ``.jpg``; empty if unknown."""
    return _EXTENSIONS.get(content_type) or mimetypes.guess_extension(content_type) or ""
