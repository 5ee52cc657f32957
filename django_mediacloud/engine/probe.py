"""Probes files by their content: pictures with Pillow, everything else with PyAV.

Runs inside the sandbox's child process. The file's name is never looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import contextmanager
from fractions import Fraction
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..core.media import AudioStream, MediaInfo, VideoStream
from ..exceptions import LimitExceeded, UnreadableMedia, UnsupportedMedia
from .extras import optional
from .ffmpeg import FORMATS, PROTOCOLS, file_url
from .lengths import RAW_SOUND, duration_of
from .limits import Limits
from .stills import content_type_of, exif_orientation, has_alpha, is_picture, open_picture, stored_size, turn_of
from .turns import turn_of_frame

if TYPE_CHECKING:
    from collections.abc import Iterator

av = optional("av")

GUARD_OPTIONS: Mapping[str, str] = {
    "protocol_whitelist": PROTOCOLS,
    "format_whitelist": FORMATS,
}
"""For every ``av.open`` of a file that came from outside: what ``ffmpeg.GUARD`` is to the program."""

ALPHA_DECODERS: Mapping[str, str] = {"vp8": "libvpx", "vp9": "libvpx-vp9"}
"""By codec, the decoders that keep the alpha: FFmpeg's own leave it out."""

_ATTACHED_PICTURE = 0x400
LEAST_RATE_HZ, MOST_RATE_HZ = 1_000, 1_536_000
"""No sound has fewer or more samples a second. A hundred kilobytes at 1 Hz would be encoded as a day of sound."""
_FIRST_FRAME_PACKETS = 500
_FIRST_FRAME_BYTES = 64_000_000
_MAX_LOOP_PIXELS = 2_000_000_000
"""Of all frames of an animation together, when they are decoded to know how long it takes."""
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
    "dts": ("audio/vnd.dts", "audio/vnd.dts"),
    "wv": ("audio/x-wavpack", "audio/x-wavpack"),
    "tta": ("audio/x-tta", "audio/x-tta"),
    "ape": ("audio/x-ape", "audio/x-ape"),
    "rm": ("application/vnd.rn-realmedia", "audio/x-pn-realaudio"),
}
# The numbers of ITU-T H.273, with the names that ffmpeg gives them.
_TRANSFERS = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 8: "linear", 13: "iec61966-2-1", 14: "bt2020-10",
              15: "bt2020-12", 16: "smpte2084", 18: "arib-std-b67"}  # fmt: skip
_PRIMARIES = {1: "bt709", 4: "bt470m", 5: "bt470bg", 6: "smpte170m", 9: "bt2020", 12: "smpte432"}
_MATRICES = {0: "gbr", 1: "bt709", 5: "bt470bg", 6: "smpte170m", 9: "bt2020nc", 10: "bt2020c"}
_RANGES = {1: "tv", 2: "pc"}
_LAYOUTS = {1: "mono", 2: "stereo"}


def probe(path: Path, *, limits: Limits | None = None) -> MediaInfo:
    """The facts about ``path``. ``UnreadableMedia`` if it is no media; ``LimitExceeded`` (``too_many_pixels``) if its
    picture is too large, found before any of it is decoded."""
    limits = limits or Limits()
    if path.stat().st_size == 0:
        raise UnreadableMedia("The file is empty.")
    if is_picture(path):
        return _probe_picture(path, limits)
    with open_media(path, limits=limits) as container:
        return _probe_container(container, path, limits)


def probe_film(path: Path, *, limits: Limits | None = None) -> MediaInfo:
    """As ``probe``, for a file that moves: ``video`` is never None. ``UnsupportedMedia`` if it is something else.

    An animated GIF counts as a film.
    """
    info = probe(path, limits=limits)
    if info.video is None:
        raise UnsupportedMedia("The file is sound without a picture, not a film.")
    if info.kind == "image" and not (info.format == "gif" and (info.video.frame_count or 0) > 1):
        raise UnsupportedMedia("The file is a still picture, not a film.")
    return info


def _open_nameless(path: Path) -> Any:
    """FFmpeg lets the end of a name weigh more than the content, so it is given a name that has none."""
    with path.open("rb") as file:
        address = file_url(Path(f"/dev/fd/{file.fileno()}"))
        return av.open(address, options=dict(GUARD_OPTIONS), **_metadata_options())


@cache
def _metadata_options() -> Mapping[str, str]:
    """Titles that are no UTF-8 must not matter. From version 19 on they do not, and PyAV has no such option."""
    is_older = int(version("av").partition(".")[0]) < 19
    return {"metadata_errors": "replace"} if is_older else {}


def decoder_limit(limits: Limits) -> str:
    """The option ``max_pixels``: for films that change their size midway, where the check of the header is not enough.

    Decoders count whole blocks, so a picture just within the limit must not fail by its padding.
    """
    return str(2 * limits.pixels)


def open_decoder(name: str, *, limits: Limits) -> Any:
    """The decoder ``name``, with the limit of pixels that ``open_media`` sets for the usual ones."""
    decoder = av.CodecContext.create(name, "r")
    decoder.options = {"max_pixels": decoder_limit(limits)}
    return decoder


@contextmanager
def open_media(path: Path, *, limits: Limits | None = None) -> Iterator[Any]:
    """A PyAV container behind the guard. ``UnreadableMedia`` for whatever goes wrong in it while it is open."""
    most_pixels = decoder_limit(limits or Limits())
    try:
        with _open_nameless(path) as container:
            for stream in container.streams.video:
                if stream.codec_context is not None:
                    stream.codec_context.options = {"max_pixels": most_pixels}
                    # More threads give one picture no sooner, and cost more.
                    stream.thread_count = 1
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
    streams = [stream for stream in container.streams.audio if _is_sound(stream.codec_context)]
    default = [stream for stream in streams if int(stream.disposition) & 1]
    return next(iter(default or streams), None)


def _is_sound(context: Any) -> bool:
    return bool(context is not None and LEAST_RATE_HZ <= context.sample_rate <= MOST_RATE_HZ and context.channels)


def frame_rate_of(stream: Any) -> Fraction | None:
    """Frames per second, the average where they vary. None if nothing tells."""
    average: Fraction | None = stream.average_rate or None
    guessed: Fraction | None = stream.guessed_rate or None
    # Bare DV takes its clock for its rate.
    is_clock = average is not None and guessed is not None and average * stream.time_base == 1 and average > 2 * guessed
    return guessed if is_clock or average is None else average


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
        name = "jpeg" if picture.format == "MPO" else str(picture.format).lower()
        content_type = content_type_of(picture)
        # Before the animation is walked: its later frames are decoded into another mode.
        mode, is_transparent, size = picture.mode, has_alpha(picture), stored_size(picture)
        is_short = frames * picture.width * picture.height <= _MAX_LOOP_PIXELS
        duration_s = _loop_seconds(picture, frames) if frames > 1 and is_short else None
        stream = VideoStream(
            codec={"jpeg": "mjpeg", "avif": "av1"}.get(name, name),
            width=size.width,
            height=size.height,
            frame_rate=frames / duration_s if duration_s else None,
            pixel_format=mode,
            rotation_deg=turn_of(exif_orientation(picture)),
            has_alpha=is_transparent,
            frame_count=frames,
        )
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
            if picture.format in {"WEBP", "AVIF"}:
                # These tell how long a frame is shown when it is decoded, the others when it is reached.
                picture.load()
            total_ms += picture.info.get("duration", 0)
    except (EOFError, OSError, ValueError):
        return None
    return total_ms / 1000 or None


def _probe_container(container: Any, path: Path, limits: Limits) -> MediaInfo:
    video, audio = best_video(container), best_audio(container)
    formats = container.format.name.split(",")
    if video is None and (audio is None or (formats[0] in RAW_SOUND and not _can_decode(container, audio))):
        raise UnreadableMedia("The file has neither a picture nor sound that can be read.")
    start_s = container.start_time / av.time_base if container.start_time else 0.0
    if video is not None:
        check_pixels(video.codec_context.width, video.codec_context.height, limits)
        described = _describe_video(container, video)
    is_still = formats[0].endswith("_pipe")
    duration_s = None if is_still else duration_of(container, formats[0], [one for one in (video, audio) if one])
    is_webm = "webm" in formats and _is_webm(path)
    with_picture, without = _CONTENT_TYPES.get(formats[0], ("application/octet-stream",) * 2)
    if is_webm:
        with_picture, without = "video/webm", "audio/webm"
    elif formats[0] == "mov":
        brand = container.metadata.get("major_brand", "qt").strip().lower()
        if brand == "qt":
            with_picture = "video/quicktime"
        elif brand.startswith(("3gp", "3g2")):
            with_picture, without = "video/3gpp", "audio/3gpp"
    elif is_still:
        with_picture = f"image/{formats[0].removesuffix('_pipe')}"
    return MediaInfo(
        format="webm" if is_webm else formats[0],
        content_type=with_picture if video is not None else without,
        kind="image" if is_still else "video" if video is not None else "audio",
        size_bytes=path.stat().st_size,
        duration_s=duration_s,
        start_s=start_s,
        bitrate_bps=_bitrate_bps(container, path.stat().st_size, duration_s),
        video=described if video is not None else None,
        audio=_describe_audio(audio) if audio is not None else None,
    )


def _bitrate_bps(container: Any, size_bytes: int, duration_s: float | None) -> int | None:
    """Of the whole file. FFmpeg's is of the length that the header tells: where that is not ours, neither is this."""
    is_of_ours = duration_s is None or not container.duration or abs(container.duration / av.time_base - duration_s) < 1
    if container.bit_rate and is_of_ours:
        return int(container.bit_rate)
    return round(size_bytes * 8 / duration_s) if duration_s else None


def _describe_video(container: Any, stream: Any) -> VideoStream:
    context = stream.codec_context
    turn = turn_of_frame(_first_frame(container, stream))
    aspect: Fraction | None = stream.sample_aspect_ratio or context.sample_aspect_ratio
    pixel_format = str(context.pix_fmt or "")
    rate = frame_rate_of(stream)
    return VideoStream(
        codec=context.codec.canonical_name,
        width=context.width,
        height=context.height,
        frame_rate=float(rate) if rate else None,
        pixel_format=pixel_format,
        bitrate_bps=context.bit_rate or None,
        sample_aspect_ratio=f"{aspect.numerator}:{aspect.denominator}" if aspect else "1:1",
        rotation_deg=turn.rotation_deg,
        is_mirrored=turn.is_mirrored,
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
    size_bytes = 0
    for number, packet in enumerate(container.demux(stream)):
        size_bytes += packet.size
        if number > _FIRST_FRAME_PACKETS or size_bytes > _FIRST_FRAME_BYTES:
            break
        try:
            for frame in packet.decode():
                return frame
        except av.InvalidDataError:
            continue
    raise UnreadableMedia("No picture of the film can be decoded.")


def _can_decode(container: Any, stream: Any) -> bool:
    """One of the stream's first packets is what it seems to be."""
    can = False
    for number, packet in enumerate(container.demux(stream)):
        try:
            can = bool(packet.decode())
        except av.FFmpegError:
            continue
        if can or number > 50:
            break
    return can


def _describe_audio(stream: Any) -> AudioStream:
    context = stream.codec_context
    return AudioStream(
        codec=context.codec.canonical_name,
        sample_rate_hz=context.sample_rate or 0,
        channels=context.channels or 0,
        # A WAV file says how many channels, not which.
        layout=_LAYOUTS.get(context.channels, "") if "channels" in context.layout.name else context.layout.name,
        bitrate_bps=context.bit_rate or None,
        index=stream.index,
    )


def _format_has_alpha(pixel_format: str) -> bool:
    if not pixel_format:
        return False
    return any(component.is_alpha for component in av.VideoFormat(pixel_format).components) or pixel_format == "pal8"


def _is_webm(path: Path) -> bool:
    """The document type stands in the first bytes of the EBML header."""
    with path.open("rb") as file:
        return b"webm" in file.read(64)
