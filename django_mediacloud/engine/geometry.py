"""Fits sizes into boxes."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

HD_LINES = 720
"""From this height on, a film that does not tell its matrix is taken for BT.709, below for BT.601."""


class Size(NamedTuple):
    """Pixels."""

    width: int
    height: int


def complete(source: Size, width: int | None, height: int | None) -> Size:
    """The box that is meant: a side that is not given follows from the source's aspect; none given: the source."""
    if width and height:
        return Size(width, height)
    if width:
        return Size(width, _nearest(Fraction(width * source.height, source.width)))
    if height:
        return Size(_nearest(Fraction(height * source.width, source.height)), height)
    return source


def fit(source: Size, box: Size, *, upscale: bool = True) -> Size:
    """The largest size of the source's aspect inside ``box``. Without ``upscale`` never larger than the source.

    One side of the result is the box's own, so a box out of ``complete`` is met to the pixel."""
    if not upscale and source.width <= box.width and source.height <= box.height:
        return source
    width = _nearest(Fraction(box.height * source.width, source.height))
    height = _nearest(Fraction(box.width * source.height, source.width))
    if width == box.width or height == box.height:
        return box
    return Size(box.width, height) if height < box.height else Size(width, box.height)


def cover(source: Size, box: Size) -> Size:
    """The smallest size of the source's aspect that fills ``box``; what sticks out is cut off on both sides alike."""
    scale = max(Fraction(box.width, source.width), Fraction(box.height, source.height))
    return Size(max(box.width, _nearest(source.width * scale)), max(box.height, _nearest(source.height * scale)))


def centred(inner: Size, outer: Size) -> tuple[int, int]:
    """Left and top of ``inner`` in the middle of ``outer``; negative where it is larger."""
    return (outer.width - inner.width) // 2, (outer.height - inner.height) // 2


def _nearest(value: Fraction) -> int:
    return max(1, round(value))
