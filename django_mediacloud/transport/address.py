"""Parses a URL from outside, once and strictly, so that no later code can read it in another way."""

from __future__ import annotations

import base64
import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import quote, unquote, unquote_to_bytes, urljoin, urlsplit

import idna

from ..exceptions import FetchRefused

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_URL_CHARS = 8192

_HOST = re.compile(r"(?!-)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")
# What the C library's resolver would take as a number: the last label decides, as in the URL standard.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
# Control characters, and halves of characters, which no encoding can say.
_UNSENDABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_IN_PATH = "!#$%&'()*+,/:;=?@[]~"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a request goes. ``host`` is in its one spelling: lower case, ASCII, no trailing dot, no brackets.

    ``path`` has the query and is quoted. Neither ``str()`` nor ``repr()`` shows the credentials or the query.
    """

    scheme: str
    host: str
    port: int
    path: str = field(default="/", repr=False)
    credentials: str = field(default="", repr=False)
    """``user:password``, still quoted, or empty."""

    @property
    def origin(self) -> tuple[str, str, int]:
        return (self.scheme, self.host, self.port)

    @property
    def netloc(self) -> str:
        """``host`` or ``host:port``, as the Host header has it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def authorization(self) -> str:
        """The value of the Authorization header that the credentials stand for."""
        user, _, password = self.credentials.partition(":")
        return "Basic " + base64.b64encode(unquote_to_bytes(f"{user}:{password}")).decode("ascii")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.netloc}{self.path.partition('?')[0]}"

    def join(self, location: str, schemes: tuple[str, ...]) -> Address:
        """Where a redirect to ``location`` leads. ``FetchRefused`` as in ``parse_address``, and for credentials."""
        try:
            url = urljoin(f"{self.scheme}://{self.netloc}{self.path}", location)
        except ValueError:
            raise FetchRefused(f"{self.host} redirects to something that is no web address.") from None
        target = parse_address(url, schemes)
        if target.credentials:
            raise FetchRefused(f"{self.host} redirects to an address with a user name in it, which is not followed.")
        return target

    @property
    def last_segment(self) -> str:
        """The last part of the path, unquoted: a name to show, perhaps empty."""
        return unquote(self.path.partition("?")[0].rpartition("/")[2], errors="replace")


def parse_address(url: str, schemes: tuple[str, ...] = ("http", "https")) -> Address:
    """``url`` in its parts. ``FetchRefused`` if its scheme is not among ``schemes`` or its spelling is ambiguous."""
    url = url.strip(" ")
    if _UNSENDABLE.search(url) or len(url) > MAX_URL_CHARS:
        raise FetchRefused(
            f"An address has at most {MAX_URL_CHARS} characters, and no control characters or halves of characters."
        )
    try:
        parts = urlsplit(url)
        port = parts.port
        hostname = parts.hostname or ""
    except ValueError:
        raise FetchRefused("That is not a valid web address.") from None
    if parts.scheme not in schemes or parts.scheme not in DEFAULT_PORTS:
        raise FetchRefused(
            f"Only {' and '.join(schemes)} addresses are fetched, not {(parts.scheme or 'relative')[:20]} ones."
        )
    if not hostname:
        raise FetchRefused("The address names no host.")
    credentials, has_credentials, _ = parts.netloc.rpartition("@")
    # Programs disagree on where the host begins after the first of two @, or after a backslash: attackers live on that.
    if "@" in credentials or "\\" in parts.netloc:
        raise FetchRefused("The address can be read in two ways, so it is not fetched.")
    if port == 0:
        raise FetchRefused("The address has a port that does not exist.")
    path = quote(parts.path or "/", safe=_IN_PATH) + (f"?{quote(parts.query, safe=_IN_PATH)}" if parts.query else "")
    return Address(
        scheme=parts.scheme,
        host=canonical_host(hostname),
        port=DEFAULT_PORTS[parts.scheme] if port is None else port,
        path=path,
        credentials=credentials if has_credentials and credentials.strip(":") else "",
    )


def canonical_host(host: str) -> str:
    """``host`` (a name, or an IP address without brackets) in its one spelling.

    ``FetchRefused`` for numbers that only some programs read as an address (``2130706433``, ``0x7f.1``,
    ``0177.0.0.1``), zone ids, and anything else that is no host name.
    """
    if ":" in host:
        try:
            address = ipaddress.IPv6Address(host)
        except ValueError:
            raise FetchRefused("The address names a host that is not a valid IPv6 address.") from None
        if address.scope_id is not None:
            raise FetchRefused("An IPv6 address with a zone belongs to one machine's network, so it is not fetched.")
        return address.compressed
    name = host.lower()
    if not name.isascii():
        try:
            name = idna.encode(name, uts46=True).decode("ascii")
        except idna.IDNAError:
            raise FetchRefused("The address names a host that is not a valid international name.") from None
    name = name.removesuffix(".")
    if len(name) > 253 or not _HOST.fullmatch(name):
        raise FetchRefused("The address names a host that is not a valid name.")
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        try:
            return str(ipaddress.IPv4Address(name))
        except ValueError:
            raise FetchRefused(
                f"{name} is a number in disguise. Write the address as four numbers from 0 to 255."
            ) from None
    return name
