"""The only reader of ``settings.MEDIACLOUD``. Read at call time, so that tests and late settings count.

``Config`` and ``FetchConfig`` list the keys, in lower case, with their defaults; docs/settings.rst explains them.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from django.conf import settings

from .exceptions import ConfigurationError

GIB = 1024**3
LEASE_S = 30.0
HEARTBEAT_S = 0.75
DEFAULT_CLOUDS: Mapping[str, Any] = {"default": {"BACKEND": "django_mediacloud.clouds.local"}}


@dataclass(frozen=True, slots=True, kw_only=True)
class CloudConfig:
    backend: str
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchConfig:
    """``ALLOW``: hosts, addresses or networks that may be reached although they are private. ``TIMEOUT_S``: in all."""

    allow: Sequence[str] = ()
    timeout_s: float = 3600.0
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 30.0
    max_redirects: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    clouds: Mapping[str, CloudConfig]
    storage: str = "default"
    prefix: str = "mediacloud"
    work_dir: Path
    queue: str = "default"
    lease_s: float = LEASE_S
    heartbeat_s: float = HEARTBEAT_S
    max_failures: int = 3
    retry_delays_s: Sequence[float] = (10.0, 60.0, 300.0)
    poll_s: float = 10.0
    max_upload_bytes: int = 20 * GIB
    wsgi_places: int = 16
    delivery_endpoints: Mapping[str, str] = field(default_factory=dict)
    webhooks_url: str = ""
    fetch: FetchConfig = field(default_factory=FetchConfig)


def config() -> Config:
    """The settings as they are now, defaults filled in. ``ConfigurationError`` names what is wrong."""
    given = _given()
    if problems := problems_in(given):
        raise ConfigurationError(" ".join(problems))
    values = {key.lower(): value for key, value in given.items() if key not in {"CLOUDS", "FETCH", "WORK_DIR"}}
    fetch = {key.lower(): value for key, value in given.get("FETCH", {}).items()}
    return Config(
        clouds={
            alias: CloudConfig(backend=entry["BACKEND"], options=entry.get("OPTIONS", {}))
            for alias, entry in given.get("CLOUDS", DEFAULT_CLOUDS).items()
        },
        work_dir=Path(given.get("WORK_DIR") or tempfile.gettempdir()),
        fetch=FetchConfig(**fetch),
        **values,
    )


def problems() -> list[str]:
    """A sentence for everything that is wrong with ``settings.MEDIACLOUD``; empty if nothing is."""
    given = getattr(settings, "MEDIACLOUD", {})
    if not isinstance(given, Mapping):
        return ["MEDIACLOUD must be a dictionary."]
    return problems_in(given)


def problems_in(given: Mapping[str, Any]) -> list[str]:
    found = _unknown("MEDIACLOUD", given, Config) + _unknown("MEDIACLOUD['FETCH']", given.get("FETCH", {}), FetchConfig)
    found += _wrong_shapes(given)
    clouds = given.get("CLOUDS", DEFAULT_CLOUDS)
    if not isinstance(clouds, Mapping) or not clouds:
        return [*found, "MEDIACLOUD['CLOUDS'] must be a dictionary with at least one cloud."]
    for alias, entry in clouds.items():
        name = f"MEDIACLOUD['CLOUDS'][{alias!r}]"
        if not isinstance(entry, Mapping) or not isinstance(entry.get("BACKEND"), str):
            found.append(f"{name} needs a BACKEND, the dotted name of a package.")
            continue
        found += [f"{name} has an unknown key: {key!r}." for key in entry if key not in {"BACKEND", "OPTIONS"}]
        if not isinstance(entry.get("OPTIONS", {}), Mapping):
            found.append(f"{name}['OPTIONS'] must be a dictionary.")
    lease_s, heartbeat_s = given.get("LEASE_S", LEASE_S), given.get("HEARTBEAT_S", HEARTBEAT_S)
    for key in ("LEASE_S", "HEARTBEAT_S", "MAX_FAILURES", "POLL_S", "MAX_UPLOAD_BYTES", "WSGI_PLACES"):
        value = given.get(key, 1)
        if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
            found.append(f"MEDIACLOUD[{key!r}] must be a number above zero.")
            return found
    if heartbeat_s * 3 > lease_s + 1e-6:
        found.append("MEDIACLOUD['LEASE_S'] must be at least three times HEARTBEAT_S.")
    return found


def _wrong_shapes(given: Mapping[str, Any]) -> list[str]:
    found = []
    prefix = given.get("PREFIX", "mediacloud")
    if not isinstance(prefix, str) or not prefix or prefix.startswith("/") or ".." in prefix.split("/"):
        found.append("MEDIACLOUD['PREFIX'] must be the name of a folder inside the storage.")
    delays = given.get("RETRY_DELAYS_S", [])
    if not isinstance(delays, list | tuple) or not all(isinstance(item, int | float) and item >= 0 for item in delays):
        found.append("MEDIACLOUD['RETRY_DELAYS_S'] must be a list of seconds.")
    webhooks_url = given.get("WEBHOOKS_URL", "")
    if webhooks_url != "" and not _is_address(webhooks_url):
        found.append("MEDIACLOUD['WEBHOOKS_URL'] must be an http or https address.")
    endpoints = given.get("DELIVERY_ENDPOINTS", {})
    if not isinstance(endpoints, Mapping) or not all(_is_address(item) for item in endpoints.values()):
        found.append("MEDIACLOUD['DELIVERY_ENDPOINTS'] must be a dictionary of http or https addresses.")
    fetch = given.get("FETCH", {})
    allow = fetch.get("ALLOW", []) if isinstance(fetch, Mapping) else []
    if not isinstance(allow, list | tuple) or not all(isinstance(item, str) for item in allow):
        found.append("MEDIACLOUD['FETCH']['ALLOW'] must be a list of hosts or networks.")
    return found


def _is_address(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(("http://", "https://"))


def _given() -> Mapping[str, Any]:
    return getattr(settings, "MEDIACLOUD", {})


def _unknown(name: str, given: Any, cls: type) -> list[str]:
    if not isinstance(given, Mapping):
        return [f"{name} must be a dictionary."]
    known = {item.name.upper() for item in fields(cls)}
    return [f"{name} has an unknown key: {key!r}." for key in given if key not in known]
