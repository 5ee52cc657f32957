"""What the credentials of each service look like: its server says so in ``server/keys.py``."""

from __future__ import annotations

import pkgutil
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from types import MappingProxyType

from .. import clouds
from ..exceptions import ConfigurationError


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A part of the credentials: ``name`` as the service's clients call it, ``length`` characters of ``alphabet``."""

    name: str
    alphabet: str
    length: int

    def draw(self) -> str:
        return "".join(secrets.choice(self.alphabet) for _ in range(self.length))

    def fits(self, text: str) -> bool:
        """Whether ``text`` could have been drawn."""
        return len(text) == self.length and set(text) <= set(self.alphabet)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyKind:
    """``secret`` proves who asks. ``public`` names the account where a client does not hold the secret, or None."""

    service: str
    title: str
    secret: Credential
    public: Credential | None = None
    has_referrers: bool = False
    """Whether pages of listed sites may use the public part alone."""


@cache
def _kinds() -> Mapping[str, KeyKind]:
    found = {}
    for module in pkgutil.iter_modules(clouds.__path__):
        package = f"{clouds.__name__}.{module.name}"
        # A package without a server is a cloud whose protocol this site does not speak.
        if module.ispkg and find_spec(f"{package}.server") and find_spec(f"{package}.server.keys"):
            kind: KeyKind = import_module(f"{package}.server.keys").KIND
            found[kind.service] = kind
    return MappingProxyType(found)


def services() -> list[str]:
    """The services whose protocols this site speaks, by name."""
    return sorted(_kinds())


def kind_of(service: str) -> KeyKind:
    """``ConfigurationError`` if the site does not speak the service's protocol."""
    try:
        return _kinds()[service]
    except KeyError:
        known = ", ".join(services())
        raise ConfigurationError(f"This site has no keys for {service!r}; there are: {known}.") from None
