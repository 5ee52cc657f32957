"""The rules of a fetch: allowed addresses, size and time."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ..exceptions import ConfigurationError, FetchRefused
from .address import DEFAULT_PORTS, Address, canonical_host

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network

GIB = 1024**3

# IANA's special-purpose registries, written out: what ``ipaddress`` calls private differs between versions of Python.
_SPECIAL_V4 = tuple(
    (ipaddress.IPv4Network(network), kind)
    for network, kind in (
        ("0.0.0.0/8", "an unspecified"),
        ("10.0.0.0/8", "a private"),
        ("100.64.0.0/10", "a provider's private"),
        ("127.0.0.0/8", "a loopback"),
        ("169.254.0.0/16", "a link-local"),
        ("172.16.0.0/12", "a private"),
        ("192.0.0.0/24", "a reserved"),
        ("192.0.2.0/24", "a reserved"),
        ("192.88.99.0/24", "a reserved"),
        ("192.168.0.0/16", "a private"),
        ("198.18.0.0/15", "a reserved"),
        ("198.51.100.0/24", "a reserved"),
        ("203.0.113.0/24", "a reserved"),
        ("224.0.0.0/4", "a multicast"),
        ("240.0.0.0/4", "a reserved"),
    )
)
# In IPv6 it is the other way round: only 2000::/3 is given out at all, and these parts of it are special.
_PUBLIC_V6 = ipaddress.IPv6Network("2000::/3")
_SPECIAL_V6 = tuple(
    (ipaddress.IPv6Network(network), kind)
    for network, kind in (
        ("::/128", "an unspecified"),
        ("::1/128", "a loopback"),
        ("fc00::/7", "a private"),
        ("fe80::/10", "a link-local"),
        ("fec0::/10", "a private"),
        ("ff00::/8", "a multicast"),
        ("2001::/32", "a tunnelled"),
        ("2001::/23", "a reserved"),
        ("2001:db8::/32", "a reserved"),
        ("2002::/16", "a tunnelled"),
        ("3fff::/20", "a reserved"),
    )
)
# On a network that has IPv6 only, every IPv4 host is reached through this prefix: judged by the IPv4 address inside.
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_ISATAP = (0x00005EFE, 0x02005EFE)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRules:
    """The rules for addresses that came from outside.

    ``allow`` lists what may be reached although it is not on the public internet: host names (``media.internal``),
    addresses (``10.0.0.5``, ``fd00::5``) and networks (``10.0.0.0/8``), each perhaps with a port (``10.0.0.5:9000``,
    ``[fd00::5]:9000``). A host name allowed is trusted wherever it leads. ``ConfigurationError`` for any other entry.

    ``read_timeout_s`` is the longest silence, ``total_timeout_s`` the whole time with redirects and resumed parts.
    ``ca_file`` is a PEM file of the authorities to trust in place of the public ones.
    """

    allow: tuple[str, ...] = ()
    max_bytes: int = 20 * GIB
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 60.0
    total_timeout_s: float = 6 * 3600.0
    max_redirects: int = 5
    schemes: tuple[str, ...] = ("http", "https")
    ca_file: str = ""

    def __post_init__(self) -> None:
        if unknown := set(self.schemes) - DEFAULT_PORTS.keys():
            raise ConfigurationError(f"Addresses of scheme {', '.join(sorted(unknown))} cannot be fetched.")
        _parse_allow(self.allow)

    def permitted(self, address: Address, resolved: Iterable[str]) -> tuple[str, ...]:
        """Those of the IP addresses ``resolved`` for ``address`` that may be connected to, in order, plainly spelled.

        ``FetchRefused`` if none may.
        """
        exceptions = _parse_allow(self.allow)
        is_host_allowed = any(entry.has_host(address.host, address.port) for entry in exceptions)
        found: list[str] = []
        reason = ""
        for text in resolved:
            ip = _unwrap(ipaddress.ip_address(text))
            kind = special_kind(ip)
            if not kind or is_host_allowed or any(entry.has_ip(ip, address.port) for entry in exceptions):
                found.append(str(ip))
            else:
                reason = reason or kind
        if not found:
            raise FetchRefused(
                f"{address.host} leads to {reason} address, and only the public internet is fetched from."
            )
        return tuple(dict.fromkeys(found))


def special_kind(ip: IPAddress) -> str:
    """Why ``ip`` is not on the public internet, as an article and an adjective; empty if it is public."""
    ip = _unwrap(ip)
    if isinstance(ip, ipaddress.IPv4Address):
        return next((kind for network, kind in _SPECIAL_V4 if ip in network), "")
    if ip in _NAT64:
        return special_kind(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    for network, kind in _SPECIAL_V6:
        if ip in network:
            return kind
    if ip not in _PUBLIC_V6:
        return "a reserved"
    if (int(ip) >> 32) & 0xFFFFFFFF in _ISATAP:
        return special_kind(ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF))
    return ""


def _unwrap(ip: IPAddress) -> IPAddress:
    """The IPv4 address that a mapped IPv6 address is only another spelling of."""
    return ip.ipv4_mapped or ip if isinstance(ip, ipaddress.IPv6Address) else ip


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exception:
    """An entry of ``allow``: a ``network`` or a ``host``, at any port if ``port`` is None."""

    network: IPNetwork | None
    host: str
    port: int | None

    def has_host(self, host: str, port: int) -> bool:
        return bool(self.host) and self.host == host and self.port in (None, port)

    def has_ip(self, ip: IPAddress, port: int) -> bool:
        return self.network is not None and ip in self.network and self.port in (None, port)


@lru_cache(maxsize=64)
def _parse_allow(allow: tuple[str, ...]) -> tuple[_Exception, ...]:
    return tuple(_parse_exception(entry) for entry in allow)


def _parse_exception(entry: str) -> _Exception:
    text, port = entry.strip(), None
    if text.startswith("[") or text.count(":") == 1:
        head, _, tail = text.rpartition(":") if not text.endswith("]") else (text, "", "")
        text = head.strip("[]")
        if tail:
            if not (tail.isascii() and tail.isdigit() and 0 < int(tail) < 65536):
                raise ConfigurationError(f"{entry!r} among the hosts that may be fetched from has no valid port.")
            port = int(tail)
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        pass
    else:
        return _Exception(network=network, host="", port=port)
    try:
        return _Exception(network=None, host=canonical_host(text), port=port)
    except FetchRefused:
        raise ConfigurationError(
            f"{entry!r} among the hosts that may be fetched from is no host name, address or network."
        ) from None
