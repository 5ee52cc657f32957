"""System checks of the settings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.db import router

from .clouds.registry import get_cloud
from .conf import config, problems
from .core.destinations import DESTINATIONS
from .exceptions import ConfigurationError


def check_settings(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if found := problems():
        return [Error(sentence, id="mediacloud.E001") for sentence in found]
    messages: list[CheckMessage] = []
    current = config()
    for alias in current.clouds:
        try:
            # A warning: a site is built, migrated and tested where its secrets are not.
            messages += [Warning(sentence, id="mediacloud.W001") for sentence in get_cloud(alias).problems()]
        except ConfigurationError as error:
            messages.append(Error(str(error), id="mediacloud.E002"))
    if current.storage not in settings.STORAGES:
        messages.append(
            Error(f"MEDIACLOUD['STORAGE'] is not an alias in STORAGES: {current.storage!r}.", id="mediacloud.E003")
        )
    if not settings.USE_TZ:
        # Leases, expiry and the dates of old protocols are moments, and those have a zone.
        messages.append(Error("django_mediacloud needs USE_TZ = True.", id="mediacloud.E005"))
    unknown = sorted(set(current.delivery_endpoints) - set(DESTINATIONS))
    messages += [
        Error(f"MEDIACLOUD['DELIVERY_ENDPOINTS'] names no destination: {name!r}.", id="mediacloud.E004")
        for name in unknown
    ]
    return messages + _reads_elsewhere()


def _reads_elsewhere() -> list[CheckMessage]:
    """W002 if a router reads the app's tables elsewhere than it writes them: a replica lags behind."""
    job = apps.get_model("mediacloud", "Job")
    read, written = router.db_for_read(job), router.db_for_write(job)
    if read == written:
        return []
    return [
        Warning(
            f"DATABASE_ROUTERS reads this app's tables from {read!r} and writes them to {written!r}: what was written "
            "a moment ago may not be found. Let them be read where they are written.",
            id="mediacloud.W002",
        )
    ]
