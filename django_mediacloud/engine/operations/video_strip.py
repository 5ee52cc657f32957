"""``video.strip`` of Stupeflix (its reference, "Tasks Reference"): frames of a film side by side in one picture."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from ...core.capabilities import OperationInfo
from ...core.media import MediaInfo
from ...core.parameters import Parameter, Parameters, Type
from ...exceptions import UnsupportedMedia
from ..frames import frame_at, frames_at
from ..geometry import Size, complete
from ..operation import Context, Operation, Outcome
from ..parameters import crop, moment, picture_format, size, source, wrap
from ..probe import probe_film
from ..stills import check_output_size, new_sheet, paste_section, produce_picture


def _together(values: Mapping[str, Any]) -> dict[str, list[str]]:
    end = values.get("end")
    if end is not None and end < values["start"]:
        return {"end": ["must not be before start"]}
    return {}


_PARAMETERS = Parameters(
    (
        source("The film."),
        *size(" of each frame; the film's own if empty."),
        crop("Fill the sections and crop what exceeds them; otherwise fit inside."),
        wrap("Frames in a row; all in one if empty."),
        moment("start", "Time of the first frame.", 0.0),
        moment("end", "Time of the last frame; the film's last if empty."),
        Parameter(
            name="count",
            type=Type.INTEGER,
            help="Number of frames, equally spaced.",
            default=10,
            minimum=1,
            maximum=1_000,
        ),
        picture_format("jpeg", "png"),
    ),
    _together,
)


def _last_frame_s(context: Context, info: MediaInfo) -> float:
    """When the film's last frame begins: sound may go on for long after it."""
    length_s = info.duration_s or 0.0
    if info.audio is not None:
        return frame_at(context.input(), length_s, limits=context.limits).time_s
    rate = info.video.frame_rate if info.video is not None else None
    return max(0.0, length_s - 1 / (rate or 25.0))


def _times(context: Context, info: MediaInfo) -> list[float]:
    """Equally spaced from start to end; the film's last frame stands for anything behind it."""
    given = context.parameters
    length_s = info.duration_s or 0.0
    start_s = given["start"]
    if start_s > length_s:
        raise UnsupportedMedia(
            f"The film is only {length_s:.1f} s long, so no strip can start at {start_s:g} s.",
            advice="Ask for an earlier start.",
        )
    last_s = _last_frame_s(context, info)
    end_s = max(start_s, last_s if given["end"] is None else min(given["end"], last_s))
    step_s = (end_s - start_s) / max(1, given["count"] - 1)
    return [start_s + number * step_s for number in range(given["count"])]


def _draw(context: Context, times: Sequence[float], section: Size, columns: int, size: Size) -> Any:
    given = context.parameters
    strip: Any = None
    for number, frame in enumerate(frames_at(context.input(), times, limits=context.limits)):
        if strip is None:
            strip = new_sheet(size, frame.picture.mode if given["format"] == "png" else "RGB")
        row, column = divmod(number, columns)
        corner = (column * section.width, row * section.height)
        paste_section(strip, frame.picture, corner, section, crop=given["crop"])
        context.report(100 * (number + 1) / len(times))
    return strip


def _run(context: Context) -> Outcome:
    given, limits = context.parameters, context.limits
    info = probe_film(context.input(), limits=limits)
    original = Size(*(info.display_size or (0, 0)))
    section = complete(original, given["width"], given["height"])
    times = _times(context, info)
    columns = min(given["wrap"] or len(times), len(times))
    size = Size(columns * section.width, math.ceil(len(times) / columns) * section.height)
    check_output_size(size, limits)

    strip = _draw(context, times, section, columns, size)
    file = produce_picture(strip, context.workdir, given["format"])
    values = {
        "count": len(times),
        "width": size.width,
        "height": size.height,
        "original_width": original.width,
        "original_height": original.height,
        "duration": info.duration_s,
        "frame_rate": info.video.frame_rate if info.video is not None else None,
        "content_type": file.content_type,
    }
    return Outcome(values=values, files=(file,), source_s=info.duration_s)


OPERATION = Operation(
    info=OperationInfo(
        name="video.strip",
        summary="Put many frames of a film side by side in one picture.",
        parameters=_PARAMETERS,
        results={
            "count": "Frames in the picture.",
            "width": "Width of the picture, px.",
            "height": "Height of the picture, px.",
            "original_width": "Width of the film as shown, px.",
            "original_height": "Height of the film as shown, px.",
            "duration": "Length of the film, s.",
            "frame_rate": "Frames per second of the film.",
            "content_type": "Media type of the picture.",
        },
        files={"output": "The picture."},
    ),
    run=_run,
)
