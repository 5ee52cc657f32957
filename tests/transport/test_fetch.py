from __future__ import annotations

import gzip
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from django_mediacloud import __version__
from django_mediacloud.exceptions import FetchFailed, StorageError, WorkStopped
from django_mediacloud.transport import Fetched, fetch, watch
from tests.ports import closed_port
from tests.servers import Generated, LocalServer, RawServer, Reply, redirect

from .conftest import LOCAL, PEM

Serve = Callable[..., LocalServer]
BODY = b"".join(Generated(size=200_000).pieces(0, 200_000))
ETAG = {"ETag": '"one"'}


def to_local(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


# What comes back


def test_a_file_is_streamed_to_its_destination(serve: Serve, tmp_path: Path) -> None:
    headers = {"Content-Type": "Video/MP4; codecs=avc1", "Content-Disposition": 'attachment; filename="../My clip.mp4"'}
    server = serve({"/f": Reply(body=BODY, headers=headers)})
    seen: list[tuple[int, int | None]] = []
    fetched = fetch(
        server.url("/f?token=1"),
        tmp_path / "fetched",
        rules=LOCAL,
        on_chunk=lambda done, total: seen.append((done, total)),
    )
    assert (tmp_path / "fetched").read_bytes() == BODY
    assert fetched == Fetched(
        size_bytes=len(BODY), content_type="video/mp4", filename="My clip.mp4", url=f"http://127.0.0.1:{server.port}/f"
    )
    assert seen[-1] == (len(BODY), len(BODY))
    assert seen == sorted(seen)
    assert server.requests[0].headers["User-Agent"] == f"django-mediacloud/{__version__}"
    assert server.paths == ["/f?token=1"]


def test_a_stream_is_written_from_where_it_stands(serve: Serve) -> None:
    server = serve({"/f": Reply(body=BODY)})
    stream = io.BytesIO(b"head")
    stream.seek(4)
    fetch(server.url("/f"), stream, rules=LOCAL)
    assert stream.getvalue() == b"head" + BODY


@pytest.mark.parametrize("how", [{"chunked": True}, {"has_length": False}])
def test_a_body_of_unknown_size(how: dict[str, bool], serve: Serve) -> None:
    server = serve({"/f": Reply(body=BODY, **how)})  # type: ignore[arg-type]
    stream, totals = io.BytesIO(), set[int | None]()
    fetch(server.url("/f"), stream, rules=LOCAL, on_chunk=lambda _done, total: totals.add(total))
    assert stream.getvalue() == BODY
    assert totals == {None}


def test_an_empty_file(serve: Serve, tmp_path: Path) -> None:
    server = serve({"/f": Reply(body=b"")})
    assert fetch(server.url("/f"), tmp_path / "fetched", rules=LOCAL).size_bytes == 0
    assert (tmp_path / "fetched").read_bytes() == b""


def test_a_file_that_the_server_keeps_compressed_is_decompressed(serve: Serve) -> None:
    server = serve({"/page.html": Reply(body=gzip.compress(BODY), headers={"Content-Encoding": "gzip", **ETAG})})
    stream = io.BytesIO()
    assert fetch(server.url("/page.html"), stream, rules=LOCAL).size_bytes == len(BODY)
    assert stream.getvalue() == BODY


def test_redirects_are_followed_and_counted(serve: Serve) -> None:
    server = serve(
        {"/1": redirect("/2"), "/2": redirect("three", 307), "/three": Reply(body=b"ok"), "/loop": redirect("/loop")}
    )
    assert fetch(server.url("/1"), io.BytesIO(), rules=LOCAL).url.endswith("/three")
    with pytest.raises(FetchFailed, match="redirects more than 2 times") as caught:
        fetch(server.url("/loop"), io.BytesIO(), rules=replace(LOCAL, max_redirects=2))
    assert not caught.value.is_retryable
    assert server.paths.count("/loop") == 3
    with pytest.raises(FetchFailed, match="redirects more than 0 times"):
        fetch(server.url("/1"), io.BytesIO(), rules=replace(LOCAL, max_redirects=0))


# Answers that are no file


@pytest.mark.parametrize(
    ("status", "is_retryable"),
    [
        (400, False),
        (401, False),
        (403, False),
        (404, False),
        (410, False),
        (204, False),
        (206, False),
        (300, False),
        (408, True),
        (429, True),
        (500, True),
        (502, True),
        (503, True),
        (504, True),
        (501, False),
        (520, True),
    ],
)
def test_a_status_is_final_or_may_pass(status: int, is_retryable: bool, serve: Serve, tmp_path: Path) -> None:
    server = serve({"/f": Reply(status=status, body=b"" if status == 204 else b"sorry")})
    with pytest.raises(FetchFailed, match=rf"127\.0\.0\.1 answered {status}") as caught:
        fetch(server.url("/f"), tmp_path / "fetched", rules=LOCAL)
    assert caught.value.is_retryable is is_retryable
    assert caught.value.code == f"fetch_http_{status}"
    assert len(server.requests) == 1
    assert not (tmp_path / "fetched").exists()


def test_nobody_listens() -> None:
    refused = r"connection to 127\.0\.0\.1 failed: Connection refused"
    with closed_port() as port, pytest.raises(FetchFailed, match=refused) as caught:
        fetch(f"http://127.0.0.1:{port}/", io.BytesIO(), rules=LOCAL)
    assert caught.value.is_retryable


def test_a_name_that_does_not_exist_and_one_that_cannot_be_looked_up() -> None:
    def unknown(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    def unsure(_host: str, _port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "try again")

    with pytest.raises(FetchFailed, match=r"no host name\.example") as caught:
        fetch("http://name.example/", io.BytesIO(), rules=LOCAL, resolve=unknown)
    assert not caught.value.is_retryable
    with pytest.raises(FetchFailed, match=r"name\.example could not be looked up") as caught:
        fetch("http://name.example/", io.BytesIO(), rules=LOCAL, resolve=unsure)
    assert caught.value.is_retryable


def test_a_name_server_that_does_not_answer() -> None:
    released = threading.Event()

    def hangs(_host: str, _port: int) -> list[str]:
        released.wait(20)
        return []

    started = time.monotonic()
    with pytest.raises(FetchFailed, match=r"name\.example was silent for 0\.5 seconds"):
        fetch("http://name.example/", io.BytesIO(), rules=replace(LOCAL, connect_timeout_s=0.5), resolve=hangs)
    assert time.monotonic() - started < 10
    released.set()


def test_the_next_address_is_tried_when_the_first_does_not_answer(serve: Serve) -> None:
    server = serve({"/f": Reply(body=b"ok")})
    url = server.url("/f", host="two.example")
    rules = replace(LOCAL, allow=("127.0.0.0/8",))
    stream = io.BytesIO()
    fetch(url, stream, rules=rules, resolve=lambda _host, _port: ["127.0.0.9", "127.0.0.1"])
    assert stream.getvalue() == b"ok"


def test_what_is_no_http() -> None:
    def babble(client: socket.socket, _stopping: threading.Event) -> None:
        client.recv(4096)
        client.sendall(b"SSH-2.0-OpenSSH_9.6\r\n")

    with RawServer(babble) as server, pytest.raises(FetchFailed, match="does not speak HTTP"):
        fetch(server.url(), io.BytesIO(), rules=LOCAL)


# Silence, and being stopped


def test_silence_is_cut_short(serve: Serve, tmp_path: Path) -> None:
    server = serve({"/f": Reply(body=BODY, delay_s=30)})
    started = time.monotonic()
    with pytest.raises(FetchFailed, match=r"was silent for 0\.5 seconds") as caught:
        fetch(server.url("/f"), tmp_path / "fetched", rules=replace(LOCAL, read_timeout_s=0.5))
    assert time.monotonic() - started < 10
    assert (caught.value.code, caught.value.is_retryable) == ("fetch_timeout", True)


class Gone(WorkStopped, TimeoutError):
    """The caller's own error stays what it is, even if it looks like one of the network."""


@pytest.mark.parametrize("reply", [{"delay_s": 30}, {"stall_after": 1000}])
@pytest.mark.parametrize("error", [WorkStopped, Gone, ConnectionResetError, KeyboardInterrupt])
@pytest.mark.parametrize("is_tls", [False, True])
def test_a_stop_is_noticed_while_the_other_side_stalls(
    reply: dict[str, float],
    error: type[BaseException],
    is_tls: bool,
    serve: Serve,
    tls: ssl.SSLContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch, "TICK_S", 0.1)
    server = serve({"/f": Reply(body=BODY, **reply)}, tls=tls if is_tls else None)  # type: ignore[arg-type]
    target = tmp_path / "fetched"
    stopped_at = time.monotonic() + 0.2

    def stop(_done: int, _total: int | None) -> None:
        if time.monotonic() > stopped_at:
            raise error("stopped")

    with pytest.raises(error, match="stopped"):
        fetch(
            server.url("/f", host="media.test"),
            target,
            rules=replace(LOCAL, read_timeout_s=30, ca_file=str(PEM)),
            on_chunk=stop,
            resolve=to_local,
        )
    # Long before the other side goes on, or its silence is too long.
    assert time.monotonic() - stopped_at < 20
    assert not target.exists()


def test_the_caller_s_own_failure_is_not_tried_again(serve: Serve) -> None:
    def stop(_done: int, _total: int | None) -> None:
        raise FetchFailed("mine", is_retryable=True)

    server = serve({"/f": Reply(body=BODY, headers=ETAG)})
    with pytest.raises(FetchFailed, match="mine"):
        fetch(server.url("/f"), io.BytesIO(), rules=LOCAL, on_chunk=stop)
    assert len(server.requests) == 1


def test_a_stop_in_the_first_chunk_cuts_a_stream_back(serve: Serve) -> None:
    def stop(_done: int, _total: int | None) -> None:
        raise WorkStopped("stopped")

    stream = io.BytesIO(b"head")
    stream.seek(4)
    with pytest.raises(WorkStopped):
        fetch(serve({"/f": Reply(body=BODY)}).url("/f"), stream, rules=LOCAL, on_chunk=stop)
    assert stream.getvalue() == b"head"


# TLS


def test_the_name_is_checked_although_the_address_is_connected_to(serve: Serve, tls: ssl.SSLContext) -> None:
    asked: list[str] = []
    tls.sni_callback = lambda _socket, name, _context: asked.append(name)
    server = serve({"/f": Reply(body=BODY)}, tls=tls)
    rules = replace(LOCAL, ca_file=str(PEM))
    stream = io.BytesIO()
    fetch(server.url("/f", host="media.test"), stream, rules=rules, resolve=to_local)
    assert stream.getvalue() == BODY
    assert asked == ["media.test"]
    assert server.requests[0].headers["Host"] == f"media.test:{server.port}"
    for host in ("other.test", "127.0.0.1"):
        with pytest.raises(FetchFailed, match=f"{host} cannot prove that it is {host}") as caught:
            fetch(server.url("/f", host=host), io.BytesIO(), rules=rules, resolve=to_local)
        assert not caught.value.is_retryable
    assert len(server.requests) == 1


def test_a_certificate_of_nobody_is_not_trusted(serve: Serve, tls: ssl.SSLContext) -> None:
    server = serve({"/f": Reply(body=BODY)}, tls=tls)
    with pytest.raises(FetchFailed, match=r"media\.test cannot prove"):
        fetch(server.url("/f", host="media.test"), io.BytesIO(), rules=LOCAL, resolve=to_local)
    assert not server.requests


def test_a_handshake_that_hangs() -> None:
    with RawServer(lambda _client, stopping: stopping.wait(20) and None) as server:
        started = time.monotonic()
        with pytest.raises(FetchFailed, match=r"was silent for 0\.5 seconds"):
            fetch(server.url(scheme="https"), io.BytesIO(), rules=replace(LOCAL, connect_timeout_s=0.5))
        assert time.monotonic() - started < 10


# Our own side


def test_a_full_disk_is_no_trouble_of_the_network(serve: Serve) -> None:
    server = serve({"/f": Reply(body=BODY)})
    with (
        Path("/dev/full").open("wb", buffering=0) as full,
        pytest.raises(StorageError, match="no space left on device"),
    ):
        fetch(server.url("/f"), full, rules=LOCAL)
    assert len(server.requests) == 1


def test_a_destination_that_cannot_be_made_is_told_without_its_path(serve: Serve, tmp_path: Path) -> None:
    server = serve({"/f": Reply(body=BODY)})
    with pytest.raises(StorageError) as caught:
        fetch(server.url("/f"), tmp_path / "missing" / "fetched", rules=LOCAL)
    assert str(tmp_path) not in str(caught.value)
    assert not server.requests


def test_the_environment_s_proxies_and_passwords_are_not_used(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login anna password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    server = serve({"/f": Reply(body=b"ok")})
    with closed_port() as port:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        fetch(server.url("/f"), io.BytesIO(), rules=LOCAL)
    assert server.requests[0].headers["Authorization"] is None
