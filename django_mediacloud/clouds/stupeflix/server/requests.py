"""What a client sent, wherever it put it: in a JSON body under any content type, in a header, in the query string."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict

from ....serving.bodies import whole_body
from .. import wire

MAX_KEYS = 10_000
"""In one request for statuses, which needs no credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """A request as the API sees it. ``body`` is empty where none came."""

    http: HttpRequest
    version: wire.Version
    body: Mapping[str, Any]

    @property
    def query(self) -> QueryDict:
        return self.http.GET

    @property
    def is_get(self) -> bool:
        return self.http.method == "GET"

    def flag(self, name: str) -> bool:
        """A truth, false if it was not given. ``InvalidRequest`` if it is none."""
        value, location = (self.query.get(name), "querystring") if self.is_get else (self.body.get(name), "body")
        if value is None:
            return False
        try:
            return wire.parse_boolean(value)
        except ValueError as error:
            raise wire.InvalidRequest([wire.RequestError(name, location, f"{name}: {error}")]) from None

    @property
    def keys(self) -> list[str]:
        """The keys that a status is wanted of. ``InvalidRequest`` if there are none, or too many."""
        location = "querystring" if self.is_get else "body"
        keys = wire.parse_keys(self.query.getlist("tasks") if self.is_get else self.body.get("tasks"), location)
        if len(keys) > MAX_KEYS:
            raise wire.InvalidRequest([wire.RequestError("tasks", location, f"tasks: at most {MAX_KEYS} keys")])
        return keys

    @property
    def referrer(self) -> str:
        """The page that asks. The documentation calls the header "Referrer", browsers "Referer"; and where they hold
        it back, they still send "Origin". "Referrer" comes last: the scripts of any page can set that one."""
        headers = self.http.headers
        return headers.get("Referer") or headers.get("Origin") or headers.get("Referrer") or ""


def read_request(http: HttpRequest, version: wire.Version) -> ApiRequest:
    """``InvalidRequest`` if the body is not a JSON object in UTF-8, ``BadRequest`` if it is not all there."""
    return ApiRequest(http=http, version=version, body=_read_body(http))


def read_form(http: HttpRequest, version: wire.Version) -> ApiRequest:
    """A request of the API's predecessor: names and texts, in the query or in an url-encoded body. It calls the API key
    ``accesskey`` (taskclient.py, "LizardClient"). ``BadRequest`` if the body is not all there."""
    whole_body(http)
    given = {**http.GET.dict(), **http.POST.dict()}
    if "accesskey" in given:
        given["api_key"] = given.pop("accesskey")
    return ApiRequest(http=http, version=version, body=given)


def _read_body(http: HttpRequest) -> Mapping[str, Any]:
    raw = whole_body(http)
    if not raw.strip():
        return {}
    try:
        return _object_in(raw)
    except wire.InvalidRequest:
        if http.method != "GET":
            raise
        # Some send along what belongs to a POST; nothing in it counts for a GET.
        return {}


def _object_in(raw: bytes) -> Mapping[str, Any]:
    try:
        body = wire.parse_json(raw)
    except ValueError as error:
        raise wire.InvalidRequest([wire.RequestError("", "body", f"the body is not JSON: {error}")]) from None
    if not isinstance(body, Mapping):
        raise wire.InvalidRequest([wire.RequestError("", "body", "the body is not a JSON object")])
    return body
