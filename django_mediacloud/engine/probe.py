"""What a file is, by its content: pictures through Pillow, everything else through PyAV.

Runs inside the sandbox's child process. The file's name is never looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.media import AudioStream, MediaInfo, VideoStream
from ..exceptions import LimitExceeded, UnreadableMedia
from .extras import optional
from .ffmpeg import FORMATS, PROTOCOLS
from .limits import Limits
from .stills import EXIF_ROTATIONS, exif_orientation, has_alpha, is_picture, open_picture

if TYPE_CHECKING:
    from collections.abc import Iterator

av = optional("av")

GUARD_OPTIONS: Mapping[str, str] = {
    "protocol_whitelist": PROTOCOLS,
    "format_whitelist": FORMATS,
}
"""For every ``av.open`` of a file that came from outside: what ``ffmpeg.GUARD`` is to the program."""

_ATTACHED_PICTURE = 0x400
_MAX_DEMUXED_PACKETS = 2_000_000
_CONTENT_TYPES: Mapping[str, tuple[str, str]] = {
    # First name of the demuxer: content type with a picture, and without.
    "mov": ("video/mp4", "audio/mp4"),
    "matroska": ("video/x-matroska", "audio/x-matroska"),
    "mpegts": ("video/mp2t", "video/mp2t"),
    "mpeg": ("video/mpeg", "audio/mpeg"),
    "avi": ("video/x-msvideo", "video/x-msvideo"),
    "flv": ("video/x-flv", "video/x-flv"),
    "asf": ("video/x-ms-wmv", "audio/x-ms-wma"),
    "ogg": ("video/ogg", "audio/ogg"),
    "mxf": ("application/mxf", "application/mxf"),
    "ivf": ("video/x-ivf", "video/x-ivf"),
    "dv": ("video/dv", "video/dv"),
    "gif": ("image/gif", "image/gif"),
    "mp3": ("audio/mpeg", "audio/mpeg"),
    "wav": ("audio/wav", "audio/wav"),
    "w64": ("audio/wav", "audio/wav"),
    "flac": ("audio/flac", "audio/flac"),
    "aac": ("audio/aac", "audio/aac"),
    "ac3": ("audio/ac3", "audio/ac3"),
    "eac3": ("audio/eac3", "audio/eac3"),
    "aiff": ("audio/aiff", "audio/aiff"),
    "au": ("audio/basic", "audio/basic"),
    "caf": ("audio/x-caf", "audio/x-caf"),
    "amr": ("audio/amr", "audio/amr"),
}
# The numbers of ITU-T H.273, with the names that ffmpeg gives them.
_TRANSFERS = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 8: "linear", 13: "iec61966-2-1", 14: "bt2020-10",
              15: "bt2020-12", 16: "smpte2084", 18: "arib-std-b67"}  # fmt: skip
_PRIMARIES = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 9: "bt2020", 12: "smpte432"}
_MATRICES = {0: "gbr", 1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020nc", 10: "bt2020c"}
_RANGES = {1: "tv", 2: "pc"}
_ALPHA_CODEC = {"vp9": "libvpx-vp9", "vp8": "libvpx"}


def probe(path: Path, *, limits: Limits | None = None) -> MediaInfo:
    """The facts about ``path``. ``UnreadableMedia`` if it is no media; ``LimitExceeded`` (``too_many_pixels``) if its
    picture is too large, found before any of it is decoded."""
    limits = limits or Limits()
    if path.stat().st_size == 0:
        raise UnreadableMedia("The file is empty.")
    if is_picture(path):
        return _probe_picture(path, limits)
    with open_media(path) as container:
        return _probe_container(container, path, limits)


@contextmanager
def open_media(path: Path) -> Iterator[Any]:
    """A PyAV container behind the guard. ``UnreadableMedia`` for whatever goes wrong in it while it is open."""
    try:
        with av.open(f"file:{path.absolute()}", options=dict(GUARD_OPTIONS), metadata_errors="replace") as container:
            yield container
    except av.FFmpegError as error:
        raise UnreadableMedia(
            "The file is damaged, or of a kind that cannot be read.", log=str(error.strerror)
        ) from error


def best_video(container: Any) -> Any | None:
    """The film's stream: not a cover picture; of several the largest."""
    streams = [stream for stream in container.streams.video if not int(stream.disposition) & _ATTACHED_PICTURE]
    sized = [stream for stream in streams if stream.codec_context is not None and stream.codec_context.width]
    return max(sized, key=lambda stream: stream.codec_context.width * stream.codec_context.height, default=None)


def best_audio(container: Any) -> Any | None:
    """The stream that a player would choose: the first that is marked as default, else the first."""
    streams = [stream for stream in container.streams.audio if stream.codec_context is not None]
    default = [stream for stream in streams if int(stream.disposition) & 1]
    return next(iter(default or streams), None)


def has_hidden_alpha(stream: Any) -> bool:
    """VP8 and VP9 keep alpha in a side stream, which only a tag tells of (lab fact: the pixel format does not)."""
    return str(stream.metadata.get("alpha_mode", stream.metadata.get("ALPHA_MODE", ""))) == "1"


def check_pixels(width: int, height: int, limits: Limits) -> None:
    if width * height > limits.pixels:
        raise LimitExceeded(
            f"The picture of {width} x {height} has more than {limits.pixels} pixels.", code="too_many_pixels"
        )


def _probe_picture(path: Path, limits: Limits) -> MediaInfo:
    with open_picture(path, limits=limits) as picture:
        frames = int(getattr(picture, "n_frames", 1))
        name = str(picture.format).lower()
        stream = VideoStream(
            codec="mjpeg" if name == "jpeg" else name,
            width=picture.width,
            height=picture.height,
            pixel_format=picture.mode,
            rotation_deg=EXIF_ROTATIONS.get(exif_orientation(picture)) or 0,
            has_alpha=has_alpha(picture),
            frame_count=frames,
        )
        content_type = picture.get_format_mimetype() or f"image/{name}"
        duration_s = _loop_seconds(picture, frames) if frames > 1 else None
    return MediaInfo(
        format=name,
        content_type=content_type,
        kind="image",
        size_bytes=path.stat().st_size,
        duration_s=duration_s,
        video=stream,
    )


def _loop_seconds(picture: Any, frames: int) -> float | None:
    """How long one round of an animation takes."""
    total_ms = 0.0
    try:
        for number in range(frames):
            picture.seek(number)
            total_ms += picture.info.get("duration", 0)
    except (EOFError, OSError, ValueError):
        return None
    return total_ms / 1000 or None


def _probe_container(container: Any, path: Path, limits: Limits) -> MediaInfo:
    video, audio = best_video(container), best_audio(container)
    if video is None and audio is None:
        raise UnreadableMedia("The file has neither a picture nor sound that can be read.")
    start_s = container.start_time / av.time_base if container.start_time else 0.0
    if video is not None:
        check_pixels(video.codec_context.width, video.codec_context.height, limits)
        described = _describe_video(container, video)
    formats = container.format.name.split(",")
    duration_s = container.duration / av.time_base if container.duration else None
    if duration_s is None or formats[0] in {"aac", "mpegts", "mpeg"}:
        # Not in the header, or only guessed from the bitrate: read to the end without decoding.
        duration_s = _measure(container) or duration_s
    is_webm = "webm" in formats and _is_webm(path)
    with_picture, without = _CONTENT_TYPES.get(formats[0], ("application/octet-stream",) * 2)
    if is_webm:
        with_picture, without = "video/webm", "audio/webm"
    elif formats[0] == "mov" and container.metadata.get("major_brand", "").strip() == "qt":
        with_picture = "video/quicktime"
    return MediaInfo(
        format="webm" if is_webm else formats[0],
        content_type=with_picture if video is not None else without,
        kind="video" if video is not None else "audio",
        size_bytes=path.stat().st_size,
        duration_s=duration_s,
        start_s=start_s,
        bitrate_bps=container.bit_rate or (round(path.stat().st_size * 8 / duration_s) if duration_s else None),
        video=described if video is not None else None,
        audio=_describe_audio(audio) if audio is not None else None,
    )


def _describe_video(container: Any, stream: Any) -> VideoStream:
    context = stream.codec_context
    frame = _first_frame(container, stream)
    rotation_deg = int(getattr(frame, "rotation", 0) or 0) % 360
    aspect: Fraction | None = stream.sample_aspect_ratio or context.sample_aspect_ratio
    pixel_format = str(context.pix_fmt or "")
    rate = stream.average_rate or stream.guessed_rate
    return VideoStream(
        codec=context.codec.canonical_name,
        width=context.width,
        height=context.height,
        frame_rate=float(rate) if rate else None,
        pixel_format=pixel_format,
        bitrate_bps=context.bit_rate or None,
        sample_aspect_ratio=f"{aspect.numerator}:{aspect.denominator}" if aspect else "1:1",
        rotation_deg=round(rotation_deg / 90) * 90 % 360,
        has_alpha=has_hidden_alpha(stream) or _format_has_alpha(pixel_format),
        color_range=_RANGES.get(context.color_range, ""),
        color_transfer=_TRANSFERS.get(context.color_trc, ""),
        color_primaries=_PRIMARIES.get(context.color_primaries, ""),
        color_space=_MATRICES.get(context.colorspace, ""),
        profile=str(context.profile or ""),
        frame_count=stream.frames or None,
        index=stream.index,
    )


def _first_frame(container: Any, stream: Any) -> Any:
    """Decoded for its rotation, which lies in the frame's side data; and a film of which none decodes is none."""
    for packet in container.demux(stream):
        try:
            for frame in packet.decode():
                return frame
        except av.InvalidDataError:
            continue
    raise UnreadableMedia("No picture of the film can be decoded.")


def _describe_audio(stream: Any) -> AudioStream:
    context = stream.codec_context
    return AudioStream(
        codec=context.codec.canonical_name,
        sample_rate_hz=context.sample_rate or 0,
        channels=context.channels or 0,
        layout=context.layout.name if context.channels else "",
        bitrate_bps=context.bit_rate or None,
        index=stream.index,
    )


def _format_has_alpha(pixel_format: str) -> bool:
    if not pixel_format:
        return False
    return any(component.is_alpha for component in av.VideoFormat(pixel_format).components) or pixel_format == "pal8"


def _measure(container: Any) -> float | None:
    """Seconds from the first to the end of the last packet, read without decoding."""
    first: float | None = None
    last = 0.0
    try:
        container.seek(0)
        for number, packet in enumerate(container.demux()):
            stamp = packet.pts if packet.pts is not None else packet.dts
            if stamp is None or number > _MAX_DEMUXED_PACKETS:
                continue
            begin_s = float(stamp * packet.time_base)
            first = begin_s if first is None else min(first, begin_s)
            last = max(last, begin_s + float((packet.duration or 0) * packet.time_base))
    except (av.FFmpegError, ValueError):
        return None
    return last - first if first is not None and last > first else None


def _is_webm(path: Path) -> bool:
    """The document type stands in the first bytes of the EBML header."""
    with path.open("rb") as file:
        return b"webm" in file.read(64)
