"""Tokens are kept out of every word that leaves this package, whoever says it."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from ...core.destinations import NO_KEY
from ...core.parameters import Parameters

MASK = "[secret]"


class Secrets:
    """Texts that nobody is to read. ``add`` takes what becomes known on the way: a session's own address."""

    def __init__(self, values: Iterable[str]) -> None:
        self._forms: list[str] = []
        for value in values:
            self.add(value)

    def add(self, value: str) -> None:
        if not value or value == NO_KEY:
            return
        inner = json.dumps(value)[1:-1]
        quoted = {quote(value, safe=""), quote(value), quote_plus(value)}
        found = {value, inner, inner.replace("/", "\\/"), html.escape(value), *quoted}
        # Whichever holds another must go first.
        self._forms = sorted({*self._forms, *found}, key=len, reverse=True)

    def add_address(self, url: str) -> None:
        """``url``, its path and all that its query says: each of them may be what opens it."""
        parts = urlsplit(url)
        for value in (url, parts.path.rpartition("/")[2], parts.query, *(value for _, value in parse_qsl(parts.query))):
            if len(value) >= 8:
                self.add(value)

    def hide(self, text: str) -> str:
        """``text`` with every secret masked, however it is spelled: plain, quoted, in JSON or in HTML."""
        for form in self._forms:
            text = text.replace(form, MASK)
        return text


def secrets_among(values: Mapping[str, Any], declared: Parameters) -> Secrets:
    found = Secrets(())
    for parameter in declared:
        value = values.get(parameter.name)
        if parameter.is_secret and isinstance(value, str):
            if "://" in value:
                found.add_address(value)
            else:
                found.add(value)
    return found
