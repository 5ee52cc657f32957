"""One request and its response, under the fetch rules: the IP address that was checked is the one connected to."""

from __future__ import annotations

import errno
import functools
import http.client
import ipaddress
import os
import queue
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager

import certifi

from ..exceptions import FetchFailed, FetchRefused
from .address import Address
from .rules import FetchRules
from .session import USER_AGENT
from .watch import TURN_S, Watch, WatchedSocket, WatchedTLSSocket

Resolve = Callable[[str, int], Sequence[str]]
"""IP addresses for a host name and port. Raises ``OSError`` (``socket.gaierror``) if there are none."""

RETRYABLE_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})


_NO_SUCH_NAME = frozenset({socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME)})


def is_retryable_status(status: int) -> bool:
    """Whether the same request may fare better later."""
    return status in RETRYABLE_STATUSES or status > 504


def resolve_host(host: str, port: int) -> list[str]:
    """The IP addresses of ``host`` by the system's resolver, in its order."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(info[4][0]) for info in found))


@contextmanager
def exchange(
    address: Address,
    *,
    rules: FetchRules,
    watch: Watch,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | Iterable[bytes] | None = None,
    resolve: Resolve = resolve_host,
) -> Iterator[http.client.HTTPResponse]:
    """Send one request; the answer, whatever its status, with its body still to be read.

    A ``body`` in pieces wants a Content-Length among the ``headers``. Whoever refuses a request often says so and hangs
    up before all of it was sent: that answer is given, too.

    ``FetchRefused`` if the rules forbid the address. ``FetchFailed`` if no answer comes, or if the connection breaks
    while the body is read inside the ``with``.
    """
    watch.begin(address.host)
    with _named_failures(address, watch):
        candidates = rules.permitted(address, _resolve_watched(address, resolve, rules, watch))
        with closing(_connect(address, candidates, rules, watch)) as sock:
            connection = http.client.HTTPConnection(address.host, address.port)
            # With a socket in place http.client resolves and connects nothing by itself.
            connection.auto_open = 0
            connection.sock = sock
            # Own names for Host, and no second word about encodings: http.client adds neither when they are given.
            sent = {"Host": address.netloc, "User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "identity"}
            sent |= {"Authorization": address.authorization} if address.credentials else {}
            sent |= {**(headers or {}), "Connection": "close"}
            with closing(_answer(connection, method, address.path, body, sent)) as response:
                yield response


def _answer(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | Iterable[bytes] | None,
    headers: Mapping[str, str],
) -> http.client.HTTPResponse:
    try:
        connection.request(method, path, body=body, headers=headers)
    except (BrokenPipeError, ConnectionResetError) as broken:
        try:
            # As far as http.client knows, the request is still being sent.
            response = http.client.HTTPResponse(connection.sock, method=method)
            response.begin()
        except (OSError, http.client.HTTPException):
            raise broken from None
        # Nobody can have taken what was not sent.
        if response.status < 400:
            response.close()
            raise
        return response
    return connection.getresponse()


@contextmanager
def _named_failures(address: Address, watch: Watch) -> Iterator[None]:
    """The many ways in which a connection breaks, as ``FetchFailed`` with the host's name."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        # What the watch raised was meant for the caller, whatever its class.
        raise watch.stopped_by or _failure(address.host, error) from error


def _failure(host: str, error: Exception) -> FetchFailed:
    if isinstance(error, ssl.SSLCertVerificationError):
        return FetchFailed(f"{host} cannot prove that it is {host}: {error.verify_message}.")
    if isinstance(error, socket.gaierror):
        if error.errno in _NO_SUCH_NAME:
            return FetchFailed(f"There is no host {host}.")
        return FetchFailed(f"The address of {host} could not be looked up.", is_retryable=True)
    if isinstance(error, TimeoutError):
        return FetchFailed(f"{host} does not answer.", code="fetch_timeout", is_retryable=True)
    if isinstance(error, http.client.IncompleteRead):
        return FetchFailed(f"{host} broke off in the middle of the file.", is_retryable=True)
    if isinstance(error, http.client.HTTPException):
        return FetchFailed(f"{host} does not speak HTTP as it should ({type(error).__name__}).", is_retryable=True)
    number = getattr(error, "errno", None)
    reason = os.strerror(number) if number and not isinstance(error, ssl.SSLError) else type(error).__name__
    return FetchFailed(f"The connection to {host} failed: {reason}.", is_retryable=True)


def _resolve_watched(address: Address, resolve: Resolve, rules: FetchRules, watch: Watch) -> Sequence[str]:
    """One look-up. The system's resolver cannot be interrupted, so it runs aside, and is left if too slow."""
    try:
        return [str(ipaddress.ip_address(address.host))]
    except ValueError:
        pass
    answer: queue.SimpleQueue[Sequence[str] | OSError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answer.put(resolve(address.host, address.port))
        except OSError as error:
            answer.put(error)
        except UnicodeError:
            answer.put(socket.gaierror(socket.EAI_NONAME, "not a name"))

    threading.Thread(target=look_up, name="mediacloud-resolve", daemon=True).start()
    since = time.monotonic()
    while True:
        try:
            found = answer.get(timeout=TURN_S)
        except queue.Empty:
            watch.look(since=since, limit_s=rules.connect_timeout_s)
        else:
            break
    if isinstance(found, OSError):
        raise found
    if not found:
        raise socket.gaierror(socket.EAI_NONAME, "no address")
    return found


def _connect(
    address: Address, candidates: Sequence[str], rules: FetchRules, watch: Watch
) -> WatchedSocket | WatchedTLSSocket:
    """A socket to the first of ``candidates`` that answers, with TLS where the scheme asks for it."""
    failure: OSError | None = None
    for ip in candidates:
        try:
            sock = _open(ip, address.port, rules, watch)
        except OSError as error:
            failure = error
        else:
            break
    else:
        raise failure or TimeoutError
    try:
        if ipaddress.ip_address(sock.getpeername()[0]) != ipaddress.ip_address(ip):
            raise FetchRefused(
                f"The connection to {address.host} ended somewhere else than at the address that was checked."
            )
        if address.scheme == "http":
            return sock
        context = _tls_context(rules.ca_file)
        tls = context.wrap_socket(sock, server_hostname=address.host, do_handshake_on_connect=False)
    except BaseException:
        sock.close()
        raise
    try:
        tls.watch = watch
        tls.shake_hands(rules.connect_timeout_s)
    except BaseException:
        tls.close()
        raise
    return tls


def _open(ip: str, port: int, rules: FetchRules, watch: Watch) -> WatchedSocket:
    """A TCP connection to exactly ``ip``, waited for in turns."""
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    sock = WatchedSocket(family, socket.SOCK_STREAM)
    try:
        sock.watch = watch
        sock.setblocking(False)
        code = sock.connect_ex((ip, port))
        since = time.monotonic()
        while code == errno.EINPROGRESS:
            watch.look()
            if time.monotonic() - since >= rules.connect_timeout_s:
                raise TimeoutError
            poll = select.poll()
            poll.register(sock, select.POLLOUT)
            if poll.poll(TURN_S * 1000):
                code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(TURN_S)
    except BaseException:
        sock.close()
        raise
    return sock


class _TLSContext(ssl.SSLContext):
    sslsocket_class = WatchedTLSSocket

    def wrap_socket(self, sock: socket.socket, **options: object) -> WatchedTLSSocket:  # type: ignore[override]
        return super().wrap_socket(sock, **options)  # type: ignore[arg-type, return-value]


@functools.lru_cache(maxsize=8)
def _tls_context(ca_file: str) -> _TLSContext:
    context = _TLSContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cafile=ca_file or certifi.where())
    return context
