"""The body of a request: whole, or refused."""

from __future__ import annotations

import re

from django.core.exceptions import BadRequest
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest


def whole_body(http: HttpRequest) -> bytes:
    """The body as it was sent; ``BadRequest`` if there was more of it.

    Under WSGI a body that is cut off on its way reads as a shorter one or as none, and so does one in chunks: half of a
    request must not pass for another.
    """
    length = announced_bytes(http)
    raw = http.body
    if len(raw) < length:
        raise BadRequest("the body is not all there")
    if not raw and "HTTP_TRANSFER_ENCODING" in http.META and not isinstance(http, ASGIRequest):
        raise BadRequest("Transfer-Encoding is not understood here; send a Content-Length")
    return raw


def announced_bytes(http: HttpRequest) -> int:
    """The length of the body by its header's word, 0 without one; ``BadRequest`` if that is no number."""
    told = str(http.META.get("CONTENT_LENGTH") or 0)
    if not re.fullmatch(r"[0-9]{1,18}", told):
        raise BadRequest("Content-Length is not a number")
    return int(told)
