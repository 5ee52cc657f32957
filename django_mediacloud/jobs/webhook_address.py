"""The URL of ``webhooks`` for each cloud."""

from __future__ import annotations

from django.utils.crypto import salted_hmac

from ..conf import config


def webhook_token(alias: str) -> str:
    """The secret part of the address that a cloud's service is given."""
    return salted_hmac("django_mediacloud.webhooks", alias, algorithm="sha256").hexdigest()[:40]


def webhook_url(alias: str) -> str:
    """Where the service of a cloud can call this site; empty if the settings do not say."""
    base = config().webhooks_url
    return f"{base.rstrip('/')}/{alias}/{webhook_token(alias)}/" if base else ""
