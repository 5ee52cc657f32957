"""Strict JSON, for what comes from outside or goes there."""

from __future__ import annotations

import json
import math
from typing import Any


def parse_json(body: bytes | str) -> Any:
    """The value of ``body``. ``ValueError`` if it is not JSON in UTF-8, has infinite numbers, or is nested too deep."""
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
    """``value`` on one line without blanks, in UTF-8. ``ValueError`` if it holds infinite numbers or half a surrogate
    pair. With ``is_echo``, for values that go back to the client who sent them, the latter is escaped (``\\ud800``).
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return text.encode(errors="backslashreplace" if is_echo else "strict")
