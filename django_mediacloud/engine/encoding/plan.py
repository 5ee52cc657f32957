"""Decides how one source is encoded under given options. Pure: nothing is read or run here."""

from __future__ import annotations

from dataclasses import dataclass

from ...core.media import AudioStream, MediaInfo, VideoStream
from ...exceptions import InvalidParameters, LimitExceeded, UnsupportedMedia
from ..geometry import HD_LINES
from ..probe import ALPHA_DECODERS
from .codecs import (
    AUDIO_CODECS,
    COPY,
    NONE,
    VIDEO_CODECS,
    AudioCodec,
    Container,
    VideoCodec,
    nearest_sample_rate_hz,
    sound_bitrate_kbps,
)
from .framing import Framing, Pixels, frame_picture, is_portrait
from .options import NO_RATE, EncodeOptions, Rate, Rung
from .reuse import audio_fits, video_fits

HDR_TRANSFERS = frozenset({"smpte2084", "arib-std-b67"})
_FULL_RANGES = frozenset({"pc", "jpeg", "full"})
_RGB_PREFIXES = ("rgb", "bgr", "gbr", "argb", "abgr", "0rgb", "0bgr", "pal8")
_SEEKS_LATE = ("mpegts", "mpeg", "vob")
"""Formats where a seek before the input lands after the time asked for; there the clip is cut after decoding."""
DEFAULT_GOP = 250
_KEYFRAME_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """Optional abilities of the installed ffmpeg."""

    has_zscale: bool = True
    """The filters zscale and tonemap: without them HDR is squeezed into SDR untreated, and looks flat."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clip:
    offset_s: float = 0.0
    length_s: float | None = None
    is_cut_after_decoding: bool = False

    @property
    def is_whole(self) -> bool:
        return self.offset_s == 0 and self.length_s is None


@dataclass(frozen=True, slots=True, kw_only=True)
class VideoPlan:
    """``framing`` is that of the largest rendition; ``decoder`` is set where ffmpeg's own choice would lose alpha."""

    index: int
    codec: VideoCodec
    is_copied: bool
    source_size: Pixels
    framing: Framing
    decoder: str = ""
    is_rotated: bool = False
    has_square_pixels: bool = True
    is_tone_mapped: bool = False
    is_full_range: bool = False
    is_rgb: bool = False
    assumed_matrix: str = ""
    """What a source that does not tell its matrix is taken for, where a player would take the output for another."""
    alpha: str = ""
    """``kept``, ``flattened`` onto black, or empty: the source has none."""
    deinterlace: str = ""
    fps: float | None = None
    frame_rate: float | None = None
    gop: int = DEFAULT_GOP
    keyframe_s: float | None = None
    """Key frames at exactly these intervals, for segments: HLS."""
    has_two_passes: bool = False
    has_b_frames: bool = True
    """Where the encoder would make some: MP4 miscounts the length of a film that pauses at an end if it has any."""
    tune: str = ""
    encoder_preset: str = "veryfast"

    @property
    def pixel_format(self) -> str:
        return self.codec.alpha_format if self.alpha == "kept" else self.codec.pixel_format


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioPlan:
    index: int
    codec: AudioCodec
    is_copied: bool
    channels: int
    sample_rate_hz: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendition:
    """One output. ``size`` is None where it has sound only."""

    name: str = ""
    size: Pixels | None = None
    rate: Rate = NO_RATE
    audio_bitrate_kbps: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodePlan:
    container: Container
    video: VideoPlan | None
    audio: AudioPlan | None
    clip: Clip
    renditions: tuple[Rendition, ...]
    segment_s: float
    is_ladder: bool
    source_s: float | None
    """Seconds of source to work on, as far as the source says how long it is."""
    expected_frames: int | None
    """Frames that must come out, where the source says how many it has and all are kept."""

    @property
    def copied(self) -> list[str]:
        streams: list[tuple[str, VideoPlan | AudioPlan | None]] = [("video", self.video), ("audio", self.audio)]
        return [name for name, stream in streams if stream is not None and stream.is_copied]

    @property
    def passes(self) -> int:
        return 2 if self.video is not None and self.video.has_two_passes and not self.video.is_copied else 1


def build_plan(info: MediaInfo, options: EncodeOptions, *, features: Features, most_pixels: int) -> EncodePlan:
    """The plan. Raises ``MediaError`` or ``InvalidParameters`` if the source cannot be encoded with these options."""
    wants_picture = bool(options.container.video_codecs) and options.video_codec != NONE
    video_stream = _picture_of(info, options) if wants_picture else None
    audio_stream = None if options.audio_codec == NONE else info.audio
    if not wants_picture and audio_stream is None:
        raise UnsupportedMedia(f"The source has no sound, and {options.container.extname} here is sound only.")
    clip = _clip_of(info, options)
    audio = _plan_audio(info, audio_stream, options, clip) if audio_stream is not None else None
    video = _plan_video(info, video_stream, options, clip, features) if video_stream is not None else None
    if video is not None and video.framing.size[0] * video.framing.size[1] > most_pixels:
        raise LimitExceeded("The output's frame has more pixels than are allowed.", code="too_many_pixels")
    renditions = _plan_renditions(video, audio, options)
    source_s = _length_of(info, clip)
    return EncodePlan(
        container=options.container,
        video=video,
        audio=audio,
        clip=clip,
        renditions=renditions,
        segment_s=options.segment_s,
        is_ladder=bool(options.rungs),
        source_s=source_s,
        expected_frames=_expected_frames(video_stream, options, clip, source_s),
    )


def _picture_of(info: MediaInfo, options: EncodeOptions) -> VideoStream:
    if info.video is None:
        raise UnsupportedMedia(f"The source has sound only; {options.container.extname} with a picture was asked for.")
    if info.kind == "image" and not info.format.startswith("gif"):
        raise UnsupportedMedia("The source is a picture, not a film.")
    return info.video


def _clip_of(info: MediaInfo, options: EncodeOptions) -> Clip:
    whole_s = _whole_s(info)
    if whole_s is not None and options.clip_offset_s and options.clip_offset_s >= whole_s:
        message = f"lies at or past the end of the source, which lasts {whole_s:.2f} s"
        raise InvalidParameters({"clip_offset": [message]})
    length_s = options.clip_length_s
    if length_s is not None and whole_s is not None and not options.clip_offset_s:
        # The old service's profiles carry "00:20:00" as a ceiling: it cuts nothing of a shorter film.
        length_s = length_s if length_s < whole_s else None
    return Clip(
        offset_s=options.clip_offset_s,
        length_s=length_s,
        is_cut_after_decoding=bool(options.clip_offset_s) and info.format.startswith(_SEEKS_LATE),
    )


def _whole_s(info: MediaInfo) -> float | None:
    """Matroska counts its duration from zero, whatever its first time stamp is."""
    if info.duration_s is None or info.format not in {"matroska", "webm"}:
        return info.duration_s
    return info.duration_s - info.start_s if 0 < info.start_s < info.duration_s else info.duration_s


def _length_of(info: MediaInfo, clip: Clip) -> float | None:
    whole_s = _whole_s(info)
    if whole_s is None:
        return clip.length_s
    rest_s = max(0.0, whole_s - clip.offset_s)
    return rest_s if clip.length_s is None else min(rest_s, clip.length_s)


def _expected_frames(
    stream: VideoStream | None, options: EncodeOptions, clip: Clip, source_s: float | None
) -> int | None:
    is_resampled = options.fps is not None or options.deinterlace == "double_fps"
    if stream is None or stream.frame_count is None or is_resampled or not clip.is_whole:
        return None
    if source_s is None or not stream.frame_rate:
        return stream.frame_count
    # An edit list hides frames that the container counts; sound that lasts longer than the picture does the reverse.
    return min(stream.frame_count, round(source_s * stream.frame_rate))


def _plan_audio(info: MediaInfo, stream: AudioStream, options: EncodeOptions, clip: Clip) -> AudioPlan:
    container = options.container
    name = options.audio_codec
    probe_names = {AUDIO_CODECS[known].probe_name: AUDIO_CODECS[known] for known in container.audio_codecs}
    if name == COPY:
        if stream.codec not in probe_names:
            raise UnsupportedMedia(f"{container.extname} cannot carry the source's sound ({stream.codec}) as it is.")
        return AudioPlan(
            index=stream.index,
            codec=probe_names[stream.codec],
            is_copied=True,
            channels=stream.channels,
            sample_rate_hz=stream.sample_rate_hz,
        )
    codec = AUDIO_CODECS[name]
    channels = min(options.audio_channels or min(stream.channels, 2), codec.most_channels)
    return AudioPlan(
        index=stream.index,
        codec=codec,
        is_copied=options.can_copy and clip.is_whole and audio_fits(info, stream, options, codec, channels),
        channels=max(1, channels),
        sample_rate_hz=nearest_sample_rate_hz(codec, options.audio_sample_rate_hz or stream.sample_rate_hz),
    )


def _plan_video(
    info: MediaInfo, stream: VideoStream, options: EncodeOptions, clip: Clip, features: Features
) -> VideoPlan:
    source_size = info.display_size
    if source_size is None or min(source_size) < 1:
        raise UnsupportedMedia("The source's picture has no size.")
    width, height = _top_box(options, source_size)
    framing = frame_picture(
        source_size,
        width=width,
        height=height,
        aspect_mode=options.aspect_mode,
        is_upscaled=options.is_upscaled,
    )
    codec, is_copied = _codec_of(info, stream, options, clip, framing.size)
    is_kept = stream.has_alpha and bool(codec.alpha_format) and options.container.extname in {".webm", ".mkv"}
    return VideoPlan(
        index=stream.index,
        codec=codec,
        is_copied=is_copied,
        source_size=source_size,
        framing=framing,
        decoder=ALPHA_DECODERS.get(stream.codec, "") if stream.has_alpha else "",
        is_rotated=bool(stream.rotation_deg % 360) or stream.is_mirrored,
        has_square_pixels=stream.sample_aspect_ratio in {"1:1", "", "0:1"},
        is_tone_mapped=stream.color_transfer in HDR_TRANSFERS and features.has_zscale and codec.name != "prores",
        is_full_range=stream.color_range in _FULL_RANGES or stream.pixel_format.startswith("yuvj"),
        is_rgb=_is_rgb(info, stream),
        assumed_matrix="" if _is_rgb(info, stream) else _assumed_matrix(stream, options, source_size, framing),
        alpha=("kept" if is_kept else "flattened") if stream.has_alpha else "",
        deinterlace=options.deinterlace,
        fps=options.fps,
        frame_rate=stream.frame_rate,
        gop=_gop(options, stream),
        keyframe_s=_keyframe_s(options) if options.container.is_hls else None,
        has_two_passes=options.has_two_passes,
        tune=options.h264_tune,
        encoder_preset=options.encoder_preset,
    )


def _is_rgb(info: MediaInfo, stream: VideoStream) -> bool:
    return info.kind == "image" or stream.pixel_format.startswith(_RGB_PREFIXES)


def _assumed_matrix(stream: VideoStream, options: EncodeOptions, source: Pixels, framing: Framing) -> str:
    """Players go by the number of lines where a film does not tell: scaled across that border it has to."""
    sizes = [framing.size, *(_framed(rung, options, source).size for rung in _pictured(options))]
    is_hd = stream.height >= HD_LINES
    if stream.color_space or all((height >= HD_LINES) == is_hd for _, height in sizes):
        return ""
    return "bt709" if is_hd else "smpte170m"


def _codec_of(
    info: MediaInfo, stream: VideoStream, options: EncodeOptions, clip: Clip, size: Pixels
) -> tuple[VideoCodec, bool]:
    """The codec of the picture, and whether the source's own is copied."""
    if options.video_codec == COPY:
        return _carried(stream, options.container), True
    codec = VIDEO_CODECS[options.video_codec]
    can_copy = options.can_copy and clip.is_whole
    return codec, can_copy and video_fits(info, stream, options, codec, size)


def _carried(stream: VideoStream, container: Container) -> VideoCodec:
    for name in container.video_codecs:
        if VIDEO_CODECS[name].probe_name == stream.codec:
            return VIDEO_CODECS[name]
    raise UnsupportedMedia(f"{container.extname} cannot carry the source's picture ({stream.codec}) as it is.")


def _gop(options: EncodeOptions, stream: VideoStream) -> int:
    if options.keyframe_interval:
        return options.keyframe_interval
    rate = options.fps or stream.frame_rate
    if options.keyframe_rate and rate:
        return max(1, round(rate / options.keyframe_rate))
    return DEFAULT_GOP


def _keyframe_s(options: EncodeOptions) -> float:
    """A whole number of groups of pictures makes a segment."""
    wanted_s = 1 / options.keyframe_rate if options.keyframe_rate else _KEYFRAME_S
    return options.segment_s / max(1, round(options.segment_s / wanted_s))


def _turned(rung: Rung, source: Pixels) -> tuple[int | None, int | None]:
    """A rung's box is written for lying films; a standing film gets it stood up."""
    if rung.width and rung.height and is_portrait(source) != is_portrait((rung.width, rung.height)):
        return rung.height, rung.width
    return rung.width, rung.height


def _pictured(options: EncodeOptions) -> list[Rung]:
    return [rung for rung in options.rungs if not rung.is_audio_only]


def _top_box(options: EncodeOptions, source: Pixels) -> tuple[int | None, int | None]:
    """The box of the largest output."""
    rungs = _pictured(options)
    if not rungs:
        return options.width, options.height
    sizes = {
        _framed(rung, options, source).size: _turned(rung, source) for rung in reversed(rungs)
    }  # a size that several rungs come to is the smallest rung's
    return sizes[max(sizes, key=lambda size: size[0] * size[1])]


def _framed(rung: Rung, options: EncodeOptions, source: Pixels) -> Framing:
    width, height = _turned(rung, source)
    return frame_picture(
        source, width=width, height=height, aspect_mode=options.aspect_mode, is_upscaled=options.is_upscaled
    )


def _plan_renditions(video: VideoPlan | None, audio: AudioPlan | None, options: EncodeOptions) -> tuple[Rendition, ...]:
    if not options.rungs:
        size = video.framing.size if video is not None else None
        bitrate = _sound_kbps(audio, options.audio_bitrate_kbps)
        return (Rendition(size=size, rate=options.rate, audio_bitrate_kbps=bitrate),)
    found: dict[Pixels | None, Rendition] = {}
    for number, rung in enumerate(options.rungs):
        size = None if rung.is_audio_only or video is None else _framed(rung, options, video.source_size).size
        if size is None and audio is None:
            continue
        # Rungs that come to one size because the source is no larger would differ in bytes only: the first is enough.
        found.setdefault(
            size,
            Rendition(
                name=_rung_name(rung.name, number, size, found),
                size=size,
                rate=_rung_rate(rung.rate, options.rate),
                audio_bitrate_kbps=_sound_kbps(audio, rung.audio_bitrate_kbps or options.audio_bitrate_kbps),
            ),
        )
    if video is not None and not any(size for size in found):
        raise InvalidParameters({"variants": ["no rung has a picture"]})
    # Largest first: the others are scaled down from it.
    return tuple(sorted(found.values(), key=lambda one: -(one.size[0] * one.size[1]) if one.size else 1))


def _rung_rate(rate: Rate, common: Rate) -> Rate:
    return Rate(
        bitrate_kbps=rate.bitrate_kbps or common.bitrate_kbps,
        max_bitrate_kbps=rate.max_bitrate_kbps or common.max_bitrate_kbps,
        crf=rate.crf if rate.crf is not None else common.crf,
        h264_profile=rate.h264_profile or common.h264_profile,
        h264_level=rate.h264_level or common.h264_level,
    )


def _rung_name(asked: str, number: int, size: Pixels | None, taken: dict[Pixels | None, Rendition]) -> str:
    """A folder's name: what the site's user calls a rung is used where it is a plain word."""
    plain = asked if asked.isascii() and asked.replace("-", "").replace("_", "").isalnum() else ""
    name = plain[:32] or (f"{min(size)}p" if size else "audio")
    return name if all(name != one.name for one in taken.values()) else f"{name}-{number}"


def _sound_kbps(audio: AudioPlan | None, asked_kbps: int | None) -> int | None:
    if audio is None or audio.is_copied:
        return None
    return sound_bitrate_kbps(audio.codec, asked_kbps, channels=audio.channels, sample_rate_hz=audio.sample_rate_hz)
