"""Answers that are made part by part, so that a long one is never whole in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from .connections import let_connections_go


def respond_in_parts(
    request: HttpRequest, parts: Iterator[bytes], *, content_type: str = "application/json"
) -> HttpResponseBase:
    """``parts`` one after the other: each is made, with the help of the database if need be, when the client has taken
    those before it. If one raises, the answer is broken off.

    Under ASGI a client that reads slowly holds no database connection meanwhile.
    """
    pieces = _taken_by_threads(parts) if isinstance(request, ASGIRequest) else parts
    return StreamingHttpResponse(pieces, content_type=content_type)


async def _taken_by_threads(parts: Iterator[bytes]) -> AsyncIterator[bytes]:
    @sync_to_async
    def take() -> bytes | None:
        try:
            return next(parts, None)
        finally:
            let_connections_go()

    while (part := await take()) is not None:
        yield part
