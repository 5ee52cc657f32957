"""Parameters that many operations share, so that each is declared alike everywhere."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..core.parameters import Parameter, Type

MAX_SIDE_PX = 16_384
MAX_IN_A_ROW = 1_000
MAX_TIME_S = 1_000_000_000
"""Thirty years: nothing is as long, and clocks can count it."""


def source(help: str) -> Parameter:
    """The file that the operation works on: ``context.input()``."""
    return Parameter(name="url", type=Type.URL, help=help, is_required=True)


def sources(name: str, help: str) -> Parameter:
    """The files that the operation works on, at least one: ``context.inputs[name]``."""
    return Parameter(name=name, type=Type.URLS, help=help, is_required=True, check=_some)


def _some(items: Any) -> Any:
    if not items:
        raise ValueError("must have at least 1 item")
    return items


def size(help: str) -> tuple[Parameter, Parameter]:
    """``width`` and ``height`` in pixels, both optional; ``help`` goes on after "Width" or "Height"."""
    width, height = (
        Parameter(name=name, type=Type.INTEGER, help=f"{word}{help}", minimum=1, maximum=MAX_SIDE_PX, unit="px")
        for name, word in (("width", "Width"), ("height", "Height"))
    )
    return width, height


def required_size(help: str) -> tuple[Parameter, Parameter]:
    """As ``size``, both required."""
    width, height = (replace(side, is_required=True) for side in size(help))
    return width, height


def crop(help: str) -> Parameter:
    """Whether the size is filled, or fitted into."""
    return Parameter(name="crop", type=Type.BOOLEAN, help=help, default=False)


def picture_format(*choices: str) -> Parameter:
    """``format`` of a picture; the first of ``choices`` is the default."""
    return Parameter(name="format", type=Type.STRING, help="Picture format.", default=choices[0], choices=choices)


def poster() -> Parameter:
    return Parameter(name="poster", type=Type.BOOLEAN, help="Draw a play icon in the middle.", default=False)


def moment(name: str, help: str, default_s: float | None = None) -> Parameter:
    """A time in the source."""
    return Parameter(name=name, type=Type.NUMBER, help=help, default=default_s, minimum=0, maximum=MAX_TIME_S, unit="s")


def wrap(help: str) -> Parameter:
    """How many pictures stand in a row of a strip."""
    return Parameter(name="wrap", type=Type.INTEGER, help=help, minimum=1, maximum=MAX_IN_A_ROW)


def h264(bitrate_help: str, bitrate_kbps: int | None = None) -> tuple[Parameter, ...]:
    """How H.264 is encoded: ``video_codec``, ``video_bitrate`` with its default, ``crf`` and ``gop``."""
    return (
        Parameter(
            name="video_codec", type=Type.STRING, help="Codec of the picture.", default="h264", choices=("h264",)
        ),
        Parameter(
            name="video_bitrate",
            type=Type.INTEGER,
            help=bitrate_help,
            default=bitrate_kbps,
            minimum=1,
            maximum=200_000,
            unit="kb/s",
        ),
        Parameter(
            name="crf",
            type=Type.INTEGER,
            help="Constant quality: lower is better.",
            default=23,
            minimum=0,
            maximum=51,
        ),
        Parameter(
            name="gop",
            type=Type.INTEGER,
            help="Maximum number of frames from one key frame to the next.",
            default=250,
            minimum=1,
            maximum=100_000,
            unit="frames",
        ),
    )
