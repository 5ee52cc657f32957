"""Readers for the elements of a page that show media."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from .finder import FLASH, Finder, Said
from .media_types import kind_of, type_of_name
from .providers import embed_url
from .srcset import parse_srcset

Attributes = Mapping[str, str]

# Where scripts that load pictures late look for their addresses.
_LAZY = ("data-src", "data-lazy-src", "data-original", "data-lazy")
_LAZY_SETS = ("data-srcset", "data-lazy-srcset")
_LAZY_BACKGROUNDS = ("data-bg", "data-background", "data-background-image")
_CSS_URL = re.compile(
    r"url\(\s*+(?:\"((?:[^\"\\]|\\.)*+)\"|'((?:[^'\\]|\\.)*+)'|((?:[^\"'()\\\s]|\\.)*+))\s*+\)", re.I | re.S
)
_CSS_ESCAPE = re.compile(r"\\(?:([0-9a-f]{1,6})\s?|(.))", re.I | re.S)
_EMBED_IDS = {
    "amp-youtube": ("youtube", "data-videoid"),
    "lite-youtube": ("youtube", "videoid"),
    "amp-vimeo": ("vimeo", "data-videoid"),
    "lite-vimeo": ("vimeo", "videoid"),
    "amp-dailymotion": ("dailymotion", "data-videoid"),
}


def read_element(tag: str, attributes: Attributes, parent: tuple[str, Attributes], finder: Finder) -> None:
    """Tell ``finder`` what one element shows. ``parent`` is the nearest <picture>, <video> or <audio> around it."""
    if tag == "source":
        _source(attributes, parent, finder)
    elif tag in _READERS:
        _READERS[tag](attributes, finder)
    elif tag in _EMBED_IDS:
        provider, name = _EMBED_IDS[tag]
        finder.player(embed_url(provider, attributes.get(name, "")), tag.partition("-")[0], _said(attributes))
    _background(attributes, finder)


def _said(attributes: Attributes) -> Said:
    return Said(
        width=attributes.get("width"),
        height=attributes.get("height"),
        title=attributes.get("alt") or attributes.get("title"),
        type=attributes.get("type"),
    )


def _candidates(text: str, source: str, said: Said, finder: Finder) -> None:
    for candidate in parse_srcset(text):
        if finder.hits.is_full:
            return
        finder.image(candidate.url, source, Said(width=candidate.width, title=said.title, type=said.type))


def _pictures(attributes: Attributes, source: str, finder: Finder) -> None:
    said = _said(attributes)
    finder.image(attributes.get("src"), source, said)
    _candidates(attributes.get("srcset", ""), "srcset" if source == "img" else source, said, finder)
    for name in _LAZY:
        finder.image(attributes.get(name), "lazy", said)
    for name in _LAZY_SETS:
        _candidates(attributes.get(name, ""), "lazy", said, finder)


def _img(attributes: Attributes, finder: Finder) -> None:
    _pictures(attributes, "img", finder)


def _amp_img(attributes: Attributes, finder: Finder) -> None:
    _pictures(attributes, "amp", finder)


def _input(attributes: Attributes, finder: Finder) -> None:
    if attributes.get("type", "").lower() == "image":
        _pictures({**attributes, "type": ""}, "input", finder)


def _svg_image(attributes: Attributes, finder: Finder) -> None:
    finder.image(
        attributes.get("href") or attributes.get("xlink:href") or attributes.get("src"), "svg", _said(attributes)
    )


def _film(attributes: Attributes) -> Said:
    poster = attributes.get("poster") or attributes.get("data-poster")
    said = _said(attributes)
    return Said(width=said.width, height=said.height, title=attributes.get("title"), type=said.type, thumbnail=poster)


def _video(attributes: Attributes, finder: Finder) -> None:
    said = _film(attributes)
    for name in ("src", *_LAZY):
        finder.medium(attributes.get(name), "video", said, kind="video")
    finder.image(said.thumbnail, "poster", Said(width=said.width, height=said.height))


def _audio(attributes: Attributes, finder: Finder) -> None:
    for name in ("src", *_LAZY):
        finder.medium(attributes.get(name), "audio", Said(title=attributes.get("title")), kind="audio")


def _source(attributes: Attributes, parent: tuple[str, Attributes], finder: Finder) -> None:
    tag, around = parent
    if tag in ("video", "audio", "amp-video", "amp-audio"):
        kind = tag.removeprefix("amp-")
        film = _film(around) if kind == "video" else Said(title=around.get("title"))
        said = Said(
            width=film.width,
            height=film.height,
            title=film.title,
            type=attributes.get("type"),
            thumbnail=film.thumbnail,
        )
        for name in ("src", *_LAZY):
            finder.medium(attributes.get(name), kind, said, kind=kind)
    else:
        _pictures(attributes, "picture", finder)


def _iframe(attributes: Attributes, finder: Finder) -> None:
    for name in ("src", *_LAZY):
        finder.player(attributes.get(name), "iframe", _said(attributes), is_sure=False)


def _embed(attributes: Attributes, finder: Finder, source: str = "embed") -> None:
    address = attributes.get("src") if source == "embed" else attributes.get("data")
    said = _said(attributes)
    kind = kind_of((said.type or "") if isinstance(said.type, str) else "")
    if kind:
        finder.medium(address, source, said, kind=kind)
    else:
        finder.player(address, source, said, is_sure=said.type == FLASH)


def _object(attributes: Attributes, finder: Finder) -> None:
    _embed(attributes, finder, "object")


def _a(attributes: Attributes, finder: Finder) -> None:
    """Only a link to a file: its name says so. A link to another site's player is a page, not a film."""
    href = attributes.get("href", "")
    address = finder.addresses.absolute(href) if "." in href else None
    if address and type_of_name(address):
        finder.medium(href, "a", Said(title=attributes.get("title")))


def _background(attributes: Attributes, finder: Finder) -> None:
    finder.image(attributes.get("background"), "style")
    for url in _css_urls(attributes.get("style", "")):
        finder.image(url, "style")
    for name in _LAZY_BACKGROUNDS:
        value = attributes.get(name, "")
        if value:
            for url in _css_urls(value) if "url(" in value.lower() else iter((value,)):
                finder.image(url, "lazy")


def _css_urls(style: str) -> Iterator[str]:
    for match in _CSS_URL.finditer(style):
        yield _CSS_ESCAPE.sub(_unescaped, match[1] or match[2] or match[3] or "")


def _unescaped(match: re.Match[str]) -> str:
    if not match[1]:
        return match[2]
    number = int(match[1], 16)
    return chr(number) if 0 < number < 0x110000 and not 0xD800 <= number < 0xE000 else "\ufffd"


_READERS: Mapping[str, Callable[[Attributes, Finder], None]] = {
    "img": _img,
    "amp-img": _amp_img,
    "amp-anim": _amp_img,
    "input": _input,
    "image": _svg_image,
    "video": _video,
    "amp-video": _video,
    "audio": _audio,
    "amp-audio": _audio,
    "iframe": _iframe,
    "frame": _iframe,
    "amp-iframe": _iframe,
    "embed": _embed,
    "object": _object,
    "a": _a,
    "area": _a,
}


def item_value(attributes: Attributes) -> str | None:
    """The value of an element with ``itemprop``, where an attribute has it (HTML Standard, "Values")."""
    if "content" in attributes:
        return attributes["content"]
    for name in ("src", "href", "data", "datetime", "value"):
        if name in attributes:
            return attributes[name]
    return None
