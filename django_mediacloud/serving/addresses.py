"""Where a server of the site is, as a client reached it: under a prefix, by host name, or at the root."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse


def mounted_at(http: HttpRequest, name: str, path: str) -> str:
    """The absolute address, with a slash at its end, below which the urlconf that serves ``http`` is mounted. Its view
    ``name`` has the path ``path`` there."""
    match = http.resolver_match
    namespace = f"{match.namespace}:" if match is not None and match.namespace else ""
    return http.build_absolute_uri(reverse(namespace + name).removesuffix(path))
