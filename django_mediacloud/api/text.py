from __future__ import annotations

import re

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def is_storable(text: str) -> bool:
    """Whether every database can keep ``text``, and compare with it: no null character, no half of a surrogate pair."""
    return _UNSTORABLE.search(text) is None
