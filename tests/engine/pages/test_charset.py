from __future__ import annotations

import codecs

import pytest

from django_mediacloud.engine.pages.charset import charset_of, decode

RUSSIAN = "Привет, это страница о фильмах и картинах, которые стоит посмотреть. " * 3
JAPANESE = "こんにちは、これは映画と写真のページです。①～ カタカナも漢字もあります。" * 3
CHINESE = "你好，这是关于电影和图片的网页。请欣赏这些照片。" * 3
FRENCH = "Les élèves français ont été très étonnés par cet œuvre à Noël. " * 3
POLISH = "Zażółć gęślą jaźń, proszę państwa, źdźbło łąki. " * 3


def page(text: str, meta: str = "") -> str:
    return f"<html><head>{meta}<title>{text}</title></head>"


def read(data: bytes, declared: str = "") -> str:
    return "".join(decode(iter([data]), charset_of(data, declared)))


@pytest.mark.parametrize(
    ("text", "charset", "label"),
    [
        (RUSSIAN, "cp1251", "windows-1251"),
        (RUSSIAN, "koi8-r", "KOI8-R"),
        (RUSSIAN, "iso8859-5", "iso-8859-5"),
        (JAPANESE, "cp932", "x-sjis"),
        (JAPANESE.replace("①～", ""), "euc_jp", "euc-jp"),
        (JAPANESE.replace("①～", ""), "iso2022_jp", "iso-2022-jp"),
        (CHINESE, "gb18030", "gb2312"),
        (CHINESE + "\U00020000", "gb18030", "GBK"),
        (FRENCH, "cp1252", "latin1"),
        (POLISH, "iso8859-2", "ISO-8859-2"),
        (RUSSIAN, "utf-8", "UTF-8"),
    ],
)
def test_what_is_declared_by_server_or_page(text: str, charset: str, label: str) -> None:
    assert read(page(text).encode(charset), label) == page(text)
    for meta in (f"<meta charset={label}>", f'<meta http-equiv=Content-Type content="text/html; charset={label}">'):
        assert read(page(text, meta).encode(charset)) == page(text, meta)


@pytest.mark.parametrize(
    ("text", "charset"),
    [(RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (JAPANESE, "cp932"), (CHINESE, "gb18030"), (FRENCH, "cp1252")],
)
def test_what_nobody_declares(text: str, charset: str) -> None:
    assert read(page(text).encode(charset)) == page(text)


@pytest.mark.parametrize("charset", ["utf-16-le", "utf-16-be"])
def test_utf_16(charset: str) -> None:
    assert read(page(RUSSIAN).encode(charset)) == page(RUSSIAN)
    assert read(f"\ufeff{page(RUSSIAN)}".encode(charset)) == page(RUSSIAN)


def test_marks_win_over_declarations() -> None:
    assert read(codecs.BOM_UTF8 + page(RUSSIAN).encode(), "windows-1251") == page(RUSSIAN)
    assert read(page(RUSSIAN).encode("utf-32"), "utf-8") == page(RUSSIAN)


@pytest.mark.parametrize("label", ["iso-8859-1", "utf-16", "shift_jis", "nonsense", ""])
def test_wrong_declarations_give_way_to_the_bytes(label: str) -> None:
    assert read(page(RUSSIAN).encode(), label) == page(RUSSIAN)
    meta = f"<meta charset='{label}'>"
    assert read(page(RUSSIAN, meta).encode()) == page(RUSSIAN, meta)


def test_a_page_that_says_utf_8_and_is_not() -> None:
    assert read(page(RUSSIAN).encode("cp1251"), "utf-8") == page(RUSSIAN)
    meta = "<meta charset=windows-1251>"
    assert read(page(RUSSIAN, meta).encode("cp1251"), "utf-8") == page(RUSSIAN, meta)


def test_a_few_broken_bytes_change_nothing() -> None:
    data = page(RUSSIAN).encode()
    assert read(data[:60] + b"\xff\xfe" + data[60:], "utf-8").count("\ufffd") == 2
    # Cut within a character, as by a limit.
    assert charset_of(data[: data.index(b"<title>") + 8], "") == "utf-8"


@pytest.mark.parametrize("label", ["punycode", "utf-7", "zip", "rot13", "unicode_escape", "idna"])
def test_codecs_that_no_page_has_are_not_believed(label: str) -> None:
    # What is guarded against: Python itself knows them.
    assert codecs.lookup(label)
    assert charset_of(b"<p>+ADw-script+AD4-", label) == "utf-8"
