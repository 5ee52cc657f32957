"""The Toy Jobs API for Python programs, with or without Django.

::

    with ToyService(key="...") as toys:
        status = toys.create(Order(do="hello", given={"name": "John"}))
        print(toys.status(status.id).gives)
"""

from __future__ import annotations

from types import TracebackType
from urllib.parse import quote

import requests

from ...exceptions import AnswerLost, CloudError, CloudRejected, CloudUnavailable
from ...transport.account import checked_base_url, checked_credential
from ...transport.call import Patience, call, read_all
from ...transport.session import RETRIED_STATUSES, make_session
from . import wire
from .wire import JobStatus, Order

BASE_URL = "https://toys.example/1.0/"
MAX_REFUSAL_BYTES = 64 * 1024


class ToyService:
    """One account. Every method raises ``CloudError``; ``ConfigurationError`` if it could not be reached safely.

    After 429 and 503 every request is sent again; after a broken connection ``status`` is, ``create`` never.
    """

    def __init__(
        self,
        *,
        key: str,
        base_url: str = BASE_URL,
        session: requests.Session | None = None,
        patience: Patience | None = None,
        allow_http: bool = False,
    ) -> None:
        self.base_url = checked_base_url(base_url, allow_http=allow_http)
        self._key = checked_credential("key", key)
        self._session = session or make_session(retries=0)
        self._patience = patience or Patience()

    def create(self, order: Order) -> JobStatus:
        """Make a job. ``AnswerLost`` if nobody knows whether it was made."""
        return self._ask("POST", "jobs", is_repeatable=False, body=wire.render_order(order))

    def status(self, id: str) -> JobStatus:
        return self._ask("GET", f"jobs/{quote(id, safe='')}", is_repeatable=True)

    def _ask(self, method: str, path: str, *, is_repeatable: bool, body: bytes | None = None) -> JobStatus:
        return call(
            self._session,
            method,
            self.base_url + path,
            receive=lambda response: self._receive(response, CloudUnavailable if is_repeatable else AnswerLost),
            is_repeatable=is_repeatable,
            patience=self._patience,
            headers={wire.KEY_HEADER: self._key},
            data=body,
        )

    def _receive(self, response: requests.Response, lost: type[CloudError]) -> JobStatus:
        if not 200 <= response.status_code < 300:
            raise self._refusal(response, lost)
        try:
            return wire.parse_status(read_all(response))
        except ValueError as error:
            reason = str(error)[:200]
        raise lost(f"The answer cannot be read: {reason}.")

    def _refusal(self, response: requests.Response, lost: type[CloudError]) -> CloudError:
        kind: type[CloudError] = CloudRejected
        if response.status_code in RETRIED_STATUSES:
            kind = CloudUnavailable
        elif response.status_code >= 500:
            # It broke somewhere on the way: what was to be made may be there.
            kind = lost
        try:
            said = wire.parse_refusal(read_all(response, MAX_REFUSAL_BYTES))
        except ValueError:
            said = ""
        # Some servers repeat what they were sent.
        said = said.replace(self._key, "[key]")
        return kind(f"The service answered with {response.status_code}" + (f": {said}" if said else "."))

    def close(self) -> None:
        self._session.close()

    def __enter__(self) -> ToyService:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<ToyService {self.base_url}>"
