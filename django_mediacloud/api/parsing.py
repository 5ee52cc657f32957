"""Parsers that limit the size of the body. (Django's multipart parser has limits, and streams files to disk.)"""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import IO, Any

from django.conf import settings
from rest_framework import parsers
from rest_framework.exceptions import ParseError

from .errors import TooLarge


class _Bounded(parsers.BaseParser):
    """Django's ``DATA_UPLOAD_MAX_MEMORY_SIZE``, which only the latest REST framework looks at."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        body = stream.read() if limit is None else stream.read(limit + 1)
        if limit is not None and len(body) > limit:
            raise TooLarge
        try:
            return super().parse(BytesIO(body), media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None


class JSONParser(_Bounded, parsers.JSONParser):
    pass


class FormParser(_Bounded, parsers.FormParser):
    pass


PARSERS = [JSONParser, FormParser, parsers.MultiPartParser]
