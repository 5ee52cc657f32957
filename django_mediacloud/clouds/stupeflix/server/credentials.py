"""Who asks: by the secret, or by the API key from a page of an allowed site (documentation, "Authentication")."""

from __future__ import annotations

from collections.abc import Iterable

from ....access import admit, admit_page
from ....exceptions import AccessRefused
from ....models import AccessKey, Job
from .. import wire
from .keys import KIND
from .requests import ApiRequest


def authenticate(request: ApiRequest, *, needs_secret: bool = False) -> AccessKey:
    """The key that the request came with. ``AccessRefused`` if it came with none, or with one that does not count.

    With ``needs_secret`` the API key is not enough: anybody can read that in a page.
    """
    credentials = _credentials(request)
    if credentials.secret:
        return admit(KIND.service, credentials.secret)
    if not credentials.api_key:
        raise AccessRefused("This needs a secret, or an api_key from an allowed page.")
    key = admit_page(KIND.service, credentials.api_key, request.referrer)
    if needs_secret:
        raise AccessRefused("This needs the secret; an api_key is not enough.")
    return key


def identify(request: ApiRequest) -> AccessKey | None:
    """As ``authenticate``, but None where no credentials came: whoever knows a task's key may ask how it stands."""
    return authenticate(request) if _credentials(request) else None


def has_secret(request: ApiRequest) -> bool:
    """Whether the request came with the secret, and not with the API key."""
    return bool(_credentials(request).secret)


def who_waits(key: AccessKey | None, entries: Iterable[object]) -> int | None:
    """Whose place a request takes that waits for ``entries``: its key's, or, where none came, that of the key by which
    the first of the tasks was made. None where there is nothing to wait for."""
    if key is not None:
        return key.pk
    return next((entry.access_key_id for entry in entries if isinstance(entry, Job)), None)


def _credentials(request: ApiRequest) -> wire.Credentials:
    """From the body, the header, or the query string: the first that has any."""
    for place in (request.body, request.query):
        secret, api_key = place.get("secret"), place.get("api_key")
        if (isinstance(secret, str) and secret) or (isinstance(api_key, str) and api_key):
            return wire.Credentials(
                secret=secret if isinstance(secret, str) else "", api_key=api_key if isinstance(api_key, str) else ""
            )
    return wire.parse_authorization(request.http.headers.get("Authorization", ""))
