"""What every method of the API shares: it is open to pages of any site, and says in JSON what is wrong."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent
from django.db import InterfaceError, OperationalError, connections, transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.cache import add_never_cache_headers
from django.views.decorators.csrf import csrf_exempt

from ....exceptions import AccessRefused, ConfigurationError, InvalidParameters, LimitReached, StorageError
from ....serving.places import RETRY_AFTER_S, NoPlace
from .. import wire
from .requests import ApiRequest, read_request

_log = logging.getLogger(__name__)
View = Callable[..., HttpResponseBase]
_CORS = {
    # Nothing here depends on cookies: a page gets no more than any program does.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": (
        "Accept-Ranges, Content-Disposition, Content-Length, Content-Range, ETag, Retry-After"
    ),
}
_PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
    # The last one is added by many JavaScript libraries of the service's time.
    "Access-Control-Allow-Headers": (
        "Authorization, Content-Type, If-None-Match, If-Range, Range, Referrer, X-Requested-With"
    ),
    "Access-Control-Max-Age": "86400",
}


UNREADABLE = (BadRequest, MultiPartParserError, RequestDataTooBig, TooManyFieldsSent, UnreadablePostError)
"""What Django finds wrong with a body or a query when it is read."""
AWAY = (ConfigurationError, StorageError, OperationalError, InterfaceError)
"""The site's own trouble: a cloud or a storage that is gone from the settings, a database that does not answer."""
REFUSALS = (wire.InvalidRequest, InvalidParameters, AccessRefused, LimitReached, NoPlace, *UNREADABLE, *AWAY)
"""What is answered in JSON; anything else is a fault of this server."""
AWAY_RETRY_S = 30


def answer(value: Any, status: int = 200) -> HttpResponse:
    """``value`` as JSON."""
    return HttpResponse(wire.render_json(value, is_echo=True), status=status, content_type="application/json")


def door(
    *methods: str, read: Callable[[HttpRequest, wire.Version], ApiRequest] = read_request
) -> Callable[[View | Callable[..., Awaitable[HttpResponseBase]]], Any]:
    """Make a view of ``view(request: ApiRequest, **path)``, open to ``methods``; ``view`` may be a coroutine."""

    def wrap(view: Any) -> Any:
        if asyncio.iscoroutinefunction(view):

            @functools.wraps(view)
            async def opened_async(http: HttpRequest, version: wire.Version = "v2", **path: str) -> HttpResponseBase:
                if (early := _early(http, methods)) is not None:
                    return early
                try:
                    return _shared(await view(read(http, version), **path))
                except REFUSALS as error:
                    return _shared(refuse(error, version))

            return _unbound(opened_async)

        @functools.wraps(view)
        def opened(http: HttpRequest, version: wire.Version = "v2", **path: str) -> HttpResponseBase:
            if (early := _early(http, methods)) is not None:
                return early
            try:
                return _shared(view(read(http, version), **path))
            except REFUSALS as error:
                return _shared(refuse(error, version))

        return _unbound(opened)

    return wrap


def refuse(error: Exception, version: wire.Version) -> HttpResponse:
    """The answer for one of ``REFUSALS``; anything else is raised on."""
    if isinstance(error, wire.InvalidRequest):
        return answer(wire.render_request_errors(error.errors), 400)
    if isinstance(error, InvalidParameters):
        found = [(name, "body", f"{name}: {message}") for name, said in error.errors.items() for message in said]
        return answer(wire.render_request_errors(found), 400)
    if isinstance(error, AccessRefused):
        return answer(wire.render_request_errors([("secret", "body", str(error))]), 401)
    if isinstance(error, LimitReached):
        response = answer(wire.render_message(str(error), version), 429)
        response["Retry-After"] = str(error.retry_after_s)
        return response
    if isinstance(error, NoPlace):
        return later(str(error), version, RETRY_AFTER_S)
    if isinstance(error, UNREADABLE):
        words = f"the request cannot be read: {error}"
        return answer(wire.render_request_errors([("", "body", words)]), 400)
    if isinstance(error, AWAY):
        # Its words are the site's own business: they name aliases, hosts and accounts.
        _log.error("The Tasks API cannot answer.", exc_info=error)
        return later("The server cannot do this now; ask again later.", version, AWAY_RETRY_S)
    raise error


def later(message: str, version: wire.Version, retry_after_s: int) -> HttpResponse:
    """503 (documentation, "HTTP codes"): nothing was taken, and clients ask again."""
    response = answer(wire.render_message(message, version), 503)
    response["Retry-After"] = str(retry_after_s)
    return response


def _unbound(view: Any) -> Any:
    """Free of cookies, and of ATOMIC_REQUESTS: who waits must see what others commit, and coroutines cannot be in a
    transaction at all. What has to stand together has a transaction of its own."""
    for alias in connections:
        view = transaction.non_atomic_requests(using=alias)(view)
    return csrf_exempt(view)


def _early(http: HttpRequest, methods: tuple[str, ...]) -> HttpResponseBase | None:
    if http.method == "OPTIONS":
        return _shared(HttpResponse(status=204, headers=_PREFLIGHT))
    if http.method not in methods:
        refused = answer(wire.render_message(f"{http.method} is not allowed here"), 405)
        refused["Allow"] = ", ".join(methods)
        return _shared(refused)
    return None


def _shared(response: HttpResponseBase) -> HttpResponseBase:
    if not response.has_header("Cache-Control"):
        # A cache knows answers by their address, and whose they are is in another header.
        add_never_cache_headers(response)
    for name, value in _CORS.items():
        response[name] = value
    return response
