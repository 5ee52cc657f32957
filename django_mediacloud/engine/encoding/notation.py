"""Parses times, lengths and frame offsets as the old service writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_CLOCK = re.compile(r"(?:(?:(?P<hours>\d{1,4}):)?(?P<minutes>\d{1,4}):)?(?P<seconds>\d{1,9}(?:\.\d{1,9})?)s?")
_LENGTH = re.compile(r"(?P<value>-?\d{1,6}(?:\.\d{1,4})?)\s*(?P<unit>px|%)?")
_MOMENT = re.compile(r"(?P<value>\d{1,9}(?:\.\d{1,6})?)\s*(?P<unit>s|f)?")


def parse_clock(text: str) -> float:
    """Seconds of ``"00:20:00"``, ``"1:30"``, ``"12.5"`` or ``"12.5s"``. ValueError with the message otherwise."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        raise ValueError('must be seconds or a time such as "00:20:00"')
    parts = {name: float(value or 0) for name, value in match.groupdict().items()}
    return parts["hours"] * 3600 + parts["minutes"] * 60 + parts["seconds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """A distance or size: pixels, or percent of the side that it lies along."""

    value: float
    is_percent: bool = False

    def of(self, total_px: int) -> int:
        """In pixels, where the side is ``total_px`` long."""
        return round(total_px * self.value / 100) if self.is_percent else round(self.value)


def parse_length(text: str) -> Length:
    """``"10"``, ``"10px"`` or ``"5%"``. ValueError with the message otherwise."""
    match = _LENGTH.fullmatch(text.strip())
    if match is None:
        raise ValueError('must be pixels or percent such as "10" or "5%"')
    return Length(value=float(match["value"]), is_percent=match["unit"] == "%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A time in the film: seconds, or a number of frames counted from 0."""

    value: float
    is_frames: bool = False

    def seconds(self, frame_rate: float | None) -> float:
        """On the film's time line. A source of unknown rate counts as 25 frames per second."""
        return self.value / (frame_rate or 25.0) if self.is_frames else self.value


def parse_moment(text: str) -> Moment:
    """``"10s"``, ``"250f"`` or ``"10"`` (seconds). ValueError with the message otherwise."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        raise ValueError('must be seconds or frames such as "10s" or "250f"')
    return Moment(value=float(match["value"]), is_frames=match["unit"] == "f")


def parse_moments(text: str) -> tuple[Moment, ...]:
    """``"2s, 10s, 250f"``. ValueError with the message if an entry is no moment."""
    return tuple(parse_moment(part) for part in text.split(",") if part.strip())
