"""Writes TOML; reading it is Python's own ``tomllib``, which gives back what was written here."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any

_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")


def write_table(path: tuple[str, ...], values: Mapping[str, Any]) -> str:
    """``[path]`` and a line for each value, in their order. ValueError for what TOML cannot say (nothing, NaN)."""
    lines = [f"[{'.'.join(_key(part) for part in path)}]"]
    lines += [f"{_key(name)} = {_value(value)}" for name, value in values.items()]
    return "\n".join(lines) + "\n"


def _key(name: str) -> str:
    return name if _BARE_KEY.fullmatch(name) else _string(name)


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return repr(value)
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(_value(item) for item in value)}]"
    if isinstance(value, Mapping):
        inner = ", ".join(f"{_key(name)} = {_value(item)}" for name, item in value.items())
        return f"{{ {inner} }}" if inner else "{}"
    raise ValueError(f"TOML has no word for {value!r}")


def _string(text: str) -> str:
    """A basic string. JSON's escapes are among TOML's; the one control character that JSON leaves alone is not."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
