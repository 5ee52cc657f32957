"""``image.smartcrop`` of Stupeflix (its documentation of 2014): the parts of a picture that are worth showing.

The documentation gave the parameters with their defaults, and ``points`` as what comes out, and no more. What they mean
here is ours: boxes of one size are laid over the picture in steps, and the best are given, each as the corners that
Pillow's ``crop`` takes. ``diag_ratio`` 1 with ``boxes_number`` 1 is the best cut of that aspect as large as can be.

A box is worth the mean of what smartcrop (the library) finds interesting in it: edges, and colours of skin and
saturated ones where there are edges. It knows no faces: a bright flag may win over one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameter, Parameters, Type
from ..extras import optional
from ..geometry import Size, fit
from ..operation import Context, Operation, Outcome
from ..parameters import source
from ..pictures import open_source
from ..stills import flattened, load_upright, scaled, upright_size

np = optional("numpy")
smartcrop = optional("smartcrop")

_SEARCHED = Size(512, 512)
"""Details that are lost in this box do not count."""
_SHARED = 0.5
"""Boxes that have more of themselves in common show the same."""

_PARAMETERS = Parameters(
    (
        source("The picture."),
        Parameter(
            name="aspect_ratio",
            type=Type.NUMBER,
            help="Width of a box, divided by its height.",
            default=16 / 9,
            minimum=0.01,
            maximum=100,
        ),
        Parameter(
            name="boxes_number",
            type=Type.INTEGER,
            help="How many boxes at most.",
            default=10,
            minimum=1,
            maximum=1_000,
        ),
        Parameter(
            name="step_ratio",
            type=Type.NUMBER,
            help="How far apart the boxes are tried, as a part of the picture's width and height.",
            default=0.03,
            minimum=0.01,
            maximum=1,
        ),
        Parameter(
            name="diag_ratio",
            type=Type.NUMBER,
            help="Diagonal of a box, as a part of the picture's; smaller where the box would not fit.",
            default=0.3,
            minimum=0.01,
            maximum=1,
        ),
        Parameter(
            name="reverse",
            type=Type.BOOLEAN,
            help="The least interesting boxes, for what is laid over the picture.",
            default=False,
        ),
    )
)


def _run(context: Context) -> Outcome:
    given = context.parameters
    with open_source(context.input(), limits=context.limits) as stored:
        whole = upright_size(stored)
        searched = fit(whole, _SEARCHED, upscale=False)
        picture = load_upright(stored, searched)
    totals = _running_totals(flattened(scaled(picture, searched)))
    box = _box(whole, given["aspect_ratio"], given["diag_ratio"])
    corners = _corners(whole, box, given["step_ratio"])
    means = _means(totals, corners, box, whole)
    chosen = _apart(corners[_ranks(means, corners, box, whole, given["reverse"])], box, given["boxes_number"])
    return Outcome(values={"points": [[left, top, left + box.width, top + box.height] for left, top in chosen]})


def _running_totals(picture: Any) -> Any:
    """The interest of all pixels above and left of each corner between pixels: (height + 1) x (width + 1)."""
    features = smartcrop.SmartCrop()
    interest = features.precompute_features(features.prepare_features_image(picture))
    # Pillow's filters leave the outermost pixels as they are, and the library takes their brightness for an edge.
    interest[[0, -1], :] = interest[:, [0, -1]] = 0
    return np.pad(interest.astype(np.float64).cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))


def _box(whole: Size, aspect: float, diagonal: float) -> Size:
    height = diagonal * math.hypot(*whole) / math.hypot(aspect, 1)
    height = min(height, whole.height, whole.width / aspect)
    return Size(
        min(whole.width, max(1, round(height * aspect))),
        min(whole.height, max(1, round(height))),
    )


def _corners(whole: Size, box: Size, step: float) -> Any:
    """Left and top of every box that is tried: n x 2. The far edges are reached, whatever the step."""
    lefts, tops = (
        np.unique(np.append(np.arange(0, side - part, max(1.0, side * step)), side - part).astype(int))
        for side, part in zip(whole, box, strict=True)
    )
    return np.stack(np.meshgrid(lefts, tops), axis=-1).reshape(-1, 2)


def _means(totals: Any, corners: Any, box: Size, whole: Size) -> Any:
    cells = np.array([totals.shape[1] - 1, totals.shape[0] - 1])
    first = np.minimum((corners * cells / np.array(whole)).astype(int), cells - 1)
    last = np.clip(np.rint((corners + np.array(box)) * cells / np.array(whole)).astype(int), first + 1, cells)
    (left, top), (right, bottom) = first.T, last.T
    sums = totals[bottom, right] - totals[top, right] - totals[bottom, left] + totals[top, left]
    return sums / ((right - left) * (bottom - top))


def _ranks(means: Any, corners: Any, box: Size, whole: Size, is_reversed: bool) -> Any:
    """Of equals, the one nearest to the middle first: a plain picture is best in its middle."""
    away = np.hypot(*(corners + np.array(box) / 2 - np.array(whole) / 2).T)
    # What differs by the rounding of sums only is equal.
    worth = np.round(means, 9)
    return np.lexsort((away, worth if is_reversed else -worth))


def _apart(corners: Any, box: Size, count: int) -> Sequence[tuple[int, int]]:
    """The first ``count`` of which no two share more than half of their area."""
    chosen: list[tuple[int, int]] = []
    while len(corners) and len(chosen) < count:
        chosen.append((int(corners[0, 0]), int(corners[0, 1])))
        shared = np.clip(np.array(box) - abs(corners - corners[0]), 0, None).prod(axis=1)
        corners = corners[shared <= _SHARED * box.width * box.height]
    return chosen


OPERATION = Operation(
    info=OperationInfo(
        name="image.smartcrop",
        summary="Find the parts of a picture that are worth showing.",
        parameters=_PARAMETERS,
        results={
            "points": (
                "The boxes, the most interesting first (the least, if reversed), no two with more than half in common: "
                "each [left, top, right, bottom] in pixels of the upright picture."
            ),
        },
    ),
    run=_run,
)
