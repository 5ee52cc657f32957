"""``image.strip`` of Stupeflix (its reference, "Tasks Reference"): pictures side by side in one."""

from __future__ import annotations

import math

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameters
from ..geometry import Size
from ..operation import Context, Operation, Outcome
from ..parameters import crop, picture_format, required_size, sources, wrap
from ..pictures import load_each, saved_with, some_have_alpha
from ..stills import check_output_size, check_side, new_sheet, paste_section, produce_picture

_PARAMETERS = Parameters(
    (
        sources("urls", "The pictures, in their order."),
        *required_size(" of each picture in the strip."),
        crop("Fill the sections and crop what exceeds them; otherwise fit inside."),
        wrap("Pictures in a row; all in one if empty."),
        picture_format("jpeg", "png"),
    )
)


def _run(context: Context) -> Outcome:
    given = context.parameters
    section = Size(given["width"], given["height"])
    count = len(context.inputs["urls"])
    columns = min(given["wrap"] or count, count)
    size = Size(columns * section.width, math.ceil(count / columns) * section.height)
    check_output_size(size, context.limits)
    check_side(size, given["format"])
    is_clear = some_have_alpha(context, "urls") and given["format"] == "png"

    strip = new_sheet(size, "RGBA" if is_clear else "RGB")
    for number, picture in enumerate(load_each(context, "urls", section)):
        row, column = divmod(number, columns)
        corner = (column * section.width, row * section.height)
        paste_section(strip, picture, corner, section, crop=given["crop"])
        context.report(100 * (number + 1) / count)
    file = produce_picture(strip, context.workdir, given["format"])
    values = {"count": count, "width": size.width, "height": size.height, "content_type": file.content_type}
    return Outcome(values=values, files=(file,))


OPERATION = Operation(
    info=OperationInfo(
        name="image.strip",
        summary="Put many pictures side by side in one.",
        parameters=_PARAMETERS,
        results={
            "count": "Pictures in the strip.",
            "width": "Width of the strip, px.",
            "height": "Height of the strip, px.",
            "content_type": "Media type of the strip.",
        },
        files={"output": "The strip."},
    ),
    run=_run,
    libraries=saved_with,
)
