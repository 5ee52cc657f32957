"""Media in structured data by schema.org: JSON-LD, and microdata once it has the same shape."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .finder import Finder, Said

MAX_JSON_CHARS = 8_000_000

_IMAGE_KEYS = frozenset(
    {"image", "images", "thumbnail", "thumbnailurl", "logo", "photo", "photos", "primaryimageofpage", "screenshot"}
)
_IMAGE_TYPES = frozenset({"imageobject", "photograph", "barcode"})
_VIDEO_TYPES = frozenset({"videoobject", "videoobjectsnapshot", "clip"})
_AUDIO_TYPES = frozenset({"audioobject", "audioobjectsnapshot", "podcastepisode", "musicrecording"})
_WRAPPING = re.compile(r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)")
# Strings are taken whole, so that only commas outside of them are dropped; the last one may lack its end.
_SPARE_COMMA = re.compile(r"(\"(?:[^\"\\]++|\\.)*+\"?+)|,(?=\s*+[}\]])", re.DOTALL)

Node = Mapping[str, Any]


def parse_json(text: str) -> Any:
    """What a JSON-LD script holds; None if nothing can be made of it.

    Forgiven, because pages have it: comment and CDATA wrappings, line breaks in strings, commas before a closing
    bracket, and anything after the end.
    """
    text = _WRAPPING.sub("", text[:MAX_JSON_CHARS]).lstrip("\ufeff \t\r\n")
    decoder = json.JSONDecoder(strict=False)
    try:
        return decoder.raw_decode(text)[0]
    except RecursionError:
        # Nested too deep to mean anything.
        return None
    except ValueError:
        text = _SPARE_COMMA.sub(r"\1", text)
    try:
        return decoder.raw_decode(text)[0]
    except (ValueError, RecursionError):
        return None


def find_media(data: Any, finder: Finder, source: str, place: int) -> None:
    """Tell ``finder`` of every picture, film and sound in ``data``, however deep, in the order written."""
    waiting: list[tuple[Any, str]] = [(data, "")]
    while waiting:
        value, key = waiting.pop()
        if finder.hits.is_full:
            return
        if isinstance(value, str):
            if key in _IMAGE_KEYS:
                finder.image(value, source, place=place)
        elif isinstance(value, list):
            waiting += [(item, key) for item in reversed(value)]
        elif isinstance(value, dict):
            node = {_local(name): item for name, item in value.items()}
            _tell(node, key, finder, source, place)
            waiting += [(item, name) for name, item in reversed(node.items()) if isinstance(item, str | list | dict)]


def _tell(node: Node, key: str, finder: Finder, source: str, place: int) -> None:
    types = {_local(name) for name in _strings(node.get("@type"))}
    said = Said(
        width=_value(node.get("width")),
        height=_value(node.get("height")),
        duration=_value(node.get("duration")),
        title=next(_strings(node.get("name") or node.get("caption") or node.get("headline")), None),
        type=next(_strings(node.get("encodingformat") or node.get("fileformat")), None),
        thumbnail=_thumbnail(node),
    )
    contents, embeds = [*_strings(node.get("contenturl"))], [*_strings(node.get("embedurl"))]
    if types & _IMAGE_TYPES or (key in _IMAGE_KEYS and not types):
        for url in contents or _strings(node.get("url")):
            finder.image(url, source, said, place)
        return
    kind = "video" if types & _VIDEO_TYPES else "audio" if types & _AUDIO_TYPES else ""
    for url in contents:
        finder.medium(url, source, said, place, kind)
    for url in embeds:
        finder.player(url, source, said, place)


def _local(name: str) -> str:
    """``VideoObject`` of ``http://schema.org/VideoObject`` and ``schema:VideoObject``, in small letters."""
    return name if name.startswith("@") else re.split(r"[/:#]", name[-200:])[-1].lower()


def _strings(value: Any) -> Iterator[str]:
    for item in value if isinstance(value, list) else [value]:
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict) and isinstance(item.get("@value"), str):
            yield item["@value"]


def _value(value: Any) -> Any:
    """A quantity: itself, the first of a list, or a QuantitativeValue's."""
    for _ in range(3):
        if isinstance(value, list) and value:
            value = value[0]
        elif isinstance(value, dict):
            value = value.get("value", value.get("@value"))
    return value


def _thumbnail(node: Node) -> str | None:
    for name in ("thumbnailurl", "thumbnail", "image"):
        value = node.get(name)
        value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, dict):
            value = value.get("contentUrl") or value.get("url") or value.get("contenturl")
            value = value[0] if isinstance(value, list) and value else value
        if isinstance(value, str):
            return value
    return None
