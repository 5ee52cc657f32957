"""Keys are made, found again by what a client sends, and revoked."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from ..clouds.registry import get_cloud
from ..exceptions import InvalidParameters
from ..models import AccessKey
from .kinds import kind_of
from .referrers import clean_referrers

MAX_LIMIT = 2**31 - 1
"""What the columns hold on every database."""
TRIES = 5
"""A drawn key that exists already is drawn again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """``credentials`` by the names that the service's clients know: shown now, and never again."""

    key: AccessKey
    credentials: dict[str, str] = field(repr=False)


def issue(
    service: str,
    *,
    owner: Any | None = None,
    name: str = "",
    cloud: str = "default",
    referrers: Sequence[str] = (),
    **limits: int,
) -> Issued:
    """A new key for ``service``. ``limits`` are columns of the key: ``max_unfinished``, ``max_per_minute``, and
    ``keep_days``, which is the account's if it is not given. ``ConfigurationError`` for a service or a cloud that the
    site does not have, ``InvalidParameters`` for anything else."""
    kind = kind_of(service)
    get_cloud(cloud)
    if referrers and not kind.has_referrers:
        raise InvalidParameters({"referrers": [f"{kind.title} knows no referrers"]})
    if wrong := [limit for limit, value in limits.items() if not 0 <= value <= MAX_LIMIT]:
        raise InvalidParameters({limit: [f"must be between 0 and {MAX_LIMIT}"] for limit in wrong})
    fields = {
        "service": service,
        "owner": owner,
        "name": name[:200],
        "cloud": cloud,
        "referrers": clean_referrers(referrers),
        "keep_days": _keep_days_of(service, owner),
        **limits,
    }
    for number in range(TRIES):
        secret, public = kind.secret.draw(), kind.public.draw() if kind.public else None
        try:
            with transaction.atomic():
                key = AccessKey.objects.create(**fields, public_key=public, secret_digest=digest(service, secret))
        except IntegrityError:
            if number == TRIES - 1:
                raise
            continue
        credentials = {kind.public.name: public} if kind.public and public else {}
        return Issued(key=key, credentials={**credentials, kind.secret.name: secret})
    raise AssertionError("unreachable")


def _keep_days_of(service: str, owner: Any | None) -> int:
    """An account has one lifetime of files: a key that is made later has that of those before it."""
    former = AccessKey.objects.filter(service=service, owner=owner).order_by("-pk").first() if owner else None
    return former.keep_days if former else 0


def recognise(service: str, secret: str) -> AccessKey | None:
    """The key that has this secret, revoked or not; None if there is none."""
    return AccessKey.objects.filter(secret_digest=digest(service, secret)).select_related("owner").first()


def recognise_public(service: str, public: str) -> AccessKey | None:
    """The key with this public part, revoked or not; None if there is none."""
    kind = kind_of(service)
    # Not every text can be asked for: a null character is an error of PostgreSQL's.
    if kind.public is None or not kind.public.fits(public):
        return None
    key = AccessKey.objects.filter(service=service, public_key=public).select_related("owner").first()
    # Some databases take "Key" and "key" for one.
    return key if key is not None and key.public_key == public else None


def revoke(key: AccessKey) -> bool:
    """End a key for good; False if it had been ended before. What it made stays its account's."""
    return AccessKey.objects.valid().filter(pk=key.pk).update(revoked_at=timezone.now(), updated_at=timezone.now()) > 0


def digest(service: str, secret: str) -> str:
    """What is stored of a secret. One round of SHA-256 is enough: a drawn secret has 60 bits and more, and cannot be
    guessed as a password can."""
    return hashlib.sha256(f"{service}\n{secret}".encode("utf-8", "surrogatepass")).hexdigest()
