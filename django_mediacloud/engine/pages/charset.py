"""In which character encoding a page is written.

As browsers do it (WHATWG, "Determining the character encoding"): byte order mark, HTTP header, ``<meta>``; but what is
declared has to fit the bytes. Where nothing fits, statistics decide.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator

from ..extras import optional

charset_normalizer = optional("charset_normalizer")
webencodings = optional("webencodings")

DECLARATION_BYTES = 8192
STATISTICS_BYTES = 32_768
MAX_MISFIT = 0.25
"""Share of a page's other-than-ASCII characters that may be undecodable. A few broken ones are normal; in a wrong
charset, most are."""

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    # Before UTF-16's, which the little-endian one begins with.
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_DECLARED = re.compile(
    rb"<meta\b[^>]{0,500}?\bcharset\s{0,9}=\s{0,9}[\"']?\s{0,9}([\w.:-]{1,40})"
    rb"|^\s{0,99}<\?xml\b[^>]{0,200}?\bencoding\s{0,9}=\s{0,9}[\"']([\w.:-]{1,40})",
    re.IGNORECASE,
)
_CONTEXT = re.compile(rb"[^<>\x80-\xff]{0,80}[\x80-\xff][^<>]{0,200}")
# What pages are written in, commonest first. Left to itself, the library also guesses at charsets that no page has.
_GUESSES = [
    "utf_8", "cp1252", "cp1251", "shift_jis", "cp932", "gb18030", "euc_jp", "euc_kr", "big5", "cp1250", "cp1253",
    "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "koi8_r", "iso8859_2", "iso8859_5", "tis_620",
]  # fmt: skip


def charset_of(sample: bytes, declared: str = "") -> str:
    """The codec (its name in Python) for a page that begins with ``sample``; ``declared`` is what the server says.

    Only the charsets of the web are taken at their word: Python knows others (punycode, UTF-7) that make a short page
    run for hours, or hide markup.
    """
    for mark, name in _MARKS:
        if sample.startswith(mark):
            return name
    wide = _wide(sample)
    if wide:
        return wide
    names = [name for name in (_codec(declared), _declared_in(sample)) if name]
    if sample.isascii():
        # ISO-2022-JP needs no other bytes; for all else it does not matter.
        return names[0] if names else "utf-8"
    best = min(_candidates(sample, names), key=lambda found: (found[0] > MAX_MISFIT and found[0], found[1]))
    return best[2]


def decode(pieces: Iterator[bytes], charset: str) -> Iterator[str]:
    """The text of ``pieces``, with U+FFFD for what cannot be read."""
    decoder = codecs.getincrementaldecoder(charset)(errors="replace")
    for piece in pieces:
        yield decoder.decode(piece)
    yield decoder.decode(b"", final=True)


def _wide(sample: bytes) -> str:
    """UTF-16 without a mark, seen by its markup; it is believed from nobody else, as in browsers."""
    start = sample[:512].lstrip(b"\x00\t\n\r ")
    if not start.startswith(b"<\x00") and not re.match(rb"<[!a-zA-Z?]\x00", start):
        return "utf-16-be" if re.match(rb"(?:\x00[\t\n\r ])*\x00<\x00[!a-zA-Z?]", sample[:512]) else ""
    if re.match(rb"(?:\x00[\t\n\r ])*\x00<\x00", sample[:512]):
        return "utf-16-be"
    return "utf-16-le" if start.startswith(b"<\x00") else ""


def _codec(label: str) -> str:
    encoding = webencodings.lookup(label) if label else None
    if encoding is None or encoding.name in ("replacement", "x-user-defined"):
        return ""
    if encoding.name.startswith("utf-16"):
        # The bytes have shown that they are not (WHATWG: a <meta> that says UTF-16 means UTF-8).
        return "utf-8"
    return "gb18030" if encoding.name == "gbk" else str(encoding.codec_info.name)


def _declared_in(sample: bytes) -> str:
    found = _DECLARED.search(sample[:DECLARATION_BYTES])
    return _codec((found[1] or found[2]).decode("ascii", "replace")) if found else ""


def _candidates(sample: bytes, names: list[str]) -> Iterator[tuple[float, int, str]]:
    """Misfit, rank and name of each charset that it may be."""
    utf8 = _misfit(sample, "utf-8")
    if utf8 == 0:
        # A text in another charset is hardly ever valid UTF-8, whatever its server says.
        yield 0.0, -1, "utf-8"
        return
    ranked = [*dict.fromkeys((*names, "utf-8"))]
    found = [(_misfit(sample, name), rank, name) for rank, name in enumerate(ranked)]
    yield from found
    if all(misfit > MAX_MISFIT for misfit, _, _ in found):
        guess = _guess(sample)
        yield _misfit(sample, guess), len(found), guess


def _misfit(sample: bytes, charset: str) -> float:
    """Share of the characters beyond ASCII that ``charset`` cannot read. A sample may end within a character."""
    text = codecs.getincrementaldecoder(charset)(errors="replace").decode(sample)
    beyond = len(text) - len(text.encode("ascii", "ignore"))
    return text.count("\ufffd") / beyond if beyond else 0.0


def _guess(sample: bytes) -> str:
    text = b"\n".join(match[0] for match in _CONTEXT.finditer(sample))[:STATISTICS_BYTES]
    matches = charset_normalizer.from_bytes(text, cp_isolation=_GUESSES)
    best = matches.best()
    if best is None:
        return "cp1252"
    # Many texts look as likely in several charsets: then it is the one that more pages are written in.
    equal = [match for match in matches if (match.chaos, match.coherence) == (best.chaos, best.coherence)]
    names = {name for match in equal for name in match.could_be_from_charset}
    return codecs.lookup(min(names & {*_GUESSES} or {best.encoding}, key=_GUESSES.index)).name
