"""A custom ``command`` of a profile, read by allow-list into the same options as any other encode.

Nothing of it ever reaches a shell or ffmpeg: each word is known here and means a parameter, or the command is refused
and the word is named. The tokens are those of the old service (its documentation, "FFmpeg Neckbeard"): a token alone
stands for its whole option (``$video_bitrate$`` is ``-b:v 500k``), after an option it stands for the value.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ...exceptions import InvalidParameters
from .codecs import AUDIO_CODECS, CONTAINERS, COPY, NONE, VIDEO_CODECS
from .parameters import ENCODER_PRESETS, H264_LEVELS, H264_PROFILES, H264_TUNES, WATERMARK_PLACING

MAX_COMMAND_CHARS = 4_000
INPUT_TOKEN, OUTPUT_TOKEN = "$input_file$", "$output_file$"

# What each token takes over from the profile's own fields.
FIELDS_OF_TOKEN: Mapping[str, tuple[str, ...]] = {
    "$width$": ("width",),
    "$height$": ("height",),
    "$filters$": ("width", "height", "aspect_mode", "upscale", "watermark_url", *WATERMARK_PLACING),
    "$audio_sample_rate$": ("audio_sample_rate",),
    "$audio_channels$": ("audio_channels",),
    "$audio_bitrate$": ("audio_bitrate",),
    "$max_audio_bitrate$": ("audio_bitrate",),
    "$video_quality$": ("video_bitrate", "h264_crf", "crf"),
    "$video_bitrate$": ("video_bitrate",),
    "$max_video_bitrate$": ("max_video_bitrate",),
    "$fps$": ("fps",),
    "$keyframes$": ("keyframe_interval", "keyframe_rate"),
    "$clip$": ("clip_offset", "clip_length"),
    "$h264_profile$": ("h264_profile",),
    "$h264_level$": ("h264_level",),
}

_VIDEO_ENCODERS = {codec.encoder: codec.name for codec in VIDEO_CODECS.values()} | {
    "h264": "h264",
    "hevc": "h265",
    "theora": "theora",
    "vp8": "vp8",
    "vp9": "vp9",
    "flv1": "flv1",
    "msmpeg4v3": "msmpeg4",
    "prores": "prores",
    "copy": COPY,
}
_AUDIO_ENCODERS = {codec.encoder: codec.name for codec in AUDIO_CODECS.values()} | {
    "libfaac": "aac",
    "libvo_aacenc": "aac",
    "libfdk_aac": "aac",
    "mp3": "mp3",
    "vorbis": "vorbis",
    "opus": "opus",
    "copy": COPY,
}
_TOKEN = re.compile(r"\$[a-z0-9_]+\$")
_BITRATE = re.compile(r"(\d{1,9})(k|K|m|M)?")
_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")
_SCALE = re.compile(r"scale=(?:w=)?(-?\d{1,5}):(?:h=)?(-?\d{1,5})")
_RATE = re.compile(r"(\d{1,6})(?:/(\d{1,6})|\.(\d{1,6}))?")


class Refused(ValueError):
    """The message for ``command``."""


@dataclass(slots=True)
class _Reading:
    """What has been understood so far."""

    fields: Mapping[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    has_input: bool = False
    outputs: list[str] = field(default_factory=list)
    pass_number: int | None = None

    def set(self, name: str, value: Any) -> None:
        self.values[name] = value


def _kbps(text: str) -> int:
    match = _BITRATE.fullmatch(text)
    if match is None:
        raise Refused(f"{text!r} is not a bitrate")
    factor = {None: 0.001, "k": 1.0, "m": 1000.0}[match[2].lower() if match[2] else None]
    return max(1, round(int(match[1]) * factor))


def _whole(text: str) -> int:
    if not re.fullmatch(r"\d{1,9}", text):
        raise Refused(f"{text!r} is not a whole number")
    return int(text)


def _decimal(text: str) -> float:
    if not re.fullmatch(r"\d{1,6}(\.\d{1,6})?", text):
        raise Refused(f"{text!r} is not a number")
    return float(text)


def _one_of(choices: Mapping[str, Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        if text not in choices:
            raise Refused(f"{text!r} is not known here; known are: {', '.join(sorted(choices))}")
        return choices[text]

    return read


def _read_rate(text: str) -> float:
    match = _RATE.fullmatch(text)
    if match is None or (match[2] and not int(match[2])):
        raise Refused(f"{text!r} is not a frame rate")
    return int(match[1]) / int(match[2]) if match[2] else float(text)


def _same(names: tuple[str, ...]) -> dict[str, str]:
    return {name: name for name in names}


_MUXERS = {container.muxer: container.muxer for container in CONTAINERS.values()}

# Option -> the parameter that it sets, and how its value is read.
_VALUED: dict[str, tuple[str, Callable[[str], Any]]] = {
    **dict.fromkeys(("-c:v", "-codec:v", "-vcodec"), ("video_codec", _one_of(_VIDEO_ENCODERS))),
    **dict.fromkeys(("-c:a", "-codec:a", "-acodec"), ("audio_codec", _one_of(_AUDIO_ENCODERS))),
    **dict.fromkeys(("-b:v", "-b", "-vb"), ("video_bitrate", _kbps)),
    **dict.fromkeys(("-b:a", "-ab"), ("audio_bitrate", _kbps)),
    "-maxrate": ("max_video_bitrate", _kbps),
    "-crf": ("crf", _decimal),
    "-ar": ("audio_sample_rate", _whole),
    "-ac": ("audio_channels", _whole),
    "-r": ("fps", _read_rate),
    "-g": ("keyframe_interval", _whole),
    "-preset": ("encoder_preset", _one_of(_same(ENCODER_PRESETS))),
    **dict.fromkeys(("-profile:v", "-vprofile"), ("h264_profile", _one_of(_same(H264_PROFILES)))),
    "-level": ("h264_level", _one_of(_same(H264_LEVELS))),
    "-tune": ("h264_tune", _one_of(_same(H264_TUNES))),
    "-ss": ("clip_offset", str),
    "-t": ("clip_length", str),
}
# Options whose meaning the engine decides itself: taken, checked, and without effect.
_WITHOUT_EFFECT: dict[str, Callable[[str], Any]] = {
    "-threads": _whole,
    "-bufsize": _kbps,
    "-strict": _one_of(_same(("-2", "experimental", "normal", "1"))),
    "-pix_fmt": _one_of(_same(("yuv420p", "yuva420p", "yuv422p10le"))),
    "-movflags": _one_of(_same(("faststart", "+faststart"))),
    "-f": _one_of(_MUXERS),
    "-tag:v": _one_of(_same(("MP43", "avc1", "hvc1"))),
}
_WITH_VALUE = frozenset({"-i", "-pass", "-s", "-vf", "-filter:v", *_VALUED, *_WITHOUT_EFFECT})
_FLAGS: dict[str, tuple[str, Any] | None] = {
    "-y": None,
    "-dn": None,
    "-sn": None,
    "-vn": ("video_codec", NONE),
    "-an": ("audio_codec", NONE),
}


def split_commands(text: str) -> list[list[str]]:
    """The commands, by newline or ``;``, each as words. ``Refused`` where they cannot be told apart."""
    if len(text) > MAX_COMMAND_CHARS:
        raise Refused(f"must have at most {MAX_COMMAND_CHARS} characters")
    commands = []
    for line in re.split(r"\\n|[\n\r;]", text):
        try:
            words = shlex.split(line)
        except ValueError as error:
            raise Refused(f"cannot be split into words: {error}") from None
        if words:
            commands.append(words)
    return commands


def parse_command(text: str, fields: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The encode parameters that ``text`` means, where ``fields`` are the profile's own (for the tokens).

    Understood are one ``ffmpeg`` command, the two of a two-pass encode, and ``qt-faststart`` after them.
    ``InvalidParameters`` names under ``command`` what is not known.
    """
    try:
        return _parse(text, fields or {})
    except Refused as refused:
        raise InvalidParameters({"command": [str(refused)]}) from None


def check_command(text: str) -> str:
    """``text`` itself where it would be understood. ValueError with the message otherwise."""
    _parse(text, {})
    return text


def _parse(text: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    readings: list[_Reading] = []
    moved: list[str] = []
    for words in split_commands(text):
        program, rest = words[0], words[1:]
        if program == "ffmpeg" and not moved:
            readings.append(_read_ffmpeg(rest, fields))
        elif program == "qt-faststart" and len(rest) == 2 and readings and readings[-1].outputs == [rest[0]]:
            moved = rest
            readings[-1].outputs = [rest[1]]
        else:
            raise Refused(f"{program!r} is not supported here: one ffmpeg command is, or the two of a two-pass encode")
    if not readings:
        raise Refused("holds no ffmpeg command")
    return _one_encode(readings)


def _one_encode(readings: list[_Reading]) -> dict[str, Any]:
    last = readings[-1]
    if last.outputs != [OUTPUT_TOKEN]:
        raise Refused(f"must write exactly one file, {OUTPUT_TOKEN}")
    if len(readings) == 1:
        if last.pass_number is not None:
            raise Refused("'-pass' needs two commands, with -pass 1 and -pass 2")
        return last.values
    if len(readings) != 2 or [one.pass_number for one in readings] != [1, 2]:
        raise Refused("has several ffmpeg commands, which are supported only as -pass 1 and -pass 2")
    if readings[0].outputs not in (["/dev/null"], ["NUL"], ["-"]):
        raise Refused("its first pass must write to /dev/null")
    return {**last.values, "two_pass": True}


def _read_ffmpeg(words: list[str], fields: Mapping[str, Any]) -> _Reading:
    reading = _Reading(fields=fields)
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if word in FIELDS_OF_TOKEN:
            _take_fields(reading, word)
        elif word.startswith("-") and word != "-":
            _take_option(reading, word, queue)
        else:
            _take_output(reading, word)
    if not reading.has_input:
        raise Refused(f"must read -i {INPUT_TOKEN}")
    return reading


def _take_option(reading: _Reading, option: str, queue: list[str]) -> None:
    if option in _FLAGS:
        if (flag := _FLAGS[option]) is not None:
            reading.set(*flag)
    elif option not in _WITH_VALUE:
        raise Refused(f"option {option!r} is not supported")
    elif option in _VALUED:
        _take_value(reading, option, _value_of(option, queue))
    elif option in _WITHOUT_EFFECT:
        _WITHOUT_EFFECT[option](_value_of(option, queue))
    elif option == "-i":
        _take_input(reading, queue)
    elif option == "-pass":
        reading.pass_number = _whole(_value_of(option, queue))
    elif option == "-s":
        _take_size(reading, _filled(_value_of(option, queue), reading.fields))
    else:
        _take_filters(reading, _filled(_value_of(option, queue), reading.fields))


def _value_of(option: str, queue: list[str]) -> str:
    if not queue:
        raise Refused(f"option {option!r} has no value")
    return queue.pop(0)


def _take_input(reading: _Reading, queue: list[str]) -> None:
    name = _value_of("-i", queue)
    if name != INPUT_TOKEN or reading.has_input:
        raise Refused(f"may read {INPUT_TOKEN} and nothing else, once")
    reading.has_input = True


def _take_output(reading: _Reading, word: str) -> None:
    if word == "-" or word == OUTPUT_TOKEN or word in {"/dev/null", "NUL"} or re.fullmatch(r"\w+(\.\w+)?", word):
        reading.outputs.append(word)
        return
    raise Refused(f"{word!r} is not supported")


def _take_fields(reading: _Reading, token: str) -> None:
    for name in FIELDS_OF_TOKEN[token]:
        if reading.fields.get(name) is not None:
            reading.set(name, reading.fields[name])


def _take_value(reading: _Reading, option: str, text: str) -> None:
    name, read = _VALUED[option]
    if text in FIELDS_OF_TOKEN:
        fields = FIELDS_OF_TOKEN[text]
        if name not in fields and not (name == "crf" and "h264_crf" in fields):
            raise Refused(f"{text} does not go with {option!r}")
        value = reading.fields.get(name)
        if value is not None:
            reading.set(name, value)
        return
    token = _TOKEN.search(text)
    if token is None:
        reading.set(name, read(text))
        return
    source = FIELDS_OF_TOKEN.get(token[0])
    if source is None or name not in source or text not in {token[0] + "k", token[0] + "K"}:
        raise Refused(f"{text!r} does not go with {option!r}")
    _take_value(reading, option, token[0])


def _filled(text: str, fields: Mapping[str, Any]) -> str:
    """``text`` with ``$width$`` and ``$height$`` as numbers; -2 stands for a side that the profile leaves open."""
    return text.replace("$width$", str(fields.get("width") or -2)).replace("$height$", str(fields.get("height") or -2))


def _take_size(reading: _Reading, text: str) -> None:
    if text == "-2x-2":
        return
    match = _SIZE.fullmatch(text)
    if match is None:
        raise Refused(f"{text!r} is not a size such as 640x480")
    _take_box(reading, int(match[1]), int(match[2]))


def _take_box(reading: _Reading, width: int, height: int) -> None:
    for name, side in (("width", width), ("height", height)):
        if side > 0:
            reading.set(name, side)
    reading.set("upscale", True)
    reading.set("aspect_mode", "stretch" if width > 0 and height > 0 else "constrain")


def _take_filters(reading: _Reading, text: str) -> None:
    for part in text.split(","):
        name = part.partition("=")[0]
        if match := _SCALE.fullmatch(part):
            _take_box(reading, int(match[1]), int(match[2]))
        elif name == "fps" and part != name:
            reading.set("fps", _read_rate(part.removeprefix("fps=")))
        elif part in {"yadif", "bwdif"}:
            reading.set("deinterlace", "keep_fps")
        elif part == "$filters$":
            _take_fields(reading, part)
        elif part not in {"format=yuv420p", "setsar=1"}:
            raise Refused(f"filter {name!r} is not supported like this")
