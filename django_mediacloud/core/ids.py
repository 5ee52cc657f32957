"""Public ids: one UUID, in the notation of each protocol."""

from __future__ import annotations

import base64
import uuid


def as_hex32(value: uuid.UUID) -> str:
    """32 lower-case hex digits, as Telestream Cloud spells its ids."""
    return value.hex


def as_base32(value: uuid.UUID) -> str:
    """26 characters of ``A-Z2-7``: base32 without padding, as Stupeflix spells its task keys."""
    return base64.b32encode(value.bytes).decode("ascii").rstrip("=")


def parse_id(text: str) -> uuid.UUID:
    """The UUID behind any of the spellings above, or the usual one with dashes. ValueError if it is none."""
    if len(text) == 26:
        try:
            return uuid.UUID(bytes=base64.b32decode(text.upper() + "======"))
        except ValueError as error:
            raise ValueError(f"not an id: {text!r}") from error
    return uuid.UUID(text)
