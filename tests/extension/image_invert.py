"""A toy operation, as it would stand in ``engine/operations/``."""

from __future__ import annotations

from django_mediacloud.core.capabilities import OperationInfo
from django_mediacloud.core.parameters import Parameter, Parameters, Type
from django_mediacloud.core.spec import ProducedFile
from django_mediacloud.engine.extras import optional
from django_mediacloud.engine.operation import Context, Operation, Outcome
from django_mediacloud.engine.stills import load_upright, open_picture, save_picture

ImageOps = optional("PIL.ImageOps")


def run(context: Context) -> Outcome:
    with open_picture(context.input(), limits=context.limits) as opened:
        picture = load_upright(opened).convert("RGB")
    path = context.workdir / "output.png"
    save_picture(ImageOps.invert(picture), path, "png", quality=context.parameters["quality"])
    file = ProducedFile(name=path.name, content_type="image/png", path=path)
    return Outcome(values={"width": picture.width, "height": picture.height}, files=(file,))


OPERATION = Operation(
    info=OperationInfo(
        name="image.invert",
        summary="The negative of a picture.",
        parameters=Parameters(
            (
                Parameter(name="url", type=Type.URL, is_required=True, help="The picture."),
                Parameter(name="quality", type=Type.INTEGER, default=80, minimum=1, maximum=95),
            )
        ),
        results={"width": "Pixels.", "height": "Pixels."},
        files={"output": "The negative."},
    ),
    run=run,
)
