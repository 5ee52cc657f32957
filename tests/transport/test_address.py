from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.exceptions import FetchRefused
from django_mediacloud.transport.address import canonical_host, parse_address


def test_the_parts_of_a_plain_address() -> None:
    address = parse_address("HTTPS://Media.Example:8443/a b/ü.mp4?x=1&y=ä#part")
    assert (address.scheme, address.host, address.port) == ("https", "media.example", 8443)
    assert address.path == "/a%20b/%C3%BC.mp4?x=1&y=%C3%A4"
    assert address.netloc == "media.example:8443"
    assert address.last_segment == "ü.mp4"


def test_the_default_port_is_left_out_of_the_host_header() -> None:
    assert parse_address("https://media.example:443/").netloc == "media.example"
    assert parse_address("http://[2606:4700::1]:80").netloc == "[2606:4700::1]"
    assert parse_address("http://media.example:443/").netloc == "media.example:443"


def test_credentials_and_query_are_not_shown() -> None:
    address = parse_address("https://anna:se%3Acret@media.example/clip.mp4?signature=abc")
    for text in (str(address), repr(address)):
        assert "se" not in text.replace("https", "")
        assert "abc" not in text
    assert address.authorization == "Basic YW5uYTpzZTpjcmV0"  # anna:se:cret
    assert parse_address("http://anna@media.example/").authorization == "Basic YW5uYTo="
    assert not parse_address("http://@media.example/").credentials


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "ftp://media.example/a",
        "gopher://media.example/",
        "data:text/plain,hello",
        "javascript:alert(1)",
        "//media.example/a",
        "/a/path",
        "",
        "http://",
        "http:///path",
        "http://user@/path",
        "http://media.example:99999/",
        "http://media.example:0/",
        "http://media.example:port/",
        "http://[::1/",
        "http://[fe80::1%25eth0]/",
        "http://[v1.fe80::1]/",
        "http://good.example@127.0.0.1@evil.example/",
        "http://good.example\\@127.0.0.1/",
        "http://127.0.0.1\\.good.example/",
        "http://good.exa\nmple/",
        "http://good.example/\r\nX-Header: 1",
        "http://good example/",
        "http://127.0.0.1%00.good.example/",
        "http://127.0.0.%31/",
        "http://good.example:80:90/",
        "http://-good.example/",
        "http://good..example/",
        "http://" + "a" * 64 + ".example/",
        "http://" + "a." * 130 + "example/",
        "http://media.example/" + "a" * 9000,
        "http://２１３０７０６４３３/",
        "http://media.example/\ud83d",
        "http://media.example/?a=\ude00",
        "http://\ud83d.example/",
    ],
)
def test_what_can_be_read_in_two_ways_or_in_none_is_refused(url: str) -> None:
    with pytest.raises(FetchRefused):
        parse_address(url)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",
        "0x7f000001",
        "017700000001",
        "0x7f.1",
        "127.1",
        "127.0.1",
        "0177.0.0.1",
        "127.0.0.01",
        "127.0.0.1.1",
        "999.1.1.1",
        "0x7f.0x0.0x0.0x1",
        "1.2.3.0x",
        "media.example.5",
    ],
)
def test_numbers_in_disguise_are_refused(host: str) -> None:
    with pytest.raises(FetchRefused):
        canonical_host(host)


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("LOCALHOST", "localhost"),
        ("media.example.", "media.example"),
        ("１２７.０.０.１", "127.0.0.1"),
        ("127。0。0。1", "127.0.0.1"),
        ("①②⑦.⓪.⓪.①", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("::FFFF:7f00:1", "::ffff:127.0.0.1"),
        ("0:0:0:0:0:0:0:1", "::1"),
        ("under_score.example", "under_score.example"),
    ],
)
def test_every_spelling_becomes_one(written: str, host: str) -> None:
    found = canonical_host(written)
    if ":" in host:
        assert ipaddress.ip_address(found) == ipaddress.ip_address(host)
    else:
        assert found == host


@given(st.integers(0, 2**32 - 1))
def test_plain_ipv4_stays_and_its_other_spellings_do_not_pass(number: int) -> None:
    plain = str(ipaddress.IPv4Address(number))
    assert canonical_host(plain) == plain
    octal = ".".join(f"0{int(part):o}" for part in plain.split("."))
    for disguise in (str(number), hex(number), f"0{number:o}", octal):
        with pytest.raises(FetchRefused):
            canonical_host(disguise)


@given(st.text(max_size=60))
def test_any_text_is_refused_or_has_one_clear_host(text: str) -> None:
    for url in (text, f"http://{text}", f"http://{text}/", f"http://good.example{text}"):
        try:
            address = parse_address(url)
        except FetchRefused:
            continue
        assert address.host.isascii()
        assert address.path.startswith("/")
        assert address.path.isascii()
        assert not set(address.host + address.path) & set(" \r\n\t\0@\\") - {"@"}
        assert canonical_host(address.host) == address.host
        # Read again from what is sent, it is the same place.
        again = parse_address(f"{address.scheme}://{address.netloc}{address.path}")
        assert (again.host, again.port, again.path) == (address.host, address.port, address.path)
        assert urlsplit(str(address)).hostname == address.host


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        ("b.mp4", "http://media.example/dir/b.mp4"),
        ("/b.mp4", "http://media.example/b.mp4"),
        ("//other.example/b", "http://other.example/b"),
        ("https://other.example", "https://other.example/"),
        ("?page=2", "http://media.example/dir/a.mp4"),
    ],
)
def test_a_redirect_leads_where_its_words_say(location: str, expected: str) -> None:
    address = parse_address("http://anna:secret@media.example/dir/a.mp4?q=1")
    target = address.join(location, ("http", "https"))
    assert str(target) == expected
    assert not target.credentials


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "http://u:p@other.example/", "http://[", "gopher://x/", "http://0x7f.1/"]
)
def test_a_redirect_elsewhere_is_refused(location: str) -> None:
    with pytest.raises(FetchRefused):
        parse_address("http://media.example/").join(location, ("http", "https"))
