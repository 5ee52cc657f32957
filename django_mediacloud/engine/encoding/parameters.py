"""The parameters of an encode, declared once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.parameters import Parameter, Parameters, Type
from ...exceptions import InvalidParameters
from .codecs import AUDIO_CODECS, CONTAINERS, COPY, NONE, VIDEO_CODECS, Container
from .notation import parse_clock, parse_length

ASPECT_MODES = ("letterbox", "preserve", "constrain", "pad", "stretch", "center", "fill", "crop")
H264_PROFILES = ("baseline", "main", "high")
H264_LEVELS = (
    "1", "1b", "1.0", "1.1", "1.2", "1.3", "2", "2.0", "2.1", "2.2", "3", "3.0", "3.1", "3.2",
    "4", "4.0", "4.1", "4.2", "5", "5.0", "5.1", "5.2", "6", "6.0", "6.1", "6.2",
)  # fmt: skip
H264_TUNES = ("film", "animation", "grain", "stillimage", "psnr", "ssim", "fastdecode", "zerolatency")
ENCODER_PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower", "veryslow")
SAMPLE_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200, 96000)
WATERMARK_SIDES = ("top", "bottom", "left", "right")
WATERMARK_SIZES = ("width", "height")
WATERMARK_PLACING = tuple(f"watermark_{name}" for name in (*WATERMARK_SIDES, *WATERMARK_SIZES))
MAX_RUNGS = 12
MAX_SIDE_PX = 16_384


def check_extname(value: str) -> str:
    extname = "." + value.strip().lower().lstrip(".")
    if extname not in CONTAINERS:
        raise ValueError("must be one of: " + ", ".join(CONTAINERS))
    return extname


def _check_clock(value: str) -> str:
    parse_clock(value)
    return value


def _check_length(value: str) -> str:
    parse_length(value)
    return value


def _check_size(value: str) -> str:
    if parse_length(value).value <= 0:
        raise ValueError("must be more than 0")
    return value


def _kbps(name: str, help_text: str, *, maximum: int = 200_000) -> Parameter:
    return Parameter(name=name, type=Type.INTEGER, help=help_text, minimum=1, maximum=maximum, unit="kb/s")


def _side(name: str) -> Parameter:
    help_text = f"{name.capitalize()} of the frame; if only one side is given, the other keeps the aspect."
    return Parameter(name=name, type=Type.INTEGER, help=help_text, minimum=2, maximum=MAX_SIDE_PX, unit="px")


_RATE_PARAMETERS = (
    _kbps("video_bitrate", "Average bitrate of the picture."),
    _kbps("max_video_bitrate", "Maximum bitrate of the picture."),
    Parameter(
        name="h264_crf", type=Type.NUMBER, help="Constant quality of H.264: lower is better.", minimum=0, maximum=51
    ),
    Parameter(name="h264_profile", type=Type.STRING, help="H.264 profile.", choices=H264_PROFILES),
    Parameter(name="h264_level", type=Type.STRING, help="H.264 level.", choices=H264_LEVELS),
    _kbps("audio_bitrate", "Bitrate of the sound.", maximum=2_000),
)

RUNG_PARAMETERS = Parameters(
    (
        Parameter(name="name", type=Type.STRING, help="Folder of the rung's playlist."),
        _side("width"),
        _side("height"),
        *_RATE_PARAMETERS,
        Parameter(name="audio_only", type=Type.BOOLEAN, help="Sound without a picture.", default=False),
    )
)


def check_variants(rungs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rungs with their defaults. ValueError names the rung and its parameter."""
    if len(rungs) > MAX_RUNGS:
        raise ValueError(f"must have at most {MAX_RUNGS} rungs")
    cleaned = []
    for number, rung in enumerate(rungs):
        try:
            cleaned.append(RUNG_PARAMETERS.clean(rung))
        except InvalidParameters as error:
            raise ValueError(f"item {number}: {error}") from None
    return cleaned


_FRAME = (
    _side("width"),
    _side("height"),
    Parameter(
        name="upscale", type=Type.BOOLEAN, help="Enlarge a picture that is smaller than the frame.", default=False
    ),
    Parameter(
        name="aspect_mode",
        type=Type.STRING,
        default="letterbox",
        choices=ASPECT_MODES,
        help="preserve: the source's own size. constrain: fit, no bars. letterbox: fit, bars above and below. "
        "pad: fit, bars all round. stretch: distort. center: not scaled. fill, crop: fill, cut the rest.",
    ),
)
_CODEC = (
    Parameter(
        name="extname",
        type=Type.STRING,
        help="File extension, which selects the container.",
        default=".mp4",
        check=check_extname,
    ),
    Parameter(
        name="video_codec",
        type=Type.STRING,
        help="Codec of the picture; the container's usual one if empty.",
        choices=(*VIDEO_CODECS, COPY, NONE),
    ),
    Parameter(
        name="audio_codec",
        type=Type.STRING,
        help="Codec of the sound; the container's usual one if empty.",
        choices=(*AUDIO_CODECS, COPY, NONE),
    ),
)
_QUALITY = (
    *_RATE_PARAMETERS,
    Parameter(
        name="crf",
        type=Type.NUMBER,
        help="Constant quality, for encoders that have it: lower is better. For H.264, h264_crf comes first.",
        minimum=0,
        maximum=63,
    ),
    Parameter(name="two_pass", type=Type.BOOLEAN, help="Two passes: closer to the bitrate.", default=False),
    Parameter(name="h264_tune", type=Type.STRING, help="H.264 tuning.", choices=H264_TUNES),
    Parameter(
        name="encoder_preset",
        type=Type.STRING,
        help="Trade-off between speed and size, for H.264 and H.265.",
        default="veryfast",
        choices=ENCODER_PRESETS,
    ),
)
_TIME = (
    Parameter(
        name="fps",
        type=Type.NUMBER,
        help="Constant frame rate; the source's own if empty.",
        minimum=0.1,
        maximum=240,
    ),
    Parameter(
        name="keyframe_interval",
        type=Type.INTEGER,
        help="Maximum number of frames from one key frame to the next.",
        minimum=1,
        maximum=100_000,
        unit="frames",
    ),
    Parameter(
        name="keyframe_rate", type=Type.NUMBER, help="Key frames per second.", minimum=0.01, maximum=240, unit="1/s"
    ),
    Parameter(
        name="deinterlace",
        type=Type.STRING,
        help="Deinterlace frames that are marked as interlaced.",
        choices=("keep_fps", "double_fps"),
    ),
    Parameter(name="clip_offset", type=Type.STRING, help="Start, seconds or 00:00:10.", check=_check_clock, unit="s"),
    Parameter(name="clip_length", type=Type.STRING, help="Length, seconds or 00:20:00.", check=_check_clock, unit="s"),
)
_SOUND = (
    Parameter(
        name="audio_sample_rate",
        type=Type.INTEGER,
        help="Sample rate; the source's own if empty.",
        choices=SAMPLE_RATES_HZ,
        unit="Hz",
    ),
    Parameter(
        name="audio_channels",
        type=Type.INTEGER,
        help="Number of channels; the source's own, at most two, if empty.",
        minimum=1,
        maximum=8,
    ),
)
_WATERMARK = (
    Parameter(name="watermark_url", type=Type.URL, help="Picture to lay over the film."),
    *(
        Parameter(
            name=f"watermark_{side}",
            type=Type.STRING,
            help=f"Distance from the {side}, px or %.",
            check=_check_length,
        )
        for side in WATERMARK_SIDES
    ),
    *(
        Parameter(
            name=f"watermark_{side}",
            type=Type.STRING,
            help=f"{side.capitalize()} of the mark, px or %; its own if empty.",
            check=_check_size,
        )
        for side in WATERMARK_SIZES
    ),
)
_STREAMING = (
    Parameter(
        name="variants",
        type=Type.OBJECTS,
        help="Rungs of an HLS ladder, made in one decode. With .m3u8 only.",
        check=check_variants,
    ),
    Parameter(
        name="segment_s",
        type=Type.NUMBER,
        help="Length of an HLS segment.",
        default=6.0,
        minimum=1,
        maximum=60,
        unit="s",
    ),
)

ENCODE_ITEMS: tuple[Parameter, ...] = (
    Parameter(name="url", type=Type.URL, help="The source.", is_required=True),
    *_FRAME,
    *_CODEC,
    *_QUALITY,
    *_TIME,
    *_SOUND,
    *_WATERMARK,
    *_STREAMING,
)


def _codec_errors(values: Mapping[str, Any], container: Container) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    video, audio = values.get("video_codec"), values.get("audio_codec")
    if video and video not in {COPY, NONE} and video not in container.video_codecs:
        errors["video_codec"] = [f"{container.extname} does not carry {video}"]
    if audio and audio not in {COPY, NONE} and audio not in container.audio_codecs:
        errors["audio_codec"] = [f"{container.extname} does not carry {audio}"]
    if audio == NONE and (video == NONE or not container.video_codecs):
        errors["audio_codec"] = ["neither picture nor sound would be left"]
    return errors


def check_together(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """What does not go together, by parameter."""
    container = CONTAINERS[values["extname"]]
    errors = _codec_errors(values, container)
    codec_name = values.get("video_codec") or next(iter(container.video_codecs), NONE)
    codec = VIDEO_CODECS.get(codec_name)
    if values.get("two_pass"):
        if codec is None or not codec.has_two_pass:
            errors.setdefault("two_pass", []).append(f"{codec_name} has no second pass here")
        elif not values.get("video_bitrate"):
            errors.setdefault("two_pass", []).append("needs video_bitrate")
        elif values.get("variants"):
            errors.setdefault("two_pass", []).append("is not for a ladder, which is made in one decode")
    if values.get("crf") is not None and codec is not None and not codec.has_crf:
        errors.setdefault("crf", []).append(f"{codec_name} has no constant quality")
    if values.get("variants") and not container.is_hls:
        errors.setdefault("variants", []).append("needs extname .m3u8")
    if values.get("clip_length") and parse_clock(values["clip_length"]) <= 0:
        errors.setdefault("clip_length", []).append("must be more than 0")
    return errors
