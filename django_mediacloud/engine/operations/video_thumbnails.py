"""``video.thumbnails``: pictures of a film at times, or so many of them, or one at every interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.capabilities import OperationInfo
from ...core.media import MediaInfo
from ...core.parameters import Parameter, Parameters, Type
from ...core.spec import Kind
from ..encoding.framing import frame_picture
from ..encoding.notation import parse_moment, parse_moments
from ..encoding.parameters import ASPECT_MODES, MAX_SIDE_PX
from ..encoding.pictures import (
    FORMATS,
    MAX_PICTURES,
    Wanted,
    film_length_s,
    save_pictures,
    spread_times,
    take_pictures,
    times_at,
    times_every,
)
from ..operation import Context, Operation, Outcome
from ..probe import probe

_DEFAULT_COUNT = 7
_CHOICES = ("frame_count", "frame_offsets", "frame_interval")


def _check_offsets(value: str) -> str:
    moments = parse_moments(value)
    if not moments or len(moments) > MAX_PICTURES:
        raise ValueError(f"must be 1 to {MAX_PICTURES} offsets")
    return value


def _check_interval(value: str) -> str:
    if parse_moment(value).value <= 0:
        raise ValueError("must be more than 0")
    return value


def _check_together(values: Mapping[str, Any]) -> dict[str, list[str]]:
    given = [name for name in _CHOICES if values.get(name)]
    return {name: [f"does not go together with {given[0]}"] for name in given[1:]}


_PARAMETERS = Parameters(
    (
        Parameter(name="url", type=Type.URL, help="The film.", is_required=True),
        Parameter(
            name="frame_count",
            type=Type.INTEGER,
            help=f"Number of pictures, evenly spaced; {_DEFAULT_COUNT} if nothing is given.",
            minimum=1,
            maximum=MAX_PICTURES,
        ),
        Parameter(
            name="frame_offsets",
            type=Type.STRING,
            help='Times or frame numbers of the pictures: "2s, 10s, 250f".',
            check=_check_offsets,
        ),
        Parameter(
            name="frame_interval",
            type=Type.STRING,
            help='Time or number of frames from one picture to the next: "10s" or "1000f".',
            check=_check_interval,
        ),
        Parameter(
            name="width", type=Type.INTEGER, help="Width of the frame.", minimum=1, maximum=MAX_SIDE_PX, unit="px"
        ),
        Parameter(
            name="height", type=Type.INTEGER, help="Height of the frame.", minimum=1, maximum=MAX_SIDE_PX, unit="px"
        ),
        Parameter(
            name="aspect_mode",
            type=Type.STRING,
            help="How the picture is fitted into the frame.",
            default="constrain",
            choices=ASPECT_MODES,
        ),
        Parameter(name="upscale", type=Type.BOOLEAN, help="Enlarge a picture smaller than the frame.", default=False),
        Parameter(name="format", type=Type.STRING, help="Format of pictures.", default="jpeg", choices=tuple(FORMATS)),
    ),
    _check_together,
)


def _times(info: MediaInfo, values: Mapping[str, Any]) -> list[float]:
    if values.get("frame_offsets"):
        return times_at(info, parse_moments(values["frame_offsets"]))
    if values.get("frame_interval"):
        return times_every(info, parse_moment(values["frame_interval"]))
    return spread_times(info, values.get("frame_count") or _DEFAULT_COUNT)


def _run(context: Context) -> Outcome:
    values = context.parameters
    info = probe(context.input("url"), limits=context.limits)
    length_s = film_length_s(info)
    framing = frame_picture(
        info.display_size or (1, 1),
        width=values["width"],
        height=values["height"],
        aspect_mode=values["aspect_mode"],
        is_upscaled=values["upscale"],
        step=1,
    )
    wanted = Wanted(stem="thumbnail", role="thumbnail", format=values["format"], framing=framing)
    files = save_pictures(context, take_pictures(context, context.input("url"), _times(info, values)), wanted)
    return Outcome(
        values={
            "count": len(files),
            "times": [file.info["time_s"] for file in files],
            "width": framing.size[0],
            "height": framing.size[1],
            "duration": round(length_s, 3),
            "mime_type": files[0].content_type,
            "file_size": sum(file.path.stat().st_size for file in files if file.path is not None),
        },
        files=files,
        source_s=length_s,
    )


OPERATION = Operation(
    info=OperationInfo(
        name="video.thumbnails",
        summary="Take pictures of a film, at given times or evenly spaced.",
        parameters=_PARAMETERS,
        results={
            "count": "How many pictures.",
            "times": "Seconds at which they were taken.",
            "width": "Width of each, px.",
            "height": "Height of each, px.",
            "duration": "Seconds of the film.",
            "mime_type": "Content type of the pictures.",
            "file_size": "Bytes of all pictures.",
        },
        files={"thumbnail": "The pictures, in the order of their times."},
        kinds=frozenset({Kind.ENCODING, Kind.PROCESS, Kind.TASK}),
    ),
    run=_run,
)
