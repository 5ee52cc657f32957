"""HTTP sessions for the services that the site's own settings name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter

from .. import __version__

USER_AGENT = f"django-mediacloud/{__version__}"
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
RETRIED_STATUSES = frozenset({429, 503})
MAX_WAIT_S = 30.0


class _Retry(urllib3.Retry):
    """``Retry-After`` is the other side's wish: obeyed up to a bound, so that it cannot hold a worker for a day."""

    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        wait_s = super().get_retry_after(response)
        return None if wait_s is None else min(wait_s, MAX_WAIT_S)


class _Adapter(HTTPAdapter):
    """requests waits for ever unless told otherwise at every call: here the session tells."""

    def __init__(self, *, timeout_s: tuple[float, float], max_retries: urllib3.Retry) -> None:
        self._timeout_s = timeout_s
        super().__init__(max_retries=max_retries)

    def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
        if kwargs.get("timeout") is None:
            kwargs["timeout"] = self._timeout_s
        return super().send(request, *args, **kwargs)


def make_session(
    *,
    timeout_s: tuple[float, float] = (10.0, 60.0),
    retries: int = 3,
    backoff_s: float = 0.5,
    headers: Mapping[str, str] | None = None,
    use_environment: bool = False,
    ca_file: str = "",
) -> requests.Session:
    """A ``requests.Session`` with time limits ``(connect, read)`` on every call, this package's name, and TLS verified.

    GET, HEAD, OPTIONS, PUT and DELETE are tried again up to ``retries`` times after 429, 503 or a broken connection:
    after the ``Retry-After`` that was sent, or with growing waits from ``backoff_s``, never over 30 seconds. The last
    answer is returned as it is. POST is never repeated. ``use_environment`` lets the machine's proxies and ``.netrc``
    apply.
    """
    retry = _Retry(
        total=retries,
        allowed_methods=IDEMPOTENT,
        status_forcelist=RETRIED_STATUSES,
        backoff_factor=backoff_s,
        backoff_max=MAX_WAIT_S,
        raise_on_status=False,
    )
    session = requests.Session()
    session.trust_env = use_environment
    session.verify = ca_file or True
    session.headers["User-Agent"] = USER_AGENT
    session.headers.update(headers or {})
    adapter = _Adapter(timeout_s=timeout_s, max_retries=retry)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
