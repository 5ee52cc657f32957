"""Pages by cursor: newest first.

A cursor says "older than this moment" and not "from the 51st on": what comes in while a client walks shifts nothing,
so no row is seen twice or left out, and the last page costs what the first one does. It names a moment and no primary
key, as those stay inside.
"""

from __future__ import annotations

from typing import Any

from django.utils.dateparse import parse_datetime
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

from ..exceptions import InvalidParameters

DEFAULT_PAGE_SIZE = 25
MAX_PAGE_SIZE = 100


class NewestFirst(CursorPagination):
    page_size = DEFAULT_PAGE_SIZE
    page_size_query_param = "page_size"
    max_page_size = MAX_PAGE_SIZE
    # The second decides between rows of the same moment.
    ordering = ("-created_at", "-id")

    def get_page_size(self, request: Request) -> int:
        text = request.query_params.get("page_size")
        if text is None:
            return DEFAULT_PAGE_SIZE
        if not (text.isascii() and text.isdigit() and len(text) < 5 and 1 <= int(text) <= MAX_PAGE_SIZE):
            raise InvalidParameters({"page_size": [f"must be an integer from 1 to {MAX_PAGE_SIZE}"]})
        return int(text)

    def decode_cursor(self, request: Request) -> Any:
        try:
            cursor = super().decode_cursor(request)
            is_sound = cursor is None or cursor.position is None or _is_moment(str(cursor.position))
        except (NotFound, ValueError):
            is_sound = False
        if not is_sound:
            raise InvalidParameters({"cursor": ["is not one of this list's cursors"]})
        return cursor


def _is_moment(text: str) -> bool:
    moment = parse_datetime(text)
    # At the ends of the calendar a change of time zone overflows.
    return moment is not None and 1 < moment.year < 9999
