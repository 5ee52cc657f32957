from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.exceptions import ConfigurationError, FetchRefused
from django_mediacloud.transport import FetchRules
from django_mediacloud.transport.address import Address, parse_address
from django_mediacloud.transport.rules import special_kind

PRIVATE_V4 = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.254",
    "127.0.0.1",
    "127.255.0.1",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.7",
    "203.0.113.9",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
]
PRIVATE_V6 = [
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:0:127.0.0.1",
    "64:ff9b:1::7f00:1",
    "100::1",
    "2001::1",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "2606:4700::5efe:10.0.0.1",
    "2606:4700::200:5efe:127.0.0.1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "100.63.255.255",
    "100.128.0.1",
    "172.15.0.1",
    "172.32.0.1",
    "192.167.0.1",
    "223.255.255.1",
]
PUBLIC_V6 = ["2606:4700:4700::1111", "2a00:1450::8a", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8", "2606:4700::5efe:8.8.8.8"]

v4_private_networks = st.sampled_from(
    ["10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"]
)


def at(url: str) -> Address:
    return parse_address(url)


@pytest.mark.parametrize("ip", PRIVATE_V4 + PRIVATE_V6)
def test_what_is_not_on_the_public_internet_is_refused(ip: str) -> None:
    assert special_kind(ipaddress.ip_address(ip))
    with pytest.raises(FetchRefused, match=r"name\.example leads to an? "):
        FetchRules().permitted(at("http://name.example/"), [ip])


@pytest.mark.parametrize("ip", PUBLIC + PUBLIC_V6)
def test_the_public_internet_is_not_refused(ip: str) -> None:
    assert special_kind(ipaddress.ip_address(ip)) == ""


@pytest.mark.parametrize("wrap", ["::ffff:{}", "64:ff9b::{}", "::{}", "::ffff:0:{}"])
@pytest.mark.parametrize("ip", PRIVATE_V4)
def test_no_wrapping_in_ipv6_helps(wrap: str, ip: str) -> None:
    assert special_kind(ipaddress.ip_address(wrap.format(ip)))


@given(v4_private_networks, st.data())
def test_every_address_of_a_private_network_is_refused_however_wrapped(network_text: str, data: st.DataObject) -> None:
    network = ipaddress.IPv4Network(network_text)
    number = data.draw(st.integers(int(network[0]), int(network[-1])))
    v4 = ipaddress.IPv4Address(number)
    wrapped = [
        v4,
        ipaddress.IPv6Address((0xFFFF << 32) | number),
        ipaddress.IPv6Address((0x64FF9B << 96) | number),
        ipaddress.IPv6Address((0x2002 << 112) | (number << 80)),
        ipaddress.IPv6Address((0x20010000 << 96) | (number ^ 0xFFFFFFFF)),
        ipaddress.IPv6Address(number),
    ]
    assert all(special_kind(ip) for ip in wrapped)


@given(st.ip_addresses())
def test_nothing_that_python_calls_private_passes(ip: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if ip.is_loopback or ip.is_link_local or ip.is_multicast or ip.is_unspecified or ip.is_private:
        mapped = isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped
        assert special_kind(ip) or mapped


def test_of_several_addresses_only_the_permitted_ones_are_left() -> None:
    found = FetchRules().permitted(
        at("http://name.example/"), ["10.0.0.1", "1.1.1.1", "::1", "::ffff:1.1.1.1", "2606:4700::1"]
    )
    assert found == ("1.1.1.1", "2606:4700::1")


@pytest.mark.parametrize(
    ("entry", "url", "ip", "passes"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000/", "127.0.0.1", True),
        ("127.0.0.1", "http://localhost/", "127.0.0.1", True),
        ("127.0.0.1", "http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1", True),
        ("127.0.0.1", "http://localhost/", "::1", False),
        ("127.0.0.1", "http://127.0.0.2/", "127.0.0.2", False),
        ("127.0.0.1:8000", "http://127.0.0.1:8000/", "127.0.0.1", True),
        ("127.0.0.1:8000", "http://127.0.0.1:8001/", "127.0.0.1", False),
        ("10.0.0.0/8", "http://any.example/", "10.20.30.40", True),
        ("10.0.0.0/8", "http://any.example/", "11.0.0.1", True),
        ("10.0.0.0/8:9000", "http://any.example:9000/", "10.1.1.1", True),
        ("10.0.0.0/8:9000", "http://any.example/", "10.1.1.1", False),
        ("::1", "http://[::1]/", "::1", True),
        ("[::1]", "http://[::1]/", "::1", True),
        ("[::1]:8000", "http://[::1]:8000/", "::1", True),
        ("[::1]:8000", "http://[::1]/", "::1", False),
        ("fd00::/8", "http://[fd00::5]/", "fd00::5", True),
        ("Media.Internal.", "http://media.internal/", "10.0.0.9", True),
        ("media.internal", "http://other.internal/", "10.0.0.9", False),
        ("media.internal", "http://sub.media.internal/", "10.0.0.9", False),
        ("media.internal:9000", "http://media.internal:9000/", "192.168.0.4", True),
        ("media.internal:9000", "http://media.internal/", "192.168.0.4", False),
        ("bücher.internal", "http://xn--bcher-kva.internal/", "10.0.0.1", True),
    ],
)
def test_what_is_allowed_and_no_more(entry: str, url: str, ip: str, passes: bool) -> None:
    rules = FetchRules(allow=(entry,))
    if passes:
        assert rules.permitted(at(url), [ip])
    else:
        with pytest.raises(FetchRefused):
            rules.permitted(at(url), [ip])


@pytest.mark.parametrize(
    "entry", ["", "a host", "http://media.internal", "10.0.0.0/99", "127.0.0.1:port", "127.0.0.1:0", "*"]
)
def test_an_entry_that_means_nothing_is_an_error_of_configuration(entry: str) -> None:
    with pytest.raises(ConfigurationError, match="among the hosts"):
        FetchRules(allow=(entry,))


def test_a_scheme_that_cannot_be_fetched_is_an_error_of_configuration() -> None:
    with pytest.raises(ConfigurationError, match="ftp"):
        FetchRules(schemes=("http", "ftp"))


def test_only_https_may_be_asked_for() -> None:
    with pytest.raises(FetchRefused, match="Only https addresses"):
        parse_address("http://media.example/", FetchRules(schemes=("https",)).schemes)
