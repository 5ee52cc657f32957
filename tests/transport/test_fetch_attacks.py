"""Each attack first succeeds against a plain client, and then does not against the guarded fetch."""

from __future__ import annotations

import gzip
import io
import shutil
import socket
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from django_mediacloud.exceptions import FetchFailed, FetchRefused
from django_mediacloud.transport import FetchRules, fetch
from django_mediacloud.transport.address import parse_address
from tests.servers import LocalServer, RawServer, Reply, redirect

from .conftest import LOCAL

SECRET = b"the keys of the house"
PUBLIC = FetchRules(connect_timeout_s=3, read_timeout_s=3, total_timeout_s=10)

Serve = Callable[..., LocalServer]


@pytest.fixture
def inside(serve: Serve) -> LocalServer:
    """What only the machine itself should reach."""
    return serve({"/secret": Reply(body=SECRET)})


def assert_refused(url: str, tmp_path: Path, *, rules: FetchRules = PUBLIC) -> None:
    target = tmp_path / "fetched"
    with pytest.raises(FetchRefused) as caught:
        fetch(url, target, rules=rules)
    assert not caught.value.is_retryable
    assert not target.exists()


def test_loopback(inside: LocalServer, tmp_path: Path) -> None:
    assert requests.get(inside.url("/secret"), timeout=60).content == SECRET
    assert_refused(inside.url("/secret"), tmp_path)
    assert len(inside.requests) == 1


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "127.1",
        "0",
        "[::ffff:127.0.0.1]",
        "good.example@127.0.0.1",
        "good.example:80@127.0.0.1",
    ],
)
def test_other_spellings_of_loopback(host: str, inside: LocalServer, tmp_path: Path) -> None:
    url = inside.url("/secret", host=host)
    assert requests.get(url, timeout=60).content == SECRET
    assert_refused(url, tmp_path)
    assert len(inside.requests) == 1


def test_loopback_in_wide_digits(inside: LocalServer, tmp_path: Path) -> None:
    with socket.create_connection(("１２７.０.０.１", inside.port)) as plain:  # what the resolver makes of it
        assert plain.getpeername()[0] == "127.0.0.1"
    assert_refused(inside.url("/secret", host="１２７.０.０.１"), tmp_path)
    assert not inside.requests


def test_a_number_in_disguise_is_refused_even_where_the_address_is_allowed(inside: LocalServer, tmp_path: Path) -> None:
    assert_refused(inside.url("/secret", host="2130706433"), tmp_path, rules=LOCAL)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_inside(status: int, serve: Serve, inside: LocalServer, tmp_path: Path) -> None:
    front = serve({"/video.mp4": redirect(inside.url("/secret"), status)})
    assert requests.get(front.url("/video.mp4"), timeout=60).content == SECRET
    # Only the front is allowed: it plays the public host.
    assert_refused(front.url("/video.mp4"), tmp_path, rules=replace(LOCAL, allow=(f"127.0.0.1:{front.port}",)))
    assert len(front.requests) == 2
    assert len(inside.requests) == 1


@pytest.mark.parametrize(
    "location",
    [
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/latest/",
        "//169.254.169.254/",
        "http://2852039166/",
        "http://[::ffff:a9fe:a9fe]/",
        "http://[64:ff9b::169.254.169.254]/",
    ],
)
def test_redirect_to_the_metadata_of_a_cloud(location: str, serve: Serve, tmp_path: Path) -> None:
    front = serve({"/video.mp4": redirect(location)})
    followed = requests.get(front.url("/video.mp4"), allow_redirects=False, timeout=60)
    assert "169.254" in location or followed.next is not None  # a plain client would go there
    started = time.monotonic()
    assert_refused(front.url("/video.mp4"), tmp_path, rules=replace(LOCAL, connect_timeout_s=20))
    assert time.monotonic() - started < 10


def test_file_scheme(tmp_path: Path) -> None:
    secret = tmp_path / "passwd"
    secret.write_bytes(SECRET)
    with urllib.request.urlopen(secret.as_uri()) as response:
        assert response.read() == SECRET
    assert_refused(secret.as_uri(), tmp_path)


def test_redirect_to_a_file(serve: Serve, tmp_path: Path) -> None:
    secret = tmp_path / "passwd"
    secret.write_bytes(SECRET)
    front = serve({"/video.mp4": redirect(secret.as_uri())})
    location = requests.get(front.url("/video.mp4"), allow_redirects=False, timeout=60).headers["Location"]
    with urllib.request.urlopen(location) as response:
        assert response.read() == SECRET
    assert_refused(front.url("/video.mp4"), tmp_path, rules=LOCAL)


class Rebinding:
    """A name server of an attacker: each question has another answer."""

    def __init__(self, *answers: str) -> None:
        self.answers = list(answers)
        self.asked = 0

    def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked += 1
        return [self.answers[min(self.asked, len(self.answers)) - 1]]


def checked_then_fetched(url: str, rules: FetchRules, resolve: Rebinding) -> bytes:
    """The usual mistake: look the name up and check, then let the HTTP library look it up again."""
    address = parse_address(url)
    rules.permitted(address, resolve(address.host, address.port))
    again = resolve(address.host, address.port)[0]
    return requests.get(
        f"http://{again}:{address.port}{address.path}", headers={"Host": address.netloc}, timeout=60
    ).content


def test_dns_rebinding(serve: Serve, inside: LocalServer, tmp_path: Path) -> None:
    # 127.0.0.2 plays the public internet; the secret is at the same port of 127.0.0.1.
    outside = serve({"/secret": Reply(body=b"public")}, host="127.0.0.2", port=inside.port)
    rules = replace(LOCAL, allow=("127.0.0.2",))
    url = inside.url("/secret", host="rebind.example")
    assert checked_then_fetched(url, rules, Rebinding("127.0.0.2", "127.0.0.1")) == SECRET

    resolve = Rebinding("127.0.0.2", "127.0.0.1")
    fetch(url, tmp_path / "fetched", rules=rules, resolve=resolve)
    assert (tmp_path / "fetched").read_bytes() == b"public"
    assert resolve.asked == 1
    assert outside.requests[0].headers["Host"] == f"rebind.example:{inside.port}"
    assert len(inside.requests) == 1


def test_dns_rebinding_between_two_steps_of_a_redirect(serve: Serve, inside: LocalServer, tmp_path: Path) -> None:
    serve({"/start": redirect("/secret")}, host="127.0.0.2", port=inside.port)
    resolve = Rebinding("127.0.0.2", "127.0.0.1")
    with pytest.raises(FetchRefused, match=r"rebind\.example leads to a loopback address"):
        fetch(
            inside.url("/start", host="rebind.example"),
            tmp_path / "fetched",
            rules=replace(LOCAL, allow=("127.0.0.2",)),
            resolve=resolve,
        )
    assert resolve.asked == 2
    assert not inside.requests


def test_dns_rebinding_between_two_parts_of_a_file(serve: Serve, inside: LocalServer, tmp_path: Path) -> None:
    serve({"/f": Reply(body=b"x" * 1000, break_after=500, headers={"ETag": '"1"'})}, host="127.0.0.2", port=inside.port)
    with pytest.raises(FetchRefused):
        fetch(
            inside.url("/f", host="rebind.example"),
            tmp_path / "fetched",
            rules=replace(LOCAL, allow=("127.0.0.2",)),
            resolve=Rebinding("127.0.0.2", "127.0.0.1"),
        )
    assert not inside.requests
    assert not (tmp_path / "fetched").exists()


def test_drip_of_the_body(serve: Serve, tmp_path: Path) -> None:
    server = serve({"/slow": Reply(body=b"x" * 35, drip=(1, 0.1)), "/slower": Reply(body=b"x" * 200, drip=(1, 0.1))})
    started = time.monotonic()
    requests.get(server.url("/slow"), timeout=3)
    assert time.monotonic() - started > 3  # the time limit of a plain client counts from byte to byte
    started = time.monotonic()
    with pytest.raises(FetchFailed, match=r"127\.0\.0\.1 did not finish within 0\.5 seconds") as caught:
        fetch(server.url("/slower"), tmp_path / "fetched", rules=replace(LOCAL, total_timeout_s=0.5))
    assert 0.4 < time.monotonic() - started < 10
    assert caught.value.code == "fetch_timeout"
    assert not (tmp_path / "fetched").exists()


def drip_headers(client: socket.socket, stopping: threading.Event) -> None:
    client.recv(4096)
    client.sendall(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    for _ in range(35):
        client.sendall(b"x")
        if stopping.wait(0.1):
            return
    client.sendall(b"\r\nContent-Length: 2\r\n\r\nok")


def endless_headers(client: socket.socket, stopping: threading.Event) -> None:
    client.recv(4096)
    while not stopping.is_set():
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)


@pytest.mark.parametrize("talk", [drip_headers, endless_headers])
def test_drip_of_the_headers(talk: Callable[[socket.socket, threading.Event], None]) -> None:
    with RawServer(talk) as server:
        if talk is drip_headers:
            started = time.monotonic()
            assert requests.get(server.url(), timeout=3).content == b"ok"
            assert time.monotonic() - started > 3
        started = time.monotonic()
        with pytest.raises(FetchFailed, match=r"did not finish within 0\.5 seconds"):
            fetch(server.url(), io.BytesIO(), rules=replace(LOCAL, total_timeout_s=0.5))
        assert time.monotonic() - started < 10


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate"])
def test_bomb(encoding: str, serve: Serve, tmp_path: Path) -> None:
    size = 30_000_000
    data = gzip.compress(bytes(size))
    if encoding == "deflate":
        data = data[10:-8]
    server = serve({"/bomb": Reply(body=data, headers={"Content-Encoding": encoding})})
    assert len(data) < 100_000
    assert len(requests.get(server.url("/bomb"), timeout=60).content) == size
    pieces: list[int] = []
    with pytest.raises(FetchRefused, match="larger than the 1000000 bytes allowed") as caught:
        fetch(
            server.url("/bomb"),
            tmp_path / "fetched",
            rules=replace(LOCAL, max_bytes=1_000_000),
            on_chunk=lambda so_far, _total: pieces.append(so_far),
        )
    assert caught.value.code == "fetch_too_large"
    assert max(pieces) <= 1_000_000
    assert not (tmp_path / "fetched").exists()
    assert server.requests[-1].headers["Accept-Encoding"] == "identity"


def test_bomb_in_a_bomb(serve: Serve) -> None:
    data = gzip.compress(gzip.compress(bytes(30_000_000)))
    server = serve({"/bomb": Reply(body=data, headers={"Content-Encoding": "gzip, gzip"})})
    assert len(requests.get(server.url("/bomb"), timeout=60).content) == 30_000_000
    with pytest.raises(FetchFailed, match="compression that was not asked for"):
        fetch(server.url("/bomb"), io.BytesIO(), rules=LOCAL)


def endless() -> Iterator[bytes]:
    while True:
        yield b"x" * 50_000


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_without_end(chunked: bool, serve: Serve, tmp_path: Path) -> None:
    server = serve({"/endless": lambda _request: Reply(body=endless(), chunked=chunked)})
    with requests.get(server.url("/endless"), stream=True, timeout=60) as response:
        taken = sum(len(piece) for piece, _n in zip(response.iter_content(65536), range(100), strict=False))
    assert taken >= 5_000_000  # and so on, until the disk is full
    with pytest.raises(FetchRefused, match="larger than"):
        fetch(server.url("/endless"), tmp_path / "fetched", rules=replace(LOCAL, max_bytes=1_000_000))
    assert not (tmp_path / "fetched").exists()


def test_a_size_that_is_too_large_is_refused_before_a_byte_is_read(serve: Serve, tmp_path: Path) -> None:
    server = serve({"/huge": Reply(body=b"x", content_length=10**13, stall_after=1)})
    started = time.monotonic()
    with pytest.raises(FetchRefused, match="larger than"):
        fetch(server.url("/huge"), tmp_path / "fetched", rules=replace(LOCAL, read_timeout_s=20))
    assert time.monotonic() - started < 10


def test_a_content_length_that_says_too_much(serve: Serve, tmp_path: Path) -> None:
    server = serve({"/short": Reply(body=b"x" * 500, content_length=1000)})
    naive = io.BytesIO()
    with urllib.request.urlopen(server.url("/short")) as response:
        shutil.copyfileobj(response, naive, 100)
    assert len(naive.getvalue()) == 500  # half a file, and no word about it
    with pytest.raises(FetchFailed, match="broke off after 500 bytes") as caught:
        fetch(server.url("/short"), tmp_path / "fetched", rules=LOCAL)
    assert caught.value.is_retryable
    assert not (tmp_path / "fetched").exists()


def test_a_content_length_that_says_too_little(serve: Serve, tmp_path: Path) -> None:
    server = serve({"/long": Reply(body=b"x" * 5_000_000, content_length=10)})
    fetched = fetch(server.url("/long"), tmp_path / "fetched", rules=replace(LOCAL, max_bytes=10))
    assert fetched.size_bytes == 10


def test_secrets_of_the_url_are_in_no_message(serve: Serve, tmp_path: Path) -> None:
    server = serve({})
    for rules in (LOCAL, PUBLIC):
        with pytest.raises((FetchFailed, FetchRefused)) as caught:
            fetch(server.url("/x?signature=hidden1", host="anna:hidden2@127.0.0.1"), tmp_path / "fetched", rules=rules)
        assert "127.0.0.1" in str(caught.value)
        assert "hidden" not in str(caught.value) + caught.value.log + caught.value.advice
        assert str(tmp_path) not in str(caught.value)


def test_headers_and_credentials_do_not_travel_with_a_redirect(serve: Serve, tmp_path: Path) -> None:
    other = serve({"/f": Reply(body=b"got it")})
    server = serve({"/a": redirect("/b"), "/b": redirect(other.url("/f")), "/back": Reply(body=b"x")})
    fetch(
        server.url("/a", host="anna:secret@127.0.0.1"),
        tmp_path / "fetched",
        rules=LOCAL,
        headers={"X-Api-Key": "key", "Cookie": "c=1"},
    )
    assert server.requests[0].headers["Authorization"] == "Basic YW5uYTpzZWNyZXQ="
    assert server.requests[1].headers["X-Api-Key"] == "key"  # the same host and port
    sent = other.requests[0].headers
    assert (sent["Authorization"], sent["X-Api-Key"], sent["Cookie"]) == (None, None, None)
