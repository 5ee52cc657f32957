from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.transport.naming import MAX_NAME_BYTES, clean_name, display_name, disposition_name, media_type


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("attachment; filename=clip.mp4", "clip.mp4"),
        ('attachment; filename="my clip.mp4"', "my clip.mp4"),
        ('attachment; filename="a \\"quoted\\" name.mp4"', 'a "quoted" name.mp4'),
        ('inline; FILENAME = "clip.mp4" ; size=3', "clip.mp4"),
        ('attachment; filename="semi;colon.mp4"', "semi;colon.mp4"),
        ("attachment; filename*=UTF-8''na%C3%AFve%20file.mp4", "naïve file.mp4"),
        ("attachment; filename=plain.mp4; filename*=utf-8'en'%e2%82%ac%20rates.mp4", "€ rates.mp4"),
        ("attachment; filename*=iso-8859-1'en'%A3%20rates.mp4; filename=x", "£ rates.mp4"),
        ("attachment; filename*=utf-16''x; filename=plain.mp4", "plain.mp4"),
        ("attachment; filename*=nonsense; filename=plain.mp4", "plain.mp4"),
        ('attachment; filename="' + "naïve.mp4".encode().decode("latin-1") + '"', "naïve.mp4"),
        ('attachment; filename="na\xefve.mp4"', "naïve.mp4"),
        ("attachment; filename=first.mp4; filename=second.mp4", "first.mp4"),
        ("attachment", ""),
        ("", ""),
        ("filename=clip.mp4", ""),
    ],
)
def test_the_name_in_a_header(header: str, name: str) -> None:
    assert disposition_name(header) == name


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\windows\\win.ini", "win.ini"),
        ("/etc/cron.d/", "cron.d"),
        ("..", ""),
        (".htaccess", "htaccess"),
        ("a\0b\r\nc.mp4", "ab c.mp4"),
        ("  many   spaces .mp4 ", "many spaces .mp4"),
        ("\u202egpj.exe", "gpj.exe"),
        ("e\u0301.mp4", "é.mp4"),
        ("\ud800.mp4", "mp4"),
        ("x" * 300 + ".mp4", "x" * 146 + ".mp4"),
        ("é" * 300 + ".mp4", "é" * 73 + ".mp4"),
        ("x." + "y" * 300, ("x." + "y" * 300)[:150]),
    ],
)
def test_a_name_is_made_fit_to_be_shown(name: str, clean: str) -> None:
    assert clean_name(name) == clean


def test_the_url_s_own_name_is_second_and_there_is_always_one() -> None:
    assert display_name("attachment; filename=a.mp4", "b.mp4") == "a.mp4"
    assert display_name('attachment; filename=".."', "b.mp4") == "b.mp4"
    assert display_name("", "") == "download"


@given(st.text(max_size=400), st.text(max_size=400))
def test_no_name_harms(header: str, segment: str) -> None:
    for name in (display_name(f"attachment; filename={header}", segment), display_name(header, segment)):
        assert name
        assert name not in (".", "..")
        assert not set(name) & set("/\\")
        assert not any(unicodedata.category(char).startswith("C") for char in name)
        assert len(name.encode()) <= MAX_NAME_BYTES


def test_a_media_type_is_plain_or_empty() -> None:
    assert media_type("Text/HTML; charset=utf-8") == "text/html"
    assert media_type("image/svg+xml") == "image/svg+xml"
    for header in ("", "nonsense", "text/html\r\nX: y", "a/b/c", "text/" + "x" * 200, "<b>/x"):
        assert media_type(header) == ""
