"""Addresses on a page, made absolute as browsers do it (WHATWG URL: spaces, Unicode, IDNA, ``//host``, ``\\``)."""

from __future__ import annotations

import re
from urllib.parse import quote

from ..extras import optional

ada_url = optional("ada_url")

MAX_URL_CHARS = 4096

_SPACES = "\t\n\f\r "
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")


class Addresses:
    """Makes what stands on one page absolute: by its ``<base>``, else by ``url``, which may be empty."""

    def __init__(self, url: str, charset: str) -> None:
        self._base = _joined("", url) or ""
        self._charset = charset
        self._has_base = False

    @property
    def base(self) -> str:
        return self._base

    def set_base(self, href: str) -> None:
        """Take a ``<base href>``. Only the first one of a page counts."""
        if not self._has_base:
            self._has_base = True
            self._base = _joined(self._base, href.strip(_SPACES)) or self._base

    def absolute(self, reference: str, *, with_fragment: bool = False) -> str | None:
        """An http or https URL, in ASCII; None for everything else (``data:``, ``javascript:``, the page itself).

        Also None for what is longer than ``MAX_URL_CHARS``, and for what is relative to nothing. Files lose their
        fragment, which no server sees, so that the same file is found once.
        """
        reference = reference.strip(_SPACES)
        if not reference or reference.startswith("#") or len(reference) > MAX_URL_CHARS:
            return None
        url = _joined(self._base, self._with_query_encoded(reference))
        return url if url is None or with_fragment else url.partition("#")[0]

    def _with_query_encoded(self, reference: str) -> str:
        """A query is sent in the page's own charset, not in UTF-8 as the rest of the address."""
        path, mark, rest = reference.partition("?")
        if not mark or rest.isascii() or self._charset.startswith(("utf-", "utf_")):
            return reference
        query, hash_mark, fragment = rest.partition("#")
        query = _BEYOND_ASCII.sub(lambda match: quote(match[0].encode(self._charset, "xmlcharrefreplace"), ""), query)
        return f"{path}?{query}{hash_mark}{fragment}"


def _joined(base: str, reference: str) -> str | None:
    try:
        url = str(ada_url.join_url(base, reference) if base else ada_url.normalize_url(reference))
    except ValueError:
        return None
    return url if url.startswith(("http://", "https://")) and len(url) <= MAX_URL_CHARS else None
