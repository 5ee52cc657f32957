"""``image.info`` of Stupeflix (its reference, "Tasks Reference").

``focal_length`` is in millimetres, as EXIF has it. The documentation's example ("Tasks statuses format") shows 2800 for
what can only be a lens of 28 mm: the numerator of the camera's fraction 2800/100, it seems. No other client is known to
read the field, and the reference gives no unit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameters
from ..operation import Context, Operation, Outcome
from ..parameters import source
from ..pictures import open_source
from ..stills import EXIF_ROTATIONS, content_type_of, has_alpha, stored_size

_ORIENTATION, _DATE_TIME, _EXIF = 0x0112, 0x0132, 0x8769
_DATE_TIME_ORIGINAL, _EXPOSURE_TIME, _ISO_SPEED, _FLASH, _FOCAL_LENGTH = 0x9003, 0x829A, 0x8827, 0x9209, 0x920A


def _run(context: Context) -> Outcome:
    with open_source(context.input(), limits=context.limits) as picture:
        exif = picture.getexif()
        size = stored_size(picture)
        values = {
            "content_type": content_type_of(picture),
            "type": "image",
            "width": size.width,
            "height": size.height,
            "alpha": has_alpha(picture),
            **_as_shot(exif, exif.get_ifd(_EXIF)),
        }
    return Outcome(values=values)


def _as_shot(main: Mapping[int, Any], exif: Mapping[int, Any]) -> dict[str, Any]:
    """What the camera wrote; None where it did not, or wrote nonsense."""
    orientation = main.get(_ORIENTATION)
    if orientation not in EXIF_ROTATIONS:
        orientation = None
    rotation = None if orientation is None else EXIF_ROTATIONS[orientation]
    flash = exif.get(_FLASH)
    return {
        "exif_orientation": orientation,
        "rotation": None if rotation is None else float(rotation),
        "date_time": _text(exif.get(_DATE_TIME_ORIGINAL) or main.get(_DATE_TIME)),
        # Bit 0 says that it fired; the others tell how.
        "flash": bool(flash & 1) if isinstance(flash, int) else None,
        "focal_length": _number(exif.get(_FOCAL_LENGTH)),
        "iso_speed": _number(exif.get(_ISO_SPEED)),
        "exposure_time": _number(exif.get(_EXPOSURE_TIME)),
    }


def _text(value: Any) -> str | None:
    cleaned = value.strip(" \0") if isinstance(value, str) else ""
    return cleaned[:100] or None


def _number(value: Any) -> float | None:
    if isinstance(value, tuple):
        value = value[0] if value else None
    try:
        number = float(value)
    except (TypeError, ValueError, ZeroDivisionError, OverflowError):
        return None
    return round(number, 5) if math.isfinite(number) else None


OPERATION = Operation(
    info=OperationInfo(
        name="image.info",
        summary="Tell the facts about a picture.",
        parameters=Parameters((source("The picture."),)),
        results={
            "content_type": "Media type.",
            "type": 'Always "image".',
            "width": "Width as stored, px.",
            "height": "Height as stored, px.",
            "alpha": "Whether the picture has transparency.",
            "exif_orientation": "1 to 8, or null.",
            "rotation": "Counter-clockwise degrees that show the picture as it was shot; null if it must be flipped.",
            "date_time": "When it was shot: YYYY:MM:DD hh:mm:ss, or null.",
            "flash": "Whether the flash fired, or null.",
            "focal_length": "Millimetres, or null.",
            "iso_speed": "ISO speed, or null.",
            "exposure_time": "Seconds, or null.",
        },
    ),
    run=_run,
    libraries=lambda _parameters: "pictures",
)
