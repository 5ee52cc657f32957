"""Finds the code that renders callbacks in an old service's format, in the server of its cloud."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from ..exceptions import ConfigurationError
from ..models import Callback

CLOUDS = "django_mediacloud.clouds"


def renderer_of(protocol: str) -> Callable[[Callback], bytes]:
    """``render`` in ``server/callback.py`` of the cloud that ``protocol`` names, or whose dotted package it is."""
    package = protocol if "." in protocol else f"{CLOUDS}.{protocol}"
    try:
        render: Callable[[Callback], bytes] = import_module(f"{package}.server.callback").render
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(f"No callbacks are known for the protocol {protocol!r}: {error}") from error
    return render


def base_url_of(callback: Callback) -> str:
    """Where the protocol's server was spoken to when the job was made, so that the news can name its files."""
    found = [hook["base_url"] for hook in callback.job.hooks if hook["protocol"] == callback.protocol]
    return str(found[0]) if found else "/"
