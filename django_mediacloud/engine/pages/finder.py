"""Turns what a page says about one medium into a hit: absolute address, kind, player."""

from __future__ import annotations

from dataclasses import dataclass

from .addresses import Addresses
from .hits import Hit, Hits, pixels, plain, seconds
from .media_types import STREAM_TYPES, kind_of, media_type, type_of_name
from .providers import player_of

FLASH = "application/x-shockwave-flash"


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What stands beside an address, as written."""

    width: object = None
    height: object = None
    duration: object = None
    title: object = None
    type: object = None
    thumbnail: object = None


NOTHING = Said()


class Finder:
    """Where all readers of a page put what they find. References that lead to nothing are left out in silence."""

    def __init__(self, addresses: Addresses) -> None:
        self.addresses = addresses
        self.hits = Hits()

    def image(self, url: object, source: str, said: Said = NOTHING, place: int | None = None) -> None:
        """A picture."""
        address = self._address(url)
        if address:
            stated = _stated_type(said)
            self._add("image", address, source, said, stated or type_of_name(address), place)

    def medium(self, url: object, source: str, said: Said = NOTHING, place: int | None = None, kind: str = "") -> None:
        """A file or stream to play. ``kind`` is for what neither its type nor its name tells."""
        address = self._address(url)
        if not address:
            return
        content_type = _stated_type(said) or type_of_name(address)
        found = kind_of(content_type) or kind
        if found == "image":
            self._add("image", address, source, said, content_type, place)
        elif found:
            self._add(found, address, source, said, content_type, place, played_as(content_type))

    def player(
        self, url: object, source: str, said: Said = NOTHING, place: int | None = None, *, is_sure: bool = True
    ) -> None:
        """A page with a player in it. Unless ``is_sure``, only a known player's, or a film that is framed by itself."""
        address = self._address(url, with_fragment=True)
        if not address:
            return
        stated = _stated_type(said)
        player = player_of(address)
        file_type = stated if kind_of(stated) else None if player or stated else type_of_name(address)
        if kind_of(file_type):
            self.medium(url, source, said, place)
        elif player or is_sure:
            kind = player.kind if player else "video"
            thumbnail = self._thumbnail(said)
            hit = _hit(kind, address, source, said, stated, "embed", thumbnail)
            if player:
                hit = _hit(kind, address, source, said, stated, "embed", thumbnail, player.provider, plain(player.id))
            self.hits.add(hit, place)

    def _address(self, url: object, *, with_fragment: bool = False) -> str | None:
        if not isinstance(url, str) or not self.hits.count():
            return None
        return self.addresses.absolute(url, with_fragment=with_fragment)

    def _thumbnail(self, said: Said) -> str | None:
        return self.addresses.absolute(said.thumbnail) if isinstance(said.thumbnail, str) else None

    def _add(
        self,
        kind: str,
        address: str,
        source: str,
        said: Said,
        content_type: str | None,
        place: int | None,
        played: str | None = None,
    ) -> None:
        self.hits.add(_hit(kind, address, source, said, content_type, played, self._thumbnail(said)), place)


def played_as(content_type: str | None) -> str:
    """``stream`` for a playlist, else ``file``."""
    return "stream" if content_type in STREAM_TYPES else "file"


def _stated_type(said: Said) -> str | None:
    return media_type(said.type) if isinstance(said.type, str) else None


def _hit(
    kind: str,
    url: str,
    source: str,
    said: Said,
    content_type: str | None,
    played: str | None,
    thumbnail: str | None,
    provider: str | None = None,
    provider_id: str | None = None,
) -> Hit:
    return Hit(
        kind=kind,
        url=url,
        source=source,
        type=played,
        width=pixels(said.width),
        height=pixels(said.height),
        duration=seconds(said.duration),
        title=plain(said.title) if isinstance(said.title, str) else None,
        content_type=content_type,
        provider=provider,
        provider_id=provider_id,
        thumbnail=thumbnail,
    )
