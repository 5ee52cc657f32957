"""``image.thumb`` of Stupeflix (its reference, "Tasks Reference"): a picture in another size.

The reference marks neither width nor height as required, and the documentation's own example (``GET
/v2/storage/files``) gives only a url: what is not given follows from the source. Sizes are those of pictures as they
are seen, upright; ``width`` and ``height`` are of the result, after ``rotation``. Of an animation it is the first
picture.
"""

from __future__ import annotations

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameter, Parameters, Type
from ..extras import optional
from ..geometry import Size, complete, fit
from ..operation import Context, Operation, Outcome
from ..parameters import crop, picture_format, poster, size, source
from ..pictures import open_source, saved_with
from ..stills import (
    check_output_size,
    check_side,
    load_upright,
    produce_picture,
    resized,
    scaled,
    upright_size,
    with_play_icon,
)

Image = optional("PIL.Image")

_PARAMETERS = Parameters(
    (
        source("The picture."),
        *size(" of the result; the picture's own if empty."),
        crop("Fill the size and crop what exceeds it; otherwise fit inside."),
        Parameter(
            name="rotation",
            type=Type.INTEGER,
            help="How far to turn the upright picture, counter-clockwise.",
            default=0,
            choices=(0, 90, 180, 270),
            unit="°",
        ),
        poster(),
        picture_format("jpeg", "gif", "png"),
    )
)


def _sides_exchanged(size: Size) -> Size:
    return Size(size.height, size.width)


def _run(context: Context) -> Outcome:
    given, limits = context.parameters, context.limits
    is_turned_sideways = given["rotation"] in {90, 270}
    with open_source(context.input(), limits=limits) as stored:
        original = upright_size(stored)
        shown = _sides_exchanged(original) if is_turned_sideways else original
        wanted = complete(shown, given["width"], given["height"])
        if not given["crop"]:
            wanted = fit(shown, wanted)
        check_output_size(wanted, limits)
        check_side(wanted, given["format"])
        box = _sides_exchanged(wanted) if is_turned_sideways else wanted
        picture = load_upright(stored, box)
        # What was decoded small has an aspect that is rounded: the size is that of the whole picture.
        picture = resized(picture, box, crop=True) if given["crop"] else scaled(picture, box)
    if given["rotation"]:
        turns = {90: "ROTATE_90", 180: "ROTATE_180", 270: "ROTATE_270"}
        picture = picture.transpose(Image.Transpose[turns[given["rotation"]]])
    if given["poster"]:
        picture = with_play_icon(picture)
    file = produce_picture(picture, context.workdir, given["format"])
    values = {
        "width": picture.width,
        "height": picture.height,
        "original_width": original.width,
        "original_height": original.height,
    }
    return Outcome(values=values, files=(file,))


OPERATION = Operation(
    info=OperationInfo(
        name="image.thumb",
        summary="Resize, crop or rotate a picture.",
        parameters=_PARAMETERS,
        results={
            "width": "Width of the result, px.",
            "height": "Height of the result, px.",
            "original_width": "Width of the picture as seen upright, px.",
            "original_height": "Height of the picture as seen upright, px.",
        },
        files={"output": "The result."},
    ),
    run=_run,
    libraries=saved_with,
)
