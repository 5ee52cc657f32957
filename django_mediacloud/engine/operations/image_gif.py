"""``image.gif`` of Stupeflix (its reference, "Tasks Reference"): an animated GIF of pictures.

The reference calls ``loop`` "the number of loops": it is written as FFmpeg and ImageMagick do, as the count of the
NETSCAPE block, so a GIF with ``loop`` 2 is shown once and then twice more.
"""

from __future__ import annotations

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameter, Parameters, Type
from ...core.spec import ProducedFile
from ..geometry import Size, complete
from ..gif import MAX_DELAY_CS, MAX_LOOPS, NO_LOOP, open_gif
from ..operation import Context, Operation, Outcome
from ..parameters import size, sources
from ..pictures import load_each, open_source, some_have_alpha
from ..stills import Picture, check_output_size, check_side, new_sheet, paste_section, upright_size

_NAME = "output.gif"

_PARAMETERS = Parameters(
    (
        sources("images", "The pictures, in the order in which they are shown."),
        Parameter(
            name="loop",
            type=Type.INTEGER,
            help="Number of repetitions; 0: for ever, -1: none.",
            default=0,
            minimum=NO_LOOP,
            maximum=MAX_LOOPS,
        ),
        Parameter(
            name="frame_duration",
            type=Type.NUMBER,
            help="How long each picture is shown, to 1/100 s. Browsers show what is below 0.02 s for 0.1 s.",
            default=0.1,
            minimum=0.01,
            maximum=MAX_DELAY_CS / 100,
            unit="s",
            check=lambda seconds: round(seconds, 2),
        ),
        *size("; the first picture's own if empty. The others are fitted into it."),
    )
)


def _run(context: Context) -> Outcome:
    given, limits = context.parameters, context.limits
    is_clear = some_have_alpha(context, "images")
    with open_source(context.inputs["images"][0], limits=limits) as first:
        canvas = complete(upright_size(first), given["width"], given["height"])
    check_output_size(canvas, limits)
    check_side(canvas, "gif")
    count = len(context.inputs["images"])
    path = context.workdir / _NAME
    delay_cs = round(given["frame_duration"] * 100)
    with open_gif(path, canvas, delay_cs=delay_cs, loop=given["loop"], is_clear=is_clear) as add:
        for number, picture in enumerate(load_each(context, "images", canvas)):
            add(_on_canvas(picture, canvas, is_clear=is_clear))
            context.report(100 * (number + 1) / count)
    info = {"width": canvas.width, "height": canvas.height}
    return Outcome(files=(ProducedFile(name=_NAME, content_type="image/gif", path=path, info=info),))


def _on_canvas(picture: Picture, canvas: Size, *, is_clear: bool) -> Picture:
    sheet = new_sheet(canvas, "RGBA" if is_clear else "RGB")
    paste_section(sheet, picture, (0, 0), canvas, crop=False)
    return sheet


OPERATION = Operation(
    info=OperationInfo(
        name="image.gif",
        summary="Make an animated GIF of pictures.",
        parameters=_PARAMETERS,
        files={"output": "The GIF."},
    ),
    run=_run,
)
