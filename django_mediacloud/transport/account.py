"""Checks a service's base URL and credentials before the first request, so that no secret goes elsewhere."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from ..exceptions import ConfigurationError


def checked_base_url(base_url: str, *, allow_http: bool) -> str:
    """``base_url``, ending on a slash. ``ConfigurationError`` if it is no http or https address, holds credentials, or
    is plain http to another machine and not ``allow_http``."""
    try:
        parts = urlsplit(base_url)
        host = parts.hostname
    except ValueError:
        host = None
    if not host or parts.scheme not in ("http", "https") or parts.username is not None or parts.query or parts.fragment:
        raise ConfigurationError("base_url must be an http or https address without credentials and query.")
    if parts.scheme == "http" and not allow_http and not _is_loopback(host):
        raise ConfigurationError(
            f"The credentials would travel unencrypted to {host}.",
            advice="Use an https address, or pass allow_http=True within a network that you trust.",
        )
    return base_url.rstrip("/") + "/"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def checked_credential(name: str, value: str) -> str:
    """``value``, which may be empty. ``ConfigurationError``, which does not show it, if a header cannot carry it."""
    # The HTTP library would show the value in its error.
    if not all("!" <= character <= "~" for character in value):
        raise ConfigurationError(f"{name} has blanks or characters that are not ASCII.")
    return value
