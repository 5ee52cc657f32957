"""``audio.waveform`` of Stupeflix (its reference, "Tasks Reference"): a sound as a picture.

The picture's width is the time from ``start`` to ``end``. A column goes from the lowest to the highest sample of its
part of the time, of all channels together: a mix would show nothing of stereo whose sides cancel each other out. Full
scale fills the height but for the margins; silence is a line of one pixel in the middle.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.capabilities import OperationInfo
from ...core.media import MediaInfo
from ...core.parameters import Parameter, Parameters, Type
from ...exceptions import UnsupportedMedia
from ..extras import optional
from ..geometry import Size
from ..operation import Context, Operation, Outcome
from ..parameters import MAX_SIDE_PX, moment, picture_format, source
from ..probe import probe
from ..sound import SAMPLE_SLACK, Block, read_sound
from ..stills import check_output_size, produce_picture

np = optional("numpy")
Image = optional("PIL.Image")
ImageColor = optional("PIL.ImageColor")

_ASSUMED_S = 60.0
"""Where nothing tells how long the sound is."""
_SLACK_S = 0.1
"""A header that leaves out the encoder's padding is right."""
_ROUNDING_S = 0.001


def _together(values: Mapping[str, Any]) -> dict[str, list[str]]:
    errors = {}
    if values["end"] is not None and values["end"] <= values["start"]:
        errors["end"] = ["must be after start"]
    if 2 * values["vmargin"] >= values["height"]:
        errors["vmargin"] = ["must be less than half of height"]
    return errors


_PARAMETERS = Parameters(
    (
        source("The sound, or a film with sound."),
        Parameter(
            name="width",
            type=Type.INTEGER,
            help="Width of the picture.",
            default=1024,
            minimum=1,
            maximum=MAX_SIDE_PX,
            unit="px",
        ),
        Parameter(
            name="height",
            type=Type.INTEGER,
            help="Height of the picture.",
            default=60,
            minimum=1,
            maximum=MAX_SIDE_PX,
            unit="px",
        ),
        Parameter(
            name="vmargin",
            type=Type.INTEGER,
            help="Margin above and below the wave.",
            default=0,
            minimum=0,
            maximum=MAX_SIDE_PX,
            unit="px",
        ),
        Parameter(name="fill", type=Type.COLOR, help="Color of the wave.", default="#000000"),
        Parameter(name="background", type=Type.COLOR, help="Color behind it.", default="#FFFFFF"),
        moment("start", "Where to begin.", 0.0),
        moment("end", "Where to stop; the end of the sound if empty."),
        picture_format("jpeg", "png"),
    ),
    _together,
)


class _Peaks:
    """The lowest and the highest sample of each of ``width`` equal parts of the time from ``start_s`` to ``end_s``.

    A part that is shorter than one sample shows the sample of its time.
    """

    def __init__(self, start_s: float, end_s: float, width: int) -> None:
        self.end_s = end_s
        self.column_s = (end_s - start_s) / width
        self._borders_s = start_s + np.arange(width + 1) * self.column_s
        self._first: Any = None
        self._behind: Any = None
        self._low = np.full(width, np.inf, np.float32)
        self._high = np.full(width, -np.inf, np.float32)

    def _begin(self, rate_hz: int) -> None:
        borders = np.floor(self._borders_s * rate_hz + SAMPLE_SLACK).astype(np.int64)
        self._first = borders[:-1]
        self._behind = np.maximum(borders[1:], self._first + 1)

    def add(self, block: Block) -> None:
        if self._first is None:
            self._begin(block.rate_hz)
        begun = np.searchsorted(self._behind, block.begin, "right")
        ended = np.searchsorted(self._first, block.end, "left")
        if begun >= ended:
            return
        samples = block.samples[: self._behind[ended - 1] - block.begin]
        offsets, columns = np.unique(np.maximum(self._first[begun:ended] - block.begin, 0), return_inverse=True)
        part = slice(begun, ended)
        flat, offsets = samples.reshape(-1), offsets * samples.shape[1]
        # fmin and fmax pass over what is not a number.
        self._low[part] = np.fmin(self._low[part], np.fmin.reduceat(flat, offsets)[columns])
        self._high[part] = np.fmax(self._high[part], np.fmax.reduceat(flat, offsets)[columns])

    def draw(self, height: int, margin: int) -> Any:
        """1 where the wave is, else 0: height x width."""
        is_silent = self._low > self._high
        top, bottom = (
            _row(np.where(is_silent, 0, level), height - 2 * margin) + margin for level in (self._high, self._low)
        )
        rows = np.arange(height)[:, None]
        return ((rows >= top) & (rows <= bottom)).astype(np.uint8)


def _row(level: Any, height: int) -> Any:
    """The row of a level, which is 1 at the top and -1 at the bottom."""
    return np.round((1 - np.clip(level, -1, 1)) / 2 * (height - 1))


def _measure(context: Context, info: MediaInfo) -> tuple[_Peaks, float]:
    """The peaks of the time asked for, and where the sound ends.

    To know the columns is to know the end. Where the header's word turns out wrong, all is read a second time.
    """
    start_s, end_s, width = (context.parameters[name] for name in ("start", "end", "width"))
    told_s = info.duration_s or _ASSUMED_S
    shown_s = told_s if end_s is None else min(end_s, told_s)
    while True:
        peaks = _Peaks(start_s, shown_s if shown_s > start_s else start_s + _ASSUMED_S, width)
        length_s = _length_s(info, _read(context, peaks), end_s)
        if length_s <= start_s:
            raise UnsupportedMedia(
                f"The sound is only {length_s:.1f} s long, so it has nothing at {start_s:g} s.",
                advice="Ask for an earlier start.",
            )
        shown_s = length_s if end_s is None else min(end_s, length_s)
        if abs(shown_s - peaks.end_s) <= peaks.column_s / 2:
            return peaks, length_s


def _read(context: Context, peaks: _Peaks) -> float:
    """Read all that is asked for. Where the sound ended, in seconds; 0 if it had ended before."""
    start_s, end_s = context.parameters["start"], context.parameters["end"]
    heard_s = 0.0
    for block in read_sound(context.input(), start_s=start_s, end_s=end_s, limits=context.limits):
        peaks.add(block)
        heard_s = block.end / block.rate_hz
        context.report(min(100.0, 100 * (heard_s - start_s) / (peaks.end_s - start_s)))
    return heard_s


def _length_s(info: MediaInfo, heard_s: float, end_s: float | None) -> float:
    """How long the file is. The sound of a film may end before the film, and then the rest is silence."""
    told_s = info.duration_s or 0.0
    is_whole = heard_s > 0 and (end_s is None or heard_s < end_s - _ROUNDING_S)
    return heard_s if is_whole and info.video is None else max(told_s, heard_s)


def _run(context: Context) -> Outcome:
    given = context.parameters
    size = Size(given["width"], given["height"])
    check_output_size(size, context.limits)
    info = probe(context.input(), limits=context.limits)
    if info.audio is None:
        raise UnsupportedMedia("The file has no sound.")
    peaks, length_s = _measure(context, info)

    picture = Image.fromarray(peaks.draw(size.height, given["vmargin"]))
    picture.putpalette([*ImageColor.getrgb(given["background"]), *ImageColor.getrgb(given["fill"])])
    file = produce_picture(picture, context.workdir, given["format"])
    is_told = info.duration_s is not None and abs(info.duration_s - length_s) <= _SLACK_S
    duration_s = info.duration_s if is_told else length_s
    values = {
        "duration": duration_s,
        "width": size.width,
        "height": size.height,
        "content_type": file.content_type,
    }
    return Outcome(values=values, files=(file,), source_s=duration_s)


OPERATION = Operation(
    info=OperationInfo(
        name="audio.waveform",
        summary="Draw the waveform of a sound.",
        parameters=_PARAMETERS,
        results={
            "duration": "Length of the whole sound, s.",
            "width": "Width of the picture, px.",
            "height": "Height of the picture, px.",
            "content_type": "Media type of the picture.",
        },
        files={"output": "The picture."},
    ),
    run=_run,
)
