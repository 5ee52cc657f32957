"""``video.thumb`` of Stupeflix (its reference, "Tasks Reference"): one frame as a picture."""

from __future__ import annotations

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameter, Parameters, Type
from ...exceptions import UnsupportedMedia
from ..frames import frame_at
from ..geometry import Size, complete
from ..operation import Context, Operation, Outcome
from ..parameters import crop, moment, picture_format, poster, size, source
from ..probe import probe_film
from ..stills import check_output_size, produce_picture, resized, with_play_icon

_PARAMETERS = Parameters(
    (
        source("The film."),
        *size("; the film's own if empty."),
        crop("Fill the size and crop what exceeds it; otherwise fit inside."),
        moment("time", "Time of the frame.", 0.0),
        picture_format("jpeg", "png"),
        poster(),
        Parameter(name="quality", type=Type.INTEGER, help="Quality of a JPEG.", default=75, minimum=1, maximum=95),
    )
)


def _run(context: Context) -> Outcome:
    given, limits = context.parameters, context.limits
    film = context.input()
    info = probe_film(film, limits=limits)
    original = Size(*(info.display_size or (0, 0)))
    box = complete(original, given["width"], given["height"])
    check_output_size(box, limits)
    frame = frame_at(film, given["time"], limits=limits)
    length_s = info.duration_s or frame.time_s
    if frame.is_past_end and given["time"] > length_s:
        raise UnsupportedMedia(
            f"The film is only {length_s:.1f} s long, so it has no picture at {given['time']:g} s.",
            advice="Ask for an earlier time.",
        )
    picture = resized(frame.picture, box, crop=given["crop"])
    if given["poster"]:
        picture = with_play_icon(picture)
    file = produce_picture(picture, context.workdir, given["format"], quality=given["quality"])
    values = {
        "width": picture.width,
        "height": picture.height,
        "original_width": original.width,
        "original_height": original.height,
        "duration": info.duration_s,
        "content_type": file.content_type,
    }
    return Outcome(values=values, files=(file,), source_s=info.duration_s)


OPERATION = Operation(
    info=OperationInfo(
        name="video.thumb",
        summary="Take one frame of a film as a picture.",
        parameters=_PARAMETERS,
        results={
            "width": "Width of the picture, px.",
            "height": "Height of the picture, px.",
            "original_width": "Width of the film as shown, px.",
            "original_height": "Height of the film as shown, px.",
            "duration": "Length of the film, s.",
            "content_type": "Media type of the picture.",
        },
        files={"output": "The picture."},
    ),
    run=_run,
)
