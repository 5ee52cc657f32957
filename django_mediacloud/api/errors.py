"""Every error that leaves the API is one JSON object: ``{code, message, advice, errors?}``.

``code`` is stable, ``message`` a sentence, ``advice`` what to do next; ``errors`` has a list of messages for each
field or parameter that is wrong.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.http import Http404
from rest_framework import exceptions as drf
from rest_framework import status
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from ..exceptions import (
    CloudError,
    CloudUnavailable,
    ConfigurationError,
    EngineError,
    FetchError,
    FetchRefused,
    IdempotencyConflict,
    InvalidParameters,
    MediaCloudError,
    MediaError,
    NotAllowed,
    StorageError,
    UnknownOperation,
    WorkStopped,
)

logger = logging.getLogger(__name__)

NOT_FOUND = "Nothing is here, or it is not yours."

STATUS: Mapping[type[MediaCloudError], int] = {
    MediaCloudError: status.HTTP_500_INTERNAL_SERVER_ERROR,
    ConfigurationError: status.HTTP_500_INTERNAL_SERVER_ERROR,
    InvalidParameters: status.HTTP_400_BAD_REQUEST,
    UnknownOperation: status.HTTP_400_BAD_REQUEST,
    NotAllowed: status.HTTP_409_CONFLICT,
    IdempotencyConflict: status.HTTP_409_CONFLICT,
    WorkStopped: status.HTTP_409_CONFLICT,
    MediaError: status.HTTP_422_UNPROCESSABLE_ENTITY,
    EngineError: status.HTTP_503_SERVICE_UNAVAILABLE,
    FetchError: status.HTTP_502_BAD_GATEWAY,
    FetchRefused: status.HTTP_400_BAD_REQUEST,
    StorageError: status.HTTP_503_SERVICE_UNAVAILABLE,
    CloudError: status.HTTP_502_BAD_GATEWAY,
    CloudUnavailable: status.HTTP_503_SERVICE_UNAVAILABLE,
}
"""An error has the status of its nearest ancestor here."""


class TooLarge(drf.APIException):
    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_detail = "The request is too large."
    default_code = "too_large"


class ErrorsMixin:
    """A view whose errors look as above, whatever the site's REST settings say."""

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        return answer_error


def answer_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """The answer to ``error``; None if it is not one that a client can make sense of, which is then a plain 500."""
    if isinstance(error, drf.ValidationError):
        error = InvalidParameters(dict(_flat("", error.detail)))
    if isinstance(error, MediaCloudError):
        set_rollback()
        return Response(as_json(error), status=status_of(error))
    if isinstance(error, SuspiciousOperation):
        # Too many fields, a form that is too large: Django's own answer would be a page of HTML.
        error = TooLarge() if isinstance(error, RequestDataTooBig) else drf.ParseError(str(error))
    if isinstance(error, Http404):
        error = drf.NotFound(NOT_FOUND)
    response = exception_handler(error, context)
    if response is not None:
        problem = error if isinstance(error, drf.APIException) else drf.PermissionDenied()
        response.data = {"code": str(problem.get_codes()), "message": str(problem.detail), "advice": ""}
    return response


def status_of(error: MediaCloudError) -> int:
    return next(STATUS[cls] for cls in type(error).__mro__ if cls in STATUS)


def as_json(error: MediaCloudError) -> dict[str, Any]:
    message, advice = str(error), error.advice
    if isinstance(error, ConfigurationError):
        # What is wrong with the settings is for the people who run the site.
        logger.error("The API met a wrong setting: %s", error)
        message, advice = "This site is not set up properly.", "Tell the people who run it: their log says more."
    told: dict[str, Any] = {"code": error.code, "message": message, "advice": advice}
    if isinstance(error, InvalidParameters):
        told["errors"] = error.errors
    return told


def _flat(name: str, detail: Any) -> Iterator[tuple[str, list[str]]]:
    """The messages by dotted name, out of the nested lists and objects that serializers make."""
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            yield from _flat(f"{name}.{key}" if name else str(key), inner)
        return
    items = detail if isinstance(detail, list) else [detail]
    plain = [str(item) for item in items if not isinstance(item, Mapping | list)]
    if plain:
        yield name or "non_field_errors", plain
    for number, item in enumerate(items):
        if isinstance(item, Mapping | list) and item:
            yield from _flat(f"{name}.{number}" if name else str(number), item)
