"""The name and media type of a fetched file, made safe to show. A name is never used as a path."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import unquote_to_bytes

MAX_NAME_BYTES = 150
FALLBACK = "download"

_PARAMETER = re.compile(r""";\s*([\w!#$&+.^`|~-]+\*?)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)""")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,127}/[a-z0-9!#$&^_.+-]{1,127}")


def display_name(content_disposition: str, last_segment: str) -> str:
    """The file's name by its Content-Disposition (RFC 6266), else by its URL's ``last_segment``; never empty."""
    return clean_name(disposition_name(content_disposition)) or clean_name(last_segment) or FALLBACK


def disposition_name(value: str) -> str:
    """The file name in a Content-Disposition header as it was sent, or ``""``. ``filename*`` wins over ``filename``."""
    found: dict[str, str] = {}
    for match in _PARAMETER.finditer(f";{value.partition(';')[2]}"):
        found.setdefault(match[1].lower(), match[2].strip())
    extended = _decode_extended(found.get("filename*", ""))
    if extended:
        return extended
    plain = found.get("filename", "")
    if len(plain) >= 2 and plain[0] == plain[-1] == '"':
        plain = re.sub(r"\\(.)", r"\1", plain[1:-1])
    # Headers are read as Latin-1, and most servers that send anything beyond ASCII here send plain UTF-8.
    try:
        return plain.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return plain


def _decode_extended(value: str) -> str:
    """RFC 5987: ``UTF-8'en'na%C3%AFve.mp4``."""
    charset, _, rest = value.strip('"').partition("'")
    _language, quote, text = rest.partition("'")
    if not quote or charset.lower() not in ("utf-8", "iso-8859-1"):
        return ""
    return unquote_to_bytes(text).decode(charset, errors="replace")


def clean_name(name: str) -> str:
    """``name`` without directories and control characters, at most 150 bytes, its extension kept; perhaps empty."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rstrip("/").rpartition("/")[2])
    # Category C has the control characters, and those that turn the direction of text ("gpj.exe" shown as "exe.jpg").
    name = "".join(
        " " if char.isspace() else char for char in name if char.isspace() or unicodedata.category(char)[0] != "C"
    )
    name = " ".join(name.split()).lstrip(". ")
    if len(name.encode()) <= MAX_NAME_BYTES:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = dot + extension if stem and len(extension.encode()) <= 10 else ""
    head = name.removesuffix(tail).encode()[: MAX_NAME_BYTES - len(tail.encode())]
    return head.decode(errors="ignore").rstrip() + tail


def media_type(content_type: str) -> str:
    """``type/subtype`` in lower case, or ``""`` if the header says nothing sensible."""
    value = content_type.partition(";")[0].strip().lower()
    return value if _MEDIA_TYPE.fullmatch(value) else ""
