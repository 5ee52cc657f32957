"""What the service answers when it does not do what it was asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .names import Version


class RequestError(NamedTuple):
    name: str
    location: str
    """``body``, ``querystring``, ``path`` or ``header``: where the parameter belongs."""
    description: str


class InvalidRequest(ValueError):
    """``errors`` is all that is wrong with a request: what a 400 says."""

    def __init__(self, errors: Sequence[RequestError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(error.description for error in errors))


def render_request_errors(errors: Iterable[tuple[str, str, str]]) -> dict[str, Any]:
    """The body of a 400, from names, locations and descriptions."""
    return {"status": "error", "errors": [RequestError(*error)._asdict() for error in errors]}


def render_message(message: str, version: Version = "v2") -> dict[str, str]:
    """The body of any other refusal. The key was ``message`` in /v1 (earlier documentation)."""
    return {"status": "error", "message" if version == "v1" else "error": message}


def parse_request_errors(body: Any) -> list[RequestError]:
    """What a refusal says; a bare message has neither name nor location. Empty if it says nothing readable."""
    if not isinstance(body, Mapping):
        return []
    errors = body.get("errors")
    if isinstance(errors, list):
        return [
            RequestError(*(str(error.get(name, "")) for name in RequestError._fields))
            for error in errors
            if isinstance(error, Mapping)
        ]
    message = body.get("error") or body.get("message")
    return [RequestError("", "", message)] if isinstance(message, str) else []
