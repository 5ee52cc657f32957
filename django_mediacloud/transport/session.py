"""HTTP sessions for the services that the site's own settings name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import InvalidHeader

from .. import __version__

USER_AGENT = f"django-mediacloud/{__version__}"
IDEMPOTENT = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
RETRIED_STATUSES = frozenset({429, 503})
MAX_WAIT_S = 30.0


class _Retry(urllib3.Retry):
    def get_retry_after(self, response: urllib3.BaseHTTPResponse) -> float | None:
        return asked_wait_s(response.headers.get("Retry-After") or "")


def asked_wait_s(retry_after: str) -> float | None:
    """The seconds that a Retry-After asks for; None if it asks for nothing that can be read.

    It is the other side's wish: obeyed up to ``MAX_WAIT_S``, so that it cannot hold a worker for a day.
    """
    try:
        return min(float(urllib3.Retry().parse_retry_after(retry_after)), MAX_WAIT_S)
    except (InvalidHeader, ValueError, OverflowError):
        # A number or a year may be too long for Python.
        return None


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Nowhere. Even told not to follow a redirect, requests looks where it leads: it reads all of its body,
        however long, and raises what it likes for an address that is none."""
        return None


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
    answer is returned as it is. POST is never repeated, and no redirect is followed. ``use_environment`` lets the
    machine's proxies and ``.netrc`` apply.
    """
    retry = _Retry(
        total=retries,
        allowed_methods=IDEMPOTENT,
        status_forcelist=RETRIED_STATUSES,
        backoff_factor=backoff_s,
        backoff_max=MAX_WAIT_S,
        raise_on_status=False,
    )
    session = _Session()
    session.trust_env = use_environment
    session.verify = ca_file or True
    session.headers["User-Agent"] = USER_AGENT
    session.headers.update(headers or {})
    adapter = _Adapter(timeout_s=timeout_s, max_retries=retry)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session
