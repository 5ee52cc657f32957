"""Requests to the service: where the credentials go, and what an answer that is no success means."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar
from urllib.parse import urlsplit

import requests

from ...exceptions import AnswerLost, CloudUnavailable, ConfigurationError, InvalidParameters
from ...transport.account import checked_base_url, checked_credential
from ...transport.call import MAX_ANSWER_S, Patience, call, read_all
from ...transport.session import RETRIED_STATUSES
from . import wire
from .errors import (
    StupeflixAnswerLost,
    StupeflixError,
    StupeflixRejected,
    StupeflixUnauthorized,
    StupeflixUnavailable,
)

CredentialsIn = Literal["header", "body"]
Query = Sequence[tuple[str, str]]

CONNECT_TIMEOUT_S = 10.0
MAX_REFUSAL_BYTES = 1024 * 1024

T = TypeVar("T")
E = TypeVar("E", bound=StupeflixError)


class Connection:
    """One account at one address."""

    def __init__(
        self,
        session: requests.Session,
        *,
        base_url: str,
        credentials: wire.Credentials,
        credentials_in: CredentialsIn,
        referrer: str,
        patience: Patience,
        allow_http: bool,
    ) -> None:
        self.session = session
        self.base_url = checked_base_url(base_url, allow_http=allow_http or not credentials)
        self.version: wire.Version = "v1" if self.base_url.endswith("/v1/") else "v2"
        self._credentials = _checked(credentials)
        self._credentials_in = credentials_in
        self._referrer = checked_credential("referrer", referrer)
        self._patience = patience

    def ask(
        self,
        method: str,
        name: str,
        parse: Callable[[Any], T],
        *,
        query: Query = (),
        body: Mapping[str, Any] | None = None,
        is_repeatable: bool = True,
        timeout_s: float | None = None,
    ) -> T:
        """What ``parse`` makes of the JSON of a successful answer.

        ``timeout_s`` counts for the body, too: a server that waits for tasks may say all along that it is alive.
        """
        within_s = timeout_s or MAX_ANSWER_S
        return self.exchange(
            method,
            name,
            lambda response: parse(wire.parse_json(read_all(response, within_s=within_s))),
            query=query,
            body=body,
            is_repeatable=is_repeatable,
            timeout_s=timeout_s,
        )

    def exchange(
        self,
        method: str,
        name: str,
        receive: Callable[[requests.Response], T],
        *,
        query: Query = (),
        body: Mapping[str, Any] | None = None,
        is_repeatable: bool = True,
        timeout_s: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """What ``receive`` makes of a successful answer; its ``ValueError`` means that the answer cannot be read.

        ``name`` is the path below ``base_url``. ``is_repeatable`` says that doing it twice does no harm. Raises a
        ``StupeflixError``.
        """
        request = _Request(method=method, path=urlsplit(self.base_url).path + name, is_repeatable=is_repeatable)
        try:
            return call(
                self.session,
                method,
                self.base_url + name,
                receive=lambda response: self._receive(request, response, receive),
                is_repeatable=is_repeatable,
                patience=self._patience,
                timeout_s=None if timeout_s is None else (CONNECT_TIMEOUT_S, timeout_s),
                **self._signed(method, query, body, headers or {}),
            )
        except StupeflixError:
            raise
        except CloudUnavailable as error:
            kind = StupeflixAnswerLost if isinstance(error, AnswerLost) else StupeflixUnavailable
            raise request.failed(kind, str(error), code=error.code, is_retryable=error.is_retryable) from None

    def _receive(self, request: _Request, response: requests.Response, receive: Callable[[requests.Response], T]) -> T:
        if not 200 <= response.status_code < 300:
            raise self._refusal(request, response)
        try:
            return receive(response)
        except ValueError as error:
            response.close()
            reason = str(error)[:200]
        kind, code = (
            (StupeflixUnavailable, "unreadable_answer") if request.is_repeatable else (StupeflixAnswerLost, None)
        )
        sentence = f"the answer cannot be read: {reason}"
        raise request.failed(kind, sentence, status_code=response.status_code, code=code, is_retryable=False)

    def _signed(
        self, method: str, query: Query, body: Mapping[str, Any] | None, headers: Mapping[str, str]
    ) -> dict[str, Any]:
        """The arguments for ``requests`` that say what is asked, and who asks."""
        sent = {"Accept": "application/json", **headers}
        query, body = list(query), dict(body or {})
        if self._referrer:
            # The service's documentation spells it so; HTTP and every browser have one r less.
            sent |= {"Referrer": self._referrer, "Referer": self._referrer}
        if self._credentials and self._credentials_in == "header":
            sent["Authorization"] = wire.render_authorization(self._credentials)
        elif self._credentials:
            name = "secret" if self._credentials.secret else "api_key"
            value = self._credentials.secret or self._credentials.api_key
            if method == "GET":
                query.append((name, value))
            else:
                body[name] = value
        if method == "GET":
            return {"params": query, "headers": sent}
        try:
            data = wire.render_json(body)
        except (TypeError, ValueError) as error:
            raise InvalidParameters({"tasks": [f"cannot be said in JSON: {error}"]}) from None
        return {"data": data, "headers": sent | {"Content-Type": "application/json"}}

    def _refusal(self, request: _Request, response: requests.Response) -> StupeflixError:
        status_code = response.status_code
        body = self._refusal_body(response)
        said = "; ".join(
            f"{error.name}: {error.description}" if error.name else error.description
            for error in wire.parse_request_errors(body)
        )
        kind: type[StupeflixError] = StupeflixRejected
        if status_code == 401:
            kind = StupeflixUnauthorized
        elif status_code in RETRIED_STATUSES:
            kind = StupeflixUnavailable
        elif status_code >= 500:
            # It broke somewhere on the way: what was to be created may be there.
            kind = StupeflixUnavailable if request.is_repeatable else StupeflixAnswerLost
        elif status_code < 400:
            said = "it points to another address, and this client follows none; correct base_url"
        answered = f"answered with {status_code}" + (f": {said}" if said else "")
        return request.failed(kind, answered, status_code=status_code, body=body)

    def _refusal_body(self, response: requests.Response) -> Any:
        """JSON, or text if it is none, without the secret: some servers repeat what they were sent."""
        try:
            raw = read_all(response, MAX_REFUSAL_BYTES)
        except ValueError:
            return None
        for value in (self._credentials.secret, self._credentials.api_key):
            if value:
                raw = raw.replace(value.encode(), b"[secret]")
        try:
            return wire.parse_json(raw)
        except ValueError:
            return raw.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    method: str
    path: str
    is_repeatable: bool

    def failed(self, kind: type[E], sentence: str, **facts: Any) -> E:
        return kind(f"{self.method} {self.path}: {sentence}", method=self.method, path=self.path, **facts)


def _checked(credentials: wire.Credentials) -> wire.Credentials:
    if credentials.secret and credentials.api_key:
        raise ConfigurationError("Give a secret or an API key, not both.")
    checked_credential("secret", credentials.secret)
    checked_credential("api_key", credentials.api_key)
    return credentials
