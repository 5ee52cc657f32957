"""``image.face`` of Stupeflix (its documentation until February 2017): where the faces in a picture are.

The documentation gave only ``url``, and ``faces`` as an array of positions with type and confidence. The names inside
a position, the types and the scale of the confidence are not known: these here are ours.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameters
from ..extras import optional
from ..faces import Face, find_faces
from ..geometry import Size
from ..operation import Context, Operation, Outcome
from ..parameters import source
from ..pictures import open_source
from ..stills import flattened, load_upright, scaled, upright_size

np = optional("numpy")

_SEARCHED_PX = 640_000
"""A larger picture is made smaller for the search, so that its price stays the same."""


def _run(context: Context) -> Outcome:
    with open_source(context.input(), limits=context.limits) as stored:
        whole = upright_size(stored)
        size = _searched(whole)
        picture = load_upright(stored, size)
    grey = np.asarray(flattened(scaled(picture, size)).convert("L"))
    faces = find_faces(grey, threads=context.limits.threads)
    return Outcome(values={"faces": [_position(face, size, whole) for face in faces]})


def _searched(whole: Size) -> Size:
    scale = min(1.0, math.sqrt(_SEARCHED_PX / (whole.width * whole.height)))
    return Size(max(1, round(whole.width * scale)), max(1, round(whole.height * scale)))


def _position(face: Face, searched: Size, whole: Size) -> Mapping[str, Any]:
    across, down = whole.width / searched.width, whole.height / searched.height
    left, right = round(face.left * across), round((face.left + face.width) * across)
    top, bottom = round(face.top * down), round((face.top + face.height) * down)
    return {
        "x": left,
        "y": top,
        "width": right - left,
        "height": bottom - top,
        "type": face.kind,
        "confidence": round(face.confidence, 3),
    }


OPERATION = Operation(
    info=OperationInfo(
        name="image.face",
        summary="Find the faces in a picture.",
        parameters=Parameters((source("The picture."),)),
        results={
            "faces": (
                "The faces, the surest first: each with x, y, width and height in pixels of the upright picture, "
                'type ("frontal" or "profile") and confidence (0.5 to 1).'
            ),
        },
    ),
    run=_run,
)
