"""Who comes in: the key that credentials stand for, if it still counts; and a word in its books either way."""

from __future__ import annotations

from ..exceptions import AccessRefused
from ..models import AccessKey
from .keys import recognise, recognise_public
from .referrers import is_allowed
from .usage import count_refusal, count_use


def admit(service: str, secret: str) -> AccessKey:
    """The key of ``service`` with this secret. ``AccessRefused`` if there is none, or if it no longer counts."""
    return _admitted(recognise(service, secret))


def admit_page(service: str, public: str, referrer: str) -> AccessKey:
    """The key with this public part, which anybody can read in a page. ``AccessRefused`` as ``admit``, or if the page
    at ``referrer`` is of no site that the key allows."""
    key = recognise_public(service, public)
    is_welcome = key is None or is_allowed(referrer, key.referrers)
    return _admitted(key, "" if is_welcome else "This page may not use the key: its site is not among the referrers.")


def _admitted(key: AccessKey | None, reason: str = "") -> AccessKey:
    if key is None:
        raise AccessRefused("These credentials are not known.")
    if key.revoked_at is not None:
        reason = "This key has been revoked."
    elif key.owner is not None and not key.owner.is_active:
        reason = "The owner of this key is no longer active."
    if reason:
        count_refusal(key)
        raise AccessRefused(reason)
    count_use(key)
    return key
