"""Sends one request to a service that the settings name, and repeats it where that is safe.

Every client of a service asks through here, so that they agree on three things. An answer that says "not now" (429,
503) is an answer: nothing was taken, and the request may be sent again. A request that never went out may be sent again
as well. But once it has gone out, only a request that changes nothing may be: for the others a break is an
``AnswerLost``, and only the service knows more.

No message holds a query or a header, where secrets are; nor does an error's ``__context__``, which crash reporters
show.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)

from ..exceptions import AnswerLost, CloudUnavailable
from .session import MAX_WAIT_S, RETRIED_STATUSES, asked_wait_s

log = logging.getLogger(__name__)

T = TypeVar("T")

MAX_ANSWER_BYTES = 64 * 1024 * 1024
MAX_ANSWER_S = 900.0
"""From the head of an answer to its end: longer than a service is asked to wait before it answers."""
_PIECE_BYTES = 64 * 1024

_NEVER_SENT = (NewConnectionError, ConnectTimeoutError, ProxyError, ValueError)
"""``ValueError`` is what the libraries raise for addresses and headers that are none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How often a request is sent again, and the first wait, which doubles. A wait is never over 30 seconds."""

    retries: int = 3
    backoff_s: float = 0.5


def call(
    session: requests.Session,
    method: str,
    url: str,
    *,
    receive: Callable[[requests.Response], T],
    is_repeatable: bool,
    patience: Patience,
    timeout_s: tuple[float, float] | None = None,
    **request: Any,
) -> T:
    """What ``receive`` makes of the answer, whatever its status; ``request`` is for ``requests.Session.request``.

    ``receive`` gets the answer with its body still to be read. The session should do no retries of its own. Redirects
    are not followed: the secret in the request is for this host only.

    Raises ``CloudUnavailable`` if no answer came, and ``AnswerLost`` if the service may have done what it was asked.
    """
    attempt = 0
    while True:
        failure: _Failure | None = None
        try:
            response = session.request(method, url, stream=True, allow_redirects=False, timeout=timeout_s, **request)
            if response.status_code not in RETRIED_STATUSES or attempt >= patience.retries:
                return receive(response)
            wait_s = asked_wait_s(response.headers.get("Retry-After") or "")
            response.close()
        except (requests.RequestException, HTTPError) as error:
            wait_s = None
            failure = _failure(_cause(error), urlsplit(url).hostname or "", is_repeatable=is_repeatable)
        # Outside of the ``except``, so that what is raised does not drag the library's error, with its URL, along.
        if failure is not None and (attempt >= patience.retries or not failure.will_pass):
            raise failure.error
        if wait_s is None:
            wait_s = min(patience.backoff_s * 2**attempt, MAX_WAIT_S)
        attempt += 1
        log.info("%s is asked again in %.1f s", urlsplit(url).hostname, wait_s)
        time.sleep(wait_s)


def read_all(
    response: requests.Response, limit_bytes: int = MAX_ANSWER_BYTES, *, within_s: float = MAX_ANSWER_S
) -> bytes:
    """The whole body, undone from its compression. ``ValueError`` if it is over ``limit_bytes``.

    A body that trickles in is a timeout after ``within_s``: each byte of it is in time for the session.
    """
    until = time.monotonic() + within_s
    body = bytearray()
    with response:
        # Not iter_content: that waits for a full piece.
        while piece := response.raw.read1(_PIECE_BYTES, decode_content=True):
            body += piece
            if len(body) > limit_bytes:
                raise ValueError(f"the answer is over {limit_bytes} bytes")
            if time.monotonic() >= until:
                raise ReadTimeoutError(None, None, "the answer trickles in")  # type: ignore[arg-type]  # no pool is known
    return bytes(body)


@dataclass(frozen=True, slots=True)
class _Failure:
    error: CloudUnavailable
    will_pass: bool
    """Sending it again here and now is allowed, and may help."""


def _failure(cause: BaseException, host: str, *, is_repeatable: bool) -> _Failure:
    is_untrusted = _is_untrusted(cause)
    was_sent = not (is_untrusted or isinstance(cause, _NEVER_SENT))
    if was_sent and not is_repeatable:
        return _Failure(AnswerLost(_sentence(cause, host)), will_pass=False)
    # Who waited in vain for an answer has waited as long as was wanted.
    will_pass = not (is_untrusted or isinstance(cause, ReadTimeoutError | ValueError))
    is_late = isinstance(cause, ConnectTimeoutError | ReadTimeoutError) and not isinstance(cause, NewConnectionError)
    error = CloudUnavailable(
        _sentence(cause, host),
        code="timeout" if is_late else None,
        is_retryable=not (is_untrusted or isinstance(cause, ValueError)),
    )
    return _Failure(error, will_pass=will_pass)


def _sentence(cause: BaseException, host: str) -> str:
    # The more particular class first: a name that is not found is a connection that is not made.
    sentences: tuple[tuple[type[BaseException], str], ...] = (
        (NameResolutionError, f"There is no host {host}."),
        (NewConnectionError, f"{host} does not take connections."),
        (ConnectTimeoutError, f"{host} did not answer in time."),
        (ReadTimeoutError, f"{host} did not answer in time."),
        (ValueError, "The address cannot be used."),
    )
    if _is_untrusted(cause):
        return f"{host} cannot prove that it is {host}."
    broken = f"The connection to {host} broke ({type(cause).__name__})."
    return next((sentence for kind, sentence in sentences if isinstance(cause, kind)), broken)


def _cause(error: BaseException) -> BaseException:
    """What happened, out of the wrappings of requests and urllib3."""
    while True:
        inner = error.reason if isinstance(error, MaxRetryError) else next(iter(error.args), None)
        if isinstance(error, requests.RequestException | MaxRetryError) and isinstance(inner, HTTPError):
            error = inner
        else:
            return error


def _is_untrusted(cause: BaseException) -> bool:
    return isinstance(cause, urllib3.exceptions.SSLError) and any(
        isinstance(inner, ssl.SSLCertVerificationError) for inner in cause.args
    )
