"""Tells whether a URL on a page is an image, video or audio, by its media type or file extension.

And what a file is that should be a page, by its first bytes.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from ...exceptions import UnsupportedMedia

STREAM_TYPES = frozenset({"application/vnd.apple.mpegurl", "application/x-mpegurl", "application/dash+xml"})

_TYPES = {
    "image/jpeg": "jpg jpeg jpe jfif",
    "image/png": "png",
    "image/gif": "gif",
    "image/webp": "webp",
    "image/avif": "avif",
    "image/heic": "heic",
    "image/svg+xml": "svg svgz",
    "image/bmp": "bmp",
    "image/tiff": "tif tiff",
    "image/x-icon": "ico",
    "image/apng": "apng",
    "image/jxl": "jxl",
    "video/mp4": "mp4 m4v",
    "video/webm": "webm",
    "video/ogg": "ogv",
    "video/quicktime": "mov",
    "video/x-matroska": "mkv",
    "video/x-msvideo": "avi",
    "video/x-ms-wmv": "wmv",
    "video/x-flv": "flv",
    "video/mpeg": "mpg mpeg",
    "video/3gpp": "3gp",
    "application/vnd.apple.mpegurl": "m3u8",
    "application/dash+xml": "mpd",
    "audio/mpeg": "mp3",
    "audio/mp4": "m4a",
    "audio/aac": "aac",
    "audio/ogg": "ogg oga opus",
    "audio/wav": "wav",
    "audio/flac": "flac",
    "audio/webm": "weba",
}
_BY_EXTENSION = {extension: name for name, extensions in _TYPES.items() for extension in extensions.split()}
_MEDIA_TYPE = re.compile(r"\s*([\w.+-]{1,60}/[\w.+-]{1,60})\s*(?:;|$)")

HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
HEAD_BYTES = 4096
_SIGNATURES = (
    (b"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|RIFF....WEBP|II\\*\x00|MM\x00\\*|....ftyp(?:avi[fs]|heic|mif1)", "a picture"),
    (b"....(?:ftyp|moov|mdat)|\x1aE\xdf\xa3|RIFF....AVI |FLV\x01|\x00\x00\x01[\xb3\xba]", "a film"),
    (b"ID3|OggS|fLaC|RIFF....WAVE|\xff[\xf1\xf3\xf9\xfa\xfb]", "a sound"),
    (b"#EXTM3U", "a playlist"),
    (b"%PDF-", "a PDF document"),
    (b"PK\x03\x04|\x1f\x8b|7z\xbc\xaf|Rar!", "an archive"),
)  # fmt: skip
_BY_TYPE = {"image": "a picture", "video": "a film", "audio": "a sound", "font": "a font"}
_ROOTS = {"svg": "a picture", "rss": "a news feed", "feed": "a news feed", "rdf:rdf": "a news feed"}
_PROLOG = re.compile(r"\s*+(?:<\?[^>]*+>\s*+|<!--.*?-->\s*+|<!doctype[^>]*+>\s*+)*+<([a-z][\w:.-]*)", re.I | re.S)
_MARKUP = re.compile(r"<(?:!doctype\s|!--|\?xml|/?[a-z][a-z0-9:-]*+[\s/>])", re.IGNORECASE)


def media_type(text: str | None) -> str | None:
    """The media type in a ``type`` attribute, without its parameters."""
    found = _MEDIA_TYPE.match(text or "")
    return found[1].lower() if found else None


def type_of_name(url: str) -> str | None:
    """The media type that the name's end stands for. None for what is no medium."""
    name = urlsplit(url).path.rpartition("/")[2]
    return _BY_EXTENSION.get(name.rpartition(".")[2].lower()) if "." in name else None


def kind_of(content_type: str | None) -> str | None:
    """``image``, ``video`` or ``audio``; None for what is none of them."""
    if content_type in STREAM_TYPES:
        return "video"
    kind = (content_type or "").partition("/")[0]
    return kind if kind in ("image", "video", "audio") else None


def check_is_page(sample: bytes, text: str, content_type: str) -> None:
    """``UnsupportedMedia`` unless this is the beginning of a page; ``text`` is ``sample``, decoded.

    Bytes weigh more than the server's word: pages come as ``text/plain``, and pictures as ``text/html``.
    """
    declared = media_type(content_type) or ""
    text = text[:HEAD_BYTES]
    for pattern, what in _SIGNATURES:
        if re.match(pattern, sample, re.DOTALL):
            raise _refusal(what, declared)
    root = _PROLOG.match(text)
    if root and root[1].lower() in _ROOTS:
        raise _refusal(_ROOTS[root[1].lower()], declared)
    if declared not in HTML_TYPES:
        main = declared.partition("/")[0]
        looks_like_page = root if main in _BY_TYPE else _MARKUP.search(text)
        if not looks_like_page:
            raise _refusal(_BY_TYPE.get(main, "something else"), declared)


def _refusal(what: str, declared: str) -> UnsupportedMedia:
    named = f" ({declared})" if declared and declared not in HTML_TYPES else ""
    return UnsupportedMedia(
        f"The address leads to {what}{named}, not to a web page.",
        advice="Give the address of the page that shows it; for a picture, film or sound itself use its info task.",
    )
