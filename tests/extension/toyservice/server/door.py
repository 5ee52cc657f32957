"""What every method of the API shares: a key, and refusals in the service's words."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from ....access import admit
from ....exceptions import AccessRefused, InvalidParameters, LimitReached, UnknownOperation
from ....models import Job
from .. import wire
from .keys import KIND

View = Callable[..., HttpResponseBase]


def answer(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(body, status=status, content_type="application/json", headers=headers)


def door(method: str) -> Callable[[View], View]:
    """Make a view of ``view(http, key, **path)`` that is open to ``method`` and to those who hold a key."""

    def wrap(view: View) -> View:
        @wraps(view)
        def opened(http: HttpRequest, **path: Any) -> HttpResponseBase:
            if http.method != method:
                return refuse(f"{http.method} is not for this address.", 405, {"Allow": method})
            try:
                return view(http, admit(KIND.service, http.headers.get(wire.KEY_HEADER, "")), **path)
            except AccessRefused as error:
                return refuse(str(error), 401)
            except (InvalidParameters, UnknownOperation) as error:
                return refuse(str(error), 400)
            except Job.DoesNotExist:
                return refuse("There is no such job.", 404)
            except LimitReached as error:
                return refuse(str(error), 429, {"Retry-After": str(error.retry_after_s)})

        # Programs have no cookies, and so nothing that another site's page could abuse.
        return csrf_exempt(opened)

    return wrap


def refuse(sentence: str, status: int, headers: dict[str, str] | None = None) -> HttpResponse:
    return answer(wire.render_refusal(sentence), status, headers)
