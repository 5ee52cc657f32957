"""How the source's picture is fitted into the output's frame, by aspect mode. Every side of a film's frame is even.

Chroma of ``yuv420p`` is stored for squares of four pixels, so H.264 in that format cannot have an odd side.
Still pictures may (``step`` 1).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

Pixels = tuple[int, int]
"""Width and height."""
_NO_CEILING = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """The picture is scaled to ``scaled``, its middle ``cropped`` is kept, and laid in the middle of ``size``."""

    scaled: Pixels
    cropped: Pixels
    size: Pixels


def _down(value: Fraction | int, step: int) -> int:
    return max(step, int(value) // step * step)


def _near(value: Fraction | int, step: int) -> int:
    return max(step, round(Fraction(value) / step) * step)


def _up(value: Fraction | int, step: int) -> int:
    return max(step, -(-Fraction(value) // step) * step)


def _box_of(source: Pixels, width: int | None, height: int | None) -> tuple[Fraction, Fraction]:
    source_width, source_height = source
    if width and height:
        return Fraction(width), Fraction(height)
    if width:
        return Fraction(width), Fraction(width * source_height, source_width)
    if height:
        return Fraction(height * source_width, source_height), Fraction(height)
    return Fraction(source_width), Fraction(source_height)


def frame_picture(
    source: Pixels, *, width: int | None, height: int | None, aspect_mode: str, is_upscaled: bool, step: int = 2
) -> Framing:
    """How a picture of ``source`` (upright, square pixels) comes into a frame of ``width`` by ``height``.

    Without ``is_upscaled`` a picture smaller than the frame keeps its size, and the frame shrinks with its aspect kept.
    The modes are those of the old service (its documentation, "Aspect Modes"): ``letterbox`` has bars above and below
    only, ``pad`` on any side; ``center`` never scales; ``fill`` and ``crop`` are one.
    Every side is a multiple of ``step``.
    """
    if aspect_mode == "preserve":
        kept = (_down(source[0], step), _down(source[1], step))
        return Framing(scaled=kept, cropped=kept, size=kept)
    box = _box_of(source, width, height)
    if aspect_mode == "center":
        frame = (_down(box[0], step), _down(box[1], step))
        kept = (_down(source[0], step), _down(source[1], step))
        return Framing(scaled=kept, cropped=(min(kept[0], frame[0]), min(kept[1], frame[1])), size=frame)
    factors = (box[0] / source[0], box[1] / source[1])
    is_fit = aspect_mode in {"constrain", "letterbox", "pad"}
    factor = min(factors) if is_fit else max(factors)
    if factor > 1 and not is_upscaled:
        box, factor = (box[0] / factor, box[1] / factor), Fraction(1)
    ceiling = (_NO_CEILING, _NO_CEILING) if is_upscaled else (_down(source[0], step), _down(source[1], step))
    if is_fit:
        return _fitted(source, box, factor, ceiling, aspect_mode, step)
    frame = (min(_down(box[0], step), ceiling[0]), min(_down(box[1], step), ceiling[1]))
    if aspect_mode == "stretch":
        return Framing(scaled=frame, cropped=frame, size=frame)
    scaled = tuple(
        max(frame_side, min(_up(side * factor, step), most))
        for side, frame_side, most in zip(source, frame, ceiling, strict=True)
    )
    return Framing(scaled=(scaled[0], scaled[1]), cropped=frame, size=frame)


def _fitted(
    source: Pixels, box: tuple[Fraction, Fraction], factor: Fraction, ceiling: Pixels, aspect_mode: str, step: int
) -> Framing:
    sides = [
        min(_near(side * factor, step), _down(box_side, step), most)
        for side, box_side, most in zip(source, box, ceiling, strict=True)
    ]
    scaled = (sides[0], sides[1])
    width, height = scaled
    if aspect_mode in {"letterbox", "pad"}:
        height = max(height, _down(box[1], step))
    if aspect_mode == "pad":
        width = max(width, _down(box[0], step))
    return Framing(scaled=scaled, cropped=scaled, size=(width, height))


def is_portrait(size: Pixels) -> bool:
    return size[1] > size[0]
