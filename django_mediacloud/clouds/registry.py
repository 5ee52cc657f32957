"""From an alias in the settings to a cloud."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

from ..conf import config
from ..core.capabilities import OperationInfo
from ..exceptions import ConfigurationError, UnknownOperation
from .base import Cloud

ADAPTER = "Adapter"
"""The name that a cloud's ``cloud.py`` gives to its class."""


def get_cloud(alias: str) -> Cloud:
    """The cloud that the settings call ``alias``. ``ConfigurationError`` if there is none or it cannot be loaded."""
    clouds = config().clouds
    try:
        entry = clouds[alias]
    except KeyError:
        known = ", ".join(sorted(clouds))
        raise ConfigurationError(f"No cloud is called {alias!r}; there are: {known}.", cloud=alias) from None
    try:
        adapter = getattr(import_module(f"{entry.backend}.cloud"), ADAPTER)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"Cloud {alias!r}: {entry.backend} cannot be loaded: {error}", cloud=alias) from error
    cloud: Cloud = adapter(alias, entry.options)
    return cloud


def cloud_aliases() -> list[str]:
    return sorted(config().clouds)


def get_operation(alias: str, name: str) -> OperationInfo:
    """The operation ``name`` of a cloud. ``UnknownOperation`` if it has none of that name."""
    try:
        return get_cloud(alias).capabilities.operations[name]
    except KeyError:
        raise UnknownOperation(f"Cloud {alias!r} has no operation {name!r}.", cloud=alias, operation=name) from None


def all_operations() -> Mapping[str, Mapping[str, OperationInfo]]:
    """Operations by cloud alias, then by name."""
    return {alias: get_cloud(alias).capabilities.operations for alias in cloud_aliases()}
