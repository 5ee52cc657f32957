from __future__ import annotations

import pytest

from django_mediacloud.engine.pages.addresses import MAX_URL_CHARS, Addresses

PAGE = "https://example.com/news/page.html?id=1"


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("a.jpg", "https://example.com/news/a.jpg"),
        ("../a b.jpg\n", "https://example.com/a%20b.jpg"),
        ("/a.jpg", "https://example.com/a.jpg"),
        ("//cdn.example.org/a.jpg", "https://cdn.example.org/a.jpg"),
        ("?x=1", "https://example.com/news/page.html?x=1"),
        ("http://bücher.example/é.png?ü", "http://xn--bcher-kva.example/%C3%A9.png?%C3%BC"),
        ("HTTP://EXAMPLE.org:80/a", "http://example.org/a"),
        ("a.svg#icon", "https://example.com/news/a.svg"),
        ("\\\\cdn.example.org\\a.jpg", "https://cdn.example.org/a.jpg"),
        ("ht\ntps://example.org/a", "https://example.org/a"),
        *((wrong, None) for wrong in (
            "", "  ", "#top", "data:image/png;base64,AA", "javascript:alert(1)", "about:blank", "blob:https://x/1",
            "file:///etc/passwd", "ftp://x/a", "http://[::1", "http://a b/", "mailto:a@b", "\ud800", "x" * 5000,
        )),
    ],
)  # fmt: skip
def test_addresses_on_a_page(reference: str, expected: str | None) -> None:
    assert Addresses(PAGE, "utf-8").absolute(reference) == expected


def test_the_first_base_counts() -> None:
    addresses = Addresses(PAGE, "utf-8")
    addresses.set_base("/media/")
    addresses.set_base("/other/")
    assert addresses.absolute("a.jpg") == "https://example.com/media/a.jpg"
    refused = Addresses(PAGE, "utf-8")
    refused.set_base("javascript:x")
    assert refused.absolute("a.jpg") == "https://example.com/news/a.jpg"


def test_a_page_from_nowhere_has_whole_addresses_only() -> None:
    addresses = Addresses("", "utf-8")
    assert [addresses.absolute(given) for given in ("a.jpg", "//x.org/a", "https://x.org/a")] == [
        None, None, "https://x.org/a",
    ]  # fmt: skip
    addresses.set_base("https://y.org/b/")
    assert addresses.absolute("a.jpg") == "https://y.org/b/a.jpg"


def test_queries_are_in_the_pages_charset() -> None:
    addresses = Addresses("https://example.com/", "cp1251")
    assert addresses.absolute("п?q=п€漢#ж") == "https://example.com/%D0%BF?q=%EF%88%26%2328450%3B"


def test_long_addresses_are_left_out() -> None:
    assert Addresses(PAGE, "utf-8").absolute("/" + "ж" * (MAX_URL_CHARS // 2)) is None
