"""The watermark: how large, where, and its picture made ready for ffmpeg."""

from __future__ import annotations

from .framing import Pixels
from .notation import Length
from .options import Watermark


def _side(asked: Length | None, along: int) -> int | None:
    return max(1, asked.of(along)) if asked is not None else None


def mark_size(frame: Pixels, natural: Pixels, watermark: Watermark) -> Pixels:
    """The mark's size on ``frame``: as asked, its own aspect where one side is given, and never beyond the frame."""
    width, height = _side(watermark.width, frame[0]), _side(watermark.height, frame[1])
    if width is None and height is None:
        width, height = natural
    elif height is None and width is not None:
        height = round(width * natural[1] / natural[0])
    elif width is None and height is not None:
        width = round(height * natural[0] / natural[1])
    size = (max(1, width or 1), max(1, height or 1))
    factor = min(1.0, frame[0] / size[0], frame[1] / size[1])
    return (max(1, int(size[0] * factor)), max(1, int(size[1] * factor)))


def mark_corner(frame: Pixels, size: Pixels, watermark: Watermark) -> Pixels:
    """Where the mark's upper left corner lies, always so that the whole mark is seen."""
    return (
        _offset(frame[0], size[0], watermark.left, watermark.right),
        _offset(frame[1], size[1], watermark.top, watermark.bottom),
    )


def _offset(whole: int, part: int, near: Length | None, far: Length | None) -> int:
    """The old service had 0 for all four sides where nothing was said, so a 0 never wins over a distance."""
    is_far = far is not None and (near is None or (near.value == 0 and far.value != 0))
    if is_far and far is not None:
        offset = whole - part - far.of(whole)
    else:
        offset = near.of(whole) if near is not None else 0
    return min(max(0, offset), whole - part)
