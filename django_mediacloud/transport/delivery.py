"""POSTs to URLs that came from outside."""

from __future__ import annotations

import http.client
import time
from collections.abc import Mapping
from dataclasses import dataclass

from ..exceptions import FetchFailed
from .address import parse_address
from .body import read_raw
from .exchange import Resolve, exchange, is_retryable_status, resolve_host
from .rules import FetchRules
from .watch import Watch

MAX_ANSWER_BYTES = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """The other side took it: ``status_code`` is 200 to 299, ``duration_s`` the time until its answer."""

    status_code: int
    duration_s: float


def post_json(
    url: str,
    body: bytes,
    *,
    rules: FetchRules,
    headers: Mapping[str, str] | None = None,
    resolve: Resolve = resolve_host,
) -> Delivered:
    """POST ``body``, which is JSON already (or what the Content-Type among ``headers`` says), once, as it is.

    Redirects are not followed. ``FetchRefused`` if ``rules`` forbid the address. ``FetchFailed`` for any answer but 2xx
    and for none: ``is_retryable`` if a later try may succeed, ``code`` ``fetch_http_<status>``, the start of the answer
    in ``log``.
    """
    address = parse_address(url, rules.schemes)
    watch = Watch(total_timeout_s=rules.total_timeout_s, silence_timeout_s=rules.read_timeout_s)
    started = time.monotonic()
    sent = {"Content-Type": "application/json", **(headers or {})}
    with exchange(
        address, rules=rules, watch=watch, method="POST", headers=sent, body=body, resolve=resolve
    ) as response:
        duration_s = time.monotonic() - started
        if 200 <= response.status < 300:
            return Delivered(status_code=response.status, duration_s=duration_s)
        log = _start_of(response)
    is_redirect = 300 <= response.status < 400
    raise FetchFailed(
        f"{address.host} answered {response.status}"
        + (", a redirect, which a delivery does not follow." if is_redirect else " to the delivery."),
        code=f"fetch_http_{response.status}",
        is_retryable=is_retryable_status(response.status),
        log=f"HTTP {response.status}\n{log}",
    )


def _start_of(response: http.client.HTTPResponse) -> str:
    length = MAX_ANSWER_BYTES if response.length is None else min(MAX_ANSWER_BYTES, response.length)
    return b"".join(read_raw(response, length)).decode("utf-8", "replace")
