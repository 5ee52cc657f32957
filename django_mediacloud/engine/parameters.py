"""Parameters that many operations share, so that each is declared alike everywhere."""

from __future__ import annotations

from ..core.parameters import Parameter, Type

MAX_SIDE_PX = 16_384


def source(help: str) -> Parameter:
    """The file that the operation works on: ``context.input()``."""
    return Parameter(name="url", type=Type.URL, help=help, is_required=True)


def size(help: str) -> tuple[Parameter, Parameter]:
    """``width`` and ``height`` in pixels, both optional; ``help`` goes on after "Width" or "Height"."""
    width, height = (
        Parameter(name=name, type=Type.INTEGER, help=f"{word}{help}", minimum=1, maximum=MAX_SIDE_PX, unit="px")
        for name, word in (("width", "Width"), ("height", "Height"))
    )
    return width, height


def crop(help: str) -> Parameter:
    """Whether the size is filled, or fitted into."""
    return Parameter(name="crop", type=Type.BOOLEAN, help=help, default=False)


def picture_format(*choices: str) -> Parameter:
    """``format`` of a picture; the first of ``choices`` is the default."""
    return Parameter(name="format", type=Type.STRING, help="Kind of picture.", default=choices[0], choices=choices)
