"""``<meta>`` and ``<link>``: Open Graph, Twitter cards, icons, oEmbed, and what the page says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .finder import Finder, Said
from .hits import plain
from .srcset import parse_srcset

Attributes = Mapping[str, str]

# Each property that begins a new group, and the group's kind.
_BEGIN = {
    "og:image": "image",
    "og:image:url": "image",
    "og:video": "video",
    "og:video:url": "video",
    "og:audio": "audio",
    "og:audio:url": "audio",
    "twitter:image": "image",
    "twitter:image:src": "image",
    "twitter:player": "player",
}
_SECURE = frozenset({"og:image:secure_url", "og:video:secure_url", "og:audio:secure_url"})
_ALIASES = {"video:duration": "og:video:duration", "og:duration": "og:video:duration"}
_ICONS = frozenset({"icon", "apple-touch-icon", "apple-touch-icon-precomposed", "mask-icon", "fluid-icon"})
_OEMBED = {"application/json+oembed": "json", "text/xml+oembed": "xml", "application/xml+oembed": "xml"}
_DESCRIPTION_CHARS = 1000
MAX_OEMBED = 10


@dataclass(slots=True, kw_only=True)
class _Group:
    """A medium and the properties that follow it."""

    source: str
    kind: str
    place: int
    url: str = ""
    secure_url: str = ""
    more: dict[str, str] = field(default_factory=dict)


class Metadata:
    """Takes the ``<meta>`` and ``<link>`` elements of one page; ``finish`` tells the finder of their media."""

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._groups: list[_Group] = []
        self._last: dict[tuple[str, str], _Group] = {}
        self._facts: dict[str, str] = {}
        self._canonical: str | None = None
        self.oembed: list[dict[str, Any]] = []
        self.oembed_left_out = 0

    def meta(self, attributes: Attributes) -> None:
        content = attributes.get("content", "")
        if not content:
            return
        for name in dict.fromkeys(attributes.get(key, "").strip().lower() for key in ("property", "name")):
            if name == "msapplication-tileimage":
                self._finder.image(content, "icon")
            elif name.startswith(("og:", "twitter:", "video:")):
                self._property(_ALIASES.get(name, name), content)
            if name in ("description", "og:description", "og:site_name", "og:title", "og:url", "twitter:title"):
                self._facts.setdefault(name, content)

    def link(self, attributes: Attributes) -> None:
        relations = set(attributes.get("rel", "").lower().split())
        href = attributes.get("href", "")
        if relations & _ICONS:
            width, _, height = attributes.get("sizes", "").lower().split(" ")[0].partition("x")
            self._finder.image(href, "icon", Said(width=width, height=height, type=attributes.get("type")))
        if "image_src" in relations:
            self._finder.image(href, "link", Said(type=attributes.get("type")))
        if "video_src" in relations:
            self._finder.player(href, "link", Said(type=attributes.get("type")))
        if "preload" in relations:
            self._preload(href, attributes)
        if "canonical" in relations and self._canonical is None:
            self._canonical = self._finder.addresses.absolute(href, with_fragment=True)
        if "alternate" in relations:
            self._discover(href, attributes)

    def finish(self) -> None:
        image = next((group.url for group in self._groups if group.kind == "image"), None)
        for group in self._groups:
            address = group.secure_url if self._finder.addresses.absolute(group.secure_url) else group.url
            said = Said(
                **{name: group.more.get(name) for name in ("width", "height", "duration", "type")},
                title=group.more.get("alt") or group.more.get("title"),
                thumbnail=None if group.kind == "image" else image,
            )
            if group.kind == "image":
                self._finder.image(address, group.source, said, group.place)
            elif group.kind == "audio":
                self._finder.medium(address, group.source, said, group.place, "audio")
            else:
                self._finder.player(address, group.source, said, group.place)
            stream = group.more.get("stream")
            if stream:
                said = Said(type=group.more.get("stream:content_type"), thumbnail=image)
                self._finder.medium(stream, group.source, said, group.place, "video")

    def title(self) -> str | None:
        """What the page calls itself for other sites."""
        return plain(self._facts.get("og:title")) or plain(self._facts.get("twitter:title"))

    def facts(self) -> dict[str, str | None]:
        facts, addresses = self._facts, self._finder.addresses
        return {
            "canonical_url": self._canonical or addresses.absolute(facts.get("og:url", ""), with_fragment=True),
            "description": plain(facts.get("description") or facts.get("og:description"), _DESCRIPTION_CHARS),
            "site_name": plain(facts.get("og:site_name")),
        }

    def _property(self, name: str, content: str) -> None:
        source, _, rest = name.partition(":")
        kind, _, detail = rest.partition(":")
        group = self._last.get((source, kind))
        if name in _BEGIN or (name in _SECURE and (group is None or group.secure_url)):
            if not self._finder.hits.count():
                return
            group = _Group(source=source, kind=_BEGIN.get(name, kind), place=self._finder.hits.reserve())
            self._groups.append(group)
            self._last[source, kind] = group
            if name in _BEGIN:
                group.url = content
        if group is not None and name in _SECURE:
            group.secure_url = content
        elif group is not None and detail and name not in _BEGIN:
            group.more.setdefault(detail, content)

    def _preload(self, href: str, attributes: Attributes) -> None:
        said = Said(type=attributes.get("type"))
        kind = attributes.get("as", "").lower()
        if kind == "image":
            self._finder.image(href, "preload", said)
            for candidate in parse_srcset(attributes.get("imagesrcset", "")):
                if self._finder.hits.is_full:
                    return
                self._finder.image(candidate.url, "preload", Said(width=candidate.width, type=said.type))
        elif kind in ("video", "audio"):
            self._finder.medium(href, "preload", said, kind=kind)

    def _discover(self, href: str, attributes: Attributes) -> None:
        form = _OEMBED.get(attributes.get("type", "").strip().lower())
        address = self._finder.addresses.absolute(href) if form else None
        if not address or any(known["url"] == address for known in self.oembed):
            return
        if len(self.oembed) >= MAX_OEMBED:
            self.oembed_left_out += 1
            return
        self.oembed.append({"url": address, "format": form, "title": plain(attributes.get("title"))})
