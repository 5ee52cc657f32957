"""Collects and merges the media found on a page."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields, replace
from typing import Any

MAX_HITS = 1000
"""Of each kind that are told of one page."""
MAX_REFERENCES = 100_000
"""Addresses that are looked at on one page."""
MAX_TEXT_CHARS = 500

_MAX_SIDE_PX = 100_000
_SIZE = re.compile(r"\s*([0-9]{1,6})(?:\.[0-9]+)?\s*(?:px)?\s*", re.IGNORECASE)
_DURATION = re.compile(
    r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?", re.IGNORECASE
)
_SECONDS = re.compile(r"\s*\d{1,9}(?:\.\d{1,6})?\s*")
# No database takes NUL everywhere, and none a surrogate.
_UNFIT = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")


def plain(text: str | None, max_chars: int = MAX_TEXT_CHARS) -> str | None:
    """Text for people: on one line, without control characters, cut to ``max_chars``; None if nothing is left."""
    # Cut first, so that a book in an attribute costs nothing.
    words = _UNFIT.sub("", (text or "")[: max_chars * 20]).split()
    return " ".join(words)[:max_chars].rstrip() or None


def pixels(value: object) -> int | None:
    """``640``, ``"640"``, ``"640px"`` as a number of pixels; None for ``"100%"`` and all that is no size."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    found = _SIZE.fullmatch(value if isinstance(value, str) else str(value)[:40])
    number = int(found[1]) if found else 0
    return number if 0 < number <= _MAX_SIDE_PX else None


def seconds(value: object) -> float | None:
    """``93``, ``"93.5"`` or ``"PT1M33S"`` (ISO 8601) in seconds."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value)[:40].strip()
    if _SECONDS.fullmatch(text):
        return float(text) or None
    found = _DURATION.fullmatch(text)
    if not found:
        return None
    days, hours, minutes, rest = (float(part or 0) for part in found.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + rest or None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One medium, as one place of the page tells of it. ``kind`` is ``image``, ``video`` or ``audio``."""

    kind: str
    url: str
    source: str
    type: str | None = None
    width: int | None = None
    height: int | None = None
    duration: float | None = None
    title: str | None = None
    content_type: str | None = None
    provider: str | None = None
    provider_id: str | None = None
    thumbnail: str | None = None


_FIELDS = {
    "image": ("url", "width", "height", "title", "content_type", "source"),
    "video": (
        "url", "type", "width", "height", "duration", "title", "content_type",
        "provider", "provider_id", "thumbnail", "source",
    ),
    "audio": ("url", "type", "duration", "title", "content_type", "provider", "provider_id", "source"),
}  # fmt: skip
_GROUPS = {"image": "images", "video": "videos", "audio": "audio"}
_SIZES = frozenset({"width", "height"})


class Hits:
    """Everything found so far: each address once for its kind, at its first place."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], tuple[int, Hit]] = {}
        self._references = 0
        self._place = 0

    @property
    def is_full(self) -> bool:
        """So many references have come that the rest of the page is not read."""
        return self._references >= MAX_REFERENCES

    def reserve(self) -> int:
        """The next place, for hits that are known only further on."""
        self._place += 1
        return self._place

    def count(self) -> bool:
        """Take note of one more reference. False if no more may be looked at."""
        self._references += 1
        return self._references <= MAX_REFERENCES

    def add(self, hit: Hit, place: int | None = None) -> None:
        """Keep ``hit``. What an earlier one of the same address did not say is filled in, and the larger size stays."""
        place = place or self.reserve()
        key = hit.kind, hit.url
        before = self._found.get(key)
        if before is None:
            self._found[key] = place, hit
        elif place < before[0]:
            self._found[key] = place, _merged(hit, before[1])
        else:
            self._found[key] = before[0], _merged(before[1], hit)

    def grouped(self) -> dict[str, list[dict[str, Any]]]:
        """``images``, ``videos`` and ``audio``, each in page order, all of them."""
        groups: dict[str, list[dict[str, Any]]] = {name: [] for name in _GROUPS.values()}
        for _, hit in sorted(self._found.values(), key=lambda found: found[0]):
            groups[_GROUPS[hit.kind]].append({name: getattr(hit, name) for name in _FIELDS[hit.kind]})
        return groups


def _merged(first: Hit, second: Hit) -> Hit:
    news: dict[str, Any] = {
        field.name: getattr(second, field.name)
        for field in fields(Hit)
        if field.name not in _SIZES and getattr(first, field.name) is None
    }
    if _area(second) > _area(first):
        news |= {"width": second.width, "height": second.height}
    return replace(first, **news)


def _area(hit: Hit) -> tuple[int, int]:
    """Whole sizes before half ones."""
    return (hit.width or 0) * (hit.height or 0), (hit.width or 0) + (hit.height or 0)
