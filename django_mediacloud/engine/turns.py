"""The rotation and mirroring of a film's frames, from the container's display matrix."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Any

_MATRIX = struct.Struct("=9i")


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """First the turn, counter-clockwise, then left and right are exchanged: who leaves the second out sees a mirrored
    picture, but an upright one."""

    rotation_deg: int = 0
    """0, 90, 180 or 270."""
    is_mirrored: bool = False


def turn_of_frame(frame: Any) -> Turn:
    """What ``frame`` (of PyAV) carries; angles between are brought to the nearest. No turn where it carries none."""
    data = frame.side_data.get("DISPLAYMATRIX")
    if data is None or len(bytes(data)) < _MATRIX.size:
        return Turn()
    # Right goes to (a, b) and down to (c, d), in a picture whose y grows downwards.
    a, b, _, c, d, *_ = _MATRIX.unpack_from(bytes(data))
    is_mirrored = a * d - b * c < 0
    angle_deg = math.degrees(math.atan2(-b, -a if is_mirrored else a))
    return Turn(rotation_deg=round(angle_deg / 90) * 90 % 360, is_mirrored=is_mirrored)
