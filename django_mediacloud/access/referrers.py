"""Whose pages may use a public key. Anybody but a browser can forge a page's word: this keeps honest ones out."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from ..exceptions import InvalidParameters

_HOST = re.compile(r"(?:\*\.)?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*(?::[0-9]{1,5})?")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def clean_referrers(given: Iterable[str]) -> list[str]:
    """Hosts in lower case, perhaps with a port: ``example.com``, ``*.example.com``, ``localhost:8000``.

    ``InvalidParameters`` under ``referrers`` for anything else: an address is no host.
    """
    cleaned = [str(entry).strip().lower() for entry in given]
    wrong = [entry for entry in cleaned if not _HOST.fullmatch(entry)]
    if wrong:
        raise InvalidParameters({"referrers": [f"{entry!r} is no host such as example.com" for entry in wrong]})
    return list(dict.fromkeys(cleaned))


def is_allowed(referrer: str, allowed: Iterable[str]) -> bool:
    """Whether the page at ``referrer``, a URL, is of an allowed host. ``*.example.com`` is every host below it."""
    try:
        parts = urlsplit(referrer.strip())
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return False
    if not host or parts.scheme not in _DEFAULT_PORTS:
        return False
    # A browser takes ``http://evil.org\@example.com/`` for a page of evil.org, and sends nothing like it.
    if "\\" in parts.netloc:
        return False
    port = port or _DEFAULT_PORTS[parts.scheme]
    return any(_fits(host, port, parts.scheme, entry) for entry in allowed)


def _fits(host: str, port: int, scheme: str, entry: str) -> bool:
    name, _, entry_port = entry.partition(":")
    if port != int(entry_port or _DEFAULT_PORTS[scheme]):
        return False
    return host.endswith(name[1:]) if name.startswith("*.") else host == name
