"""JSON as strangers send it: read without surprises, written so that everybody can read it."""

from __future__ import annotations

import json
import math
from typing import Any


def parse_json(body: bytes | str) -> Any:
    """What ``body`` says. ``ValueError`` if it is not JSON in UTF-8; infinite numbers and hostile depth are none."""
    try:
        text = body.decode("utf-8-sig") if isinstance(body, bytes) else body
        return json.loads(text, parse_constant=_refuse, parse_float=_finite)
    except RecursionError:
        raise ValueError("it is nested too deep") from None


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is not a number")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def render_json(value: Any, *, is_echo: bool = False) -> bytes:
    """One line without blanks, in UTF-8. ``ValueError`` for what JSON cannot say (infinite numbers), and for half a
    surrogate pair, which UTF-8 cannot say. With ``is_echo`` that goes back as a stranger sent it: as ``\\ud800``.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode(errors="backslashreplace" if is_echo else "strict")
