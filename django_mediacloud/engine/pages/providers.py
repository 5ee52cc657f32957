"""Players of other sites, known by the addresses that pages embed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Player:
    provider: str
    id: str | None
    kind: str = "video"
    """``video`` or ``audio``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    provider: str
    host: str
    """A host, or the end of it after a dot."""
    path: str = ""
    """What the path must match; its group, if there is one and it took part, is the id."""
    query: tuple[str, ...] = ()
    """Parameters of which the first that is there is the id."""
    kind: str = "video"


_YOUTUBE_PATH = r"/(?:embed|shorts|live|v)/(?!videoseries)([\w-]{6,20})|/watch|/embed/videoseries"
_RULES = (
    _Rule(provider="youtube", host="youtube.com", path=_YOUTUBE_PATH, query=("v", "list")),
    _Rule(provider="youtube", host="youtube-nocookie.com", path=_YOUTUBE_PATH, query=("v", "list")),
    _Rule(provider="youtube", host="youtu.be", path=r"/([\w-]{6,20})"),
    _Rule(provider="vimeo", host="player.vimeo.com", path=r"/video/(\d+)"),
    _Rule(provider="vimeo", host="vimeo.com", path=r"/(\d+)"),
    _Rule(provider="dailymotion", host="dailymotion.com", path=r"/(?:embed/)?video/(\w+)|/player", query=("video",)),
    _Rule(provider="dailymotion", host="dai.ly", path=r"/(\w+)"),
    _Rule(provider="facebook", host="facebook.com", path=r"/plugins/video|/video/embed", query=("video_id", "href")),
    _Rule(provider="instagram", host="instagram.com", path=r"/(?:p|reel|tv)/([\w-]+)/embed"),
    _Rule(provider="tiktok", host="tiktok.com", path=r"/(?:embed(?:/v\d)?|player/v1)/(\d+)"),
    _Rule(provider="twitch", host="player.twitch.tv", query=("video", "channel", "collection")),
    _Rule(provider="twitch", host="clips.twitch.tv", path=r"/embed", query=("clip",)),
    _Rule(provider="streamable", host="streamable.com", path=r"/[eos]/(\w+)"),
    _Rule(provider="wistia", host="wistia.net", path=r"/embed/(?:iframe|medias)/(\w+)"),
    _Rule(provider="wistia", host="wistia.com", path=r"/embed/(?:iframe|medias)/(\w+)"),
    _Rule(provider="brightcove", host="players.brightcove.net", query=("videoId",)),
    _Rule(provider="jwplayer", host="cdn.jwplayer.com", path=r"/players/(\w+)"),
    _Rule(provider="loom", host="loom.com", path=r"/embed/(\w+)"),
    _Rule(provider="rumble", host="rumble.com", path=r"/embed/(\w+)"),
    _Rule(provider="bilibili", host="player.bilibili.com", query=("bvid", "aid")),
    _Rule(provider="rutube", host="rutube.ru", path=r"/(?:play/)?embed/(\w+)"),
    _Rule(provider="vk", host="vk.com", path=r"/video_ext\.php", query=("id",)),
    _Rule(provider="archive.org", host="archive.org", path=r"/embed/([^/]+)"),
    _Rule(provider="soundcloud", host="w.soundcloud.com", path=r"/player", query=("url",), kind="audio"),
    _Rule(provider="spotify", host="open.spotify.com", path=r"/embed(?:-podcast)?/(\w+/\w+)", kind="audio"),
    _Rule(provider="mixcloud", host="mixcloud.com", path=r"/widget/iframe", query=("feed",), kind="audio"),
    # On any host: everybody can run one.
    _Rule(provider="peertube", host="", path=r"/videos/embed/([0-9a-f-]{36}|\w{22})"),
)  # fmt: skip
# Elements that name the film only.
_EMBED_URLS = {
    "youtube": "https://www.youtube.com/embed/{}",
    "vimeo": "https://player.vimeo.com/video/{}",
    "dailymotion": "https://www.dailymotion.com/embed/video/{}",
}
_NUMBER_AT_END = re.compile(r"/(?:videos/(?:[^/]+/)?|tracks/|playlists/)(\d+)/?(?:\?|$)")


def player_of(url: str) -> Player | None:
    """The player behind an absolute URL, if it is a known one's."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    for rule in _RULES:
        if rule.host and host != rule.host and not host.endswith(f".{rule.host}"):
            continue
        match = re.match(rule.path, parts.path)
        if match:
            given = match[1] if match.re.groups else None
            return Player(provider=rule.provider, id=given or _from_query(parts.query, rule.query), kind=rule.kind)
    return None


def embed_url(provider: str, video_id: str) -> str | None:
    """The player's address for a film of ``provider``; None for what cannot be an id."""
    template = _EMBED_URLS.get(provider)
    return template.format(video_id) if template and re.fullmatch(r"[\w-]{1,40}", video_id) else None


def _from_query(query: str, names: tuple[str, ...]) -> str | None:
    try:
        given = parse_qs(query, max_num_fields=50)
    except ValueError:
        return None
    value = next((given[name][0] for name in names if name in given), None)
    # Facebook and SoundCloud hand on the address of the work.
    number = _NUMBER_AT_END.search(value or "")
    return number[1] if number else value
