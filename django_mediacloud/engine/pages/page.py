"""Reads a page from its file, once and in pieces: the media that it shows, and its metadata."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...exceptions import UnreadableMedia
from ..extras import optional
from .addresses import Addresses
from .charset import charset_of, decode
from .elements import item_value, read_element
from .finder import Finder
from .hits import MAX_HITS, plain
from .media_types import check_is_page
from .metadata import Metadata
from .structured import MAX_JSON_CHARS, find_media, parse_json

etree = optional("lxml.etree")

MAX_PAGE_BYTES = 64 * 1024 * 1024
SAMPLE_BYTES = 1 << 20
PIECE_BYTES = 1 << 16
MAX_OPEN = 500
"""Elements within each other of which we keep something. Beyond, they are read as if they stood outside."""
MAX_SEARCH_STEPS = 4_000_000_000
"""The parser looks for the partner of an end tag among all that is open: a few seconds' worth on a hostile page."""
MAX_DEPTH = 100_000
"""Elements within each other: the parser remembers each, and no page of a person's has a hundredth of that."""
_MAX_TITLE_CHARS = 20_000

_AROUND = frozenset({"picture", "video", "audio", "amp-video", "amp-audio", "svg", "template"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """``hits`` as documented at ``html.scrape``; ``title`` is None for a page without one."""

    title: str | None
    hits: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class _Open:
    depth: int
    tag: str
    attributes: dict[str, str]
    item: dict[str, Any] | None = None
    place: int = 0
    properties: tuple[str, ...] = ()


def read_page(path: Path, *, url: str, content_type: str = "", charset: str = "") -> Page:
    """The page in ``path``, which lay at ``url`` (may be empty: then only whole addresses count).

    ``content_type`` and ``charset`` are the server's word, or empty. Time and memory are bounded whatever the page is:
    the parser gives a stream of tags and keeps no tree. Raises ``UnsupportedMedia`` for what is no page,
    ``UnreadableMedia`` for an empty file.
    """
    with path.open("rb") as file:
        sample = file.read(SAMPLE_BYTES)
    if not sample:
        raise UnreadableMedia("The page is empty.", advice="Check that the address shows a page in a browser.")
    encoding = charset_of(sample, charset)
    check_is_page(sample, "".join(decode(iter([sample[:PIECE_BYTES]]), encoding)), content_type)
    reader = _Reader(Addresses(url, encoding))
    is_whole = _feed(reader, decode(_pieces(path), encoding)) and path.stat().st_size <= MAX_PAGE_BYTES
    return reader.page(url=url, charset=encoding, is_whole=is_whole)


def _pieces(path: Path) -> Iterator[bytes]:
    left = MAX_PAGE_BYTES
    with path.open("rb") as file:
        while left > 0 and (piece := file.read(min(PIECE_BYTES, left))):
            left -= len(piece)
            yield piece


def _feed(reader: _Reader, texts: Iterator[str]) -> bool:
    """Read on to the end, or to where a limit is reached: then False."""
    parser = etree.HTMLParser(target=reader, encoding="utf-8", no_network=True)
    steps = 0
    is_whole = True
    # What the parser cannot go on with ends the page: an empty one, above all. What was found so far counts.
    with contextlib.suppress(etree.XMLSyntaxError):
        for text in texts:
            steps += text.count("</") * reader.depth
            if steps > MAX_SEARCH_STEPS or reader.depth > MAX_DEPTH or reader.finder.hits.is_full:
                is_whole = False
                break
            parser.feed(text.encode())
        parser.close()
    return is_whole and not reader.finder.hits.is_full


@dataclass(slots=True)
class _Text:
    """The text of the one element that is being listened to."""

    tag: str = ""
    max_chars: int = 0
    place: int = 0
    pieces: list[str] = field(default_factory=list)
    size: int = 0

    def add(self, text: str) -> None:
        if self.size < self.max_chars:
            self.pieces.append(text)
            self.size += len(text)


class _Reader:
    """What lxml's parser calls for every tag and text."""

    def __init__(self, addresses: Addresses) -> None:
        self.finder = Finder(addresses)
        self.depth = 0
        self._metadata = Metadata(self.finder)
        self._open: list[_Open] = []
        self._templates = 0
        self._text: _Text | None = None
        self._title: str | None = None
        self._language: str | None = None

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self._templates or self.finder.hits.is_full:
            # A template shows nothing until a script fills it.
            self._track(tag, attributes)
            return
        self._properties_of(tag, attributes)
        self._listen(tag, attributes)
        if tag == "base" and "href" in attributes:
            self.finder.addresses.set_base(attributes["href"])
        elif tag == "meta":
            self._metadata.meta(attributes)
        elif tag == "link":
            self._metadata.link(attributes)
        elif tag == "html":
            self._language = self._language or plain(attributes.get("lang") or attributes.get("xml:lang"), 35)
        elif attributes:
            read_element(tag, attributes, self._around(), self.finder)

    def end(self, tag: str) -> None:
        if self._text is not None and tag == self._text.tag:
            self._heard(self._text)
            self._text = None
        while self._open and self._open[-1].depth >= self.depth:
            self._close_last()
        self.depth -= 1

    def data(self, text: str) -> None:
        if self._text is not None:
            self._text.add(text)

    def close(self) -> None:
        while self._open:
            self._close_last()
        self._metadata.finish()

    def page(self, *, url: str, charset: str, is_whole: bool) -> Page:
        found = self.finder.hits.grouped()
        hits: dict[str, Any] = {name: group[:MAX_HITS] for name, group in found.items()}
        hits["oembed"] = self._metadata.oembed
        hits["page"] = {
            "url": self.finder.addresses.absolute(url) if url else None,
            **self._metadata.facts(),
            "language": self._language,
            "charset": charset,
        }
        hits["left_out"] = {name: max(0, len(group) - MAX_HITS) for name, group in found.items()}
        hits["left_out"]["oembed"] = self._metadata.oembed_left_out
        hits["is_truncated"] = not is_whole
        return Page(title=self._title or self._metadata.title(), hits=hits)

    def _around(self) -> tuple[str, dict[str, str]]:
        for element in reversed(self._open[-8:]):
            if element.tag in _AROUND:
                return element.tag, element.attributes
        return "", {}

    def _listen(self, tag: str, attributes: dict[str, str]) -> None:
        if self._text is not None:
            return
        if tag == "title" and self._title is None and not any(element.tag == "svg" for element in self._open):
            self._text = _Text(tag=tag, max_chars=_MAX_TITLE_CHARS)
        elif tag == "script" and attributes.get("type", "").partition(";")[0].strip().lower() == "application/ld+json":
            self._text = _Text(tag=tag, max_chars=MAX_JSON_CHARS, place=self.finder.hits.reserve())

    def _heard(self, text: _Text) -> None:
        whole = "".join(text.pieces)
        if text.tag == "title":
            self._title = plain(whole)
        else:
            find_media(parse_json(whole), self.finder, "json-ld", text.place)

    def _properties_of(self, tag: str, attributes: dict[str, str]) -> None:
        """Microdata: an item opens, or a value goes to the innermost open one."""
        names = tuple(attributes["itemprop"].split()[:10]) if "itemprop" in attributes else ()
        if "itemscope" in attributes:
            item = {"@type": attributes.get("itemtype", "").split()}
            self._track(tag, attributes, item, names)
            return
        self._track(tag, attributes)
        value = item_value(attributes) if names else None
        if value is not None:
            self._give(names, value)

    def _give(self, names: tuple[str, ...], value: Any) -> None:
        for element in reversed(self._open):
            if element.item is not None:
                for name in names:
                    element.item.setdefault(name, []).append(value)
                return
        find_media(dict.fromkeys(names, value), self.finder, "microdata", self.finder.hits.reserve())

    def _track(
        self, tag: str, attributes: dict[str, str], item: dict[str, Any] | None = None, names: tuple[str, ...] = ()
    ) -> None:
        if (tag not in _AROUND and item is None) or len(self._open) >= MAX_OPEN:
            return
        place = self.finder.hits.reserve()
        self._templates += tag == "template"
        self._open.append(
            _Open(depth=self.depth, tag=tag, attributes=dict(attributes), item=item, place=place, properties=names)
        )

    def _close_last(self) -> None:
        element = self._open.pop()
        self._templates -= element.tag == "template"
        if element.item is None:
            return
        if element.properties and any(outer.item is not None for outer in self._open):
            # Under one name only: under several, items within items would be read twice as often with each level.
            self._give(element.properties[:1], element.item)
        else:
            find_media(element.item, self.finder, "microdata", element.place)
