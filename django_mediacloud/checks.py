"""System checks: what is wrong with the settings is said before the first request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from .clouds.registry import get_cloud
from .conf import config, problems
from .exceptions import ConfigurationError


def check_settings(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    if found := problems():
        return [Error(sentence, id="mediacloud.E001") for sentence in found]
    messages: list[CheckMessage] = []
    current = config()
    for alias in current.clouds:
        try:
            get_cloud(alias)
        except ConfigurationError as error:
            messages.append(Error(str(error), id="mediacloud.E002"))
    if current.storage not in settings.STORAGES:
        messages.append(
            Error(f"MEDIACLOUD['STORAGE'] is no alias in STORAGES: {current.storage!r}.", id="mediacloud.E003")
        )
    return messages
