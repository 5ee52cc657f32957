"""``srcset`` (HTML Standard, "Parsing a srcset attribute")."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_SKIPPED = re.compile(r"[\t\n\f\r ,]*+")
_ADDRESS = re.compile(r"[^\t\n\f\r ]++")
# A comma within parentheses does not end a candidate; an open parenthesis runs to the end.
_DESCRIPTORS = re.compile(r"(?:[^,(]++|\([^)]*+\)?+)*+")
_WIDTH = re.compile(r"([0-9]{1,9})w")
_OTHER = re.compile(r"-?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?x|[0-9]{1,9}h")


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    url: str
    """As written."""
    width: int | None = None
    """Of a ``w`` descriptor, px."""


def parse_srcset(text: str) -> Iterator[Candidate]:
    """The candidates, in the order given. One whose descriptors are wrong is left out, as in browsers."""
    at = 0
    while True:
        at = _end(_SKIPPED, text, at)
        if at >= len(text):
            return
        start, at = at, _end(_ADDRESS, text, at)
        address = text[start:at]
        url = address.rstrip(",")
        if url != address:
            yield Candidate(url=url)
            continue
        start, at = at, _end(_DESCRIPTORS, text, at)
        words = text[start:at].split()
        widths = [int(match[1]) for match in map(_WIDTH.fullmatch, words) if match]
        others = [word for word in words if _OTHER.fullmatch(word)]
        if len(widths) + len(others) == len(words) and len(widths) <= 1 and 0 not in widths:
            yield Candidate(url=url, width=widths[0] if widths else None)


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    """Where the match at ``at`` ends."""
    match = pattern.match(text, at)
    return match.end() if match else at
