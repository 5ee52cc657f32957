"""The ``Range`` request header (RFC 9110, section 14), for one range of bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass

_RANGE = re.compile(r"bytes[ \t]*=[ \t]*([0-9]{0,18})[ \t]*-[ \t]*([0-9]{0,18})[ \t]*", re.IGNORECASE)


class Unsatisfiable(Exception):
    """The range lies beyond the end of the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ByteRange:
    start: int
    stop: int
    """The byte after the last one."""

    @property
    def size_bytes(self) -> int:
        return self.stop - self.start

    def content_range(self, size_bytes: int) -> str:
        return f"bytes {self.start}-{self.stop - 1}/{size_bytes}"


def parse_range(header: str, size_bytes: int) -> ByteRange | None:
    """The part that is asked for of a file of ``size_bytes``; None for the whole file.

    What is malformed, in another unit, or more than one range, counts as not asked, as the standard allows. Raises
    ``Unsatisfiable`` for a range of which the file has nothing.
    """
    match = _RANGE.fullmatch(header.strip())
    if match is None or match.groups() == ("", ""):
        return None
    first, last = match.groups()
    if first and last and int(first) > int(last):
        return None
    start = int(first) if first else max(0, size_bytes - int(last))
    stop = min(int(last) + 1, size_bytes) if first and last else size_bytes
    if start >= size_bytes:
        raise Unsatisfiable
    return ByteRange(start=start, stop=stop)
