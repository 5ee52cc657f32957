"""The Stupeflix Tasks API for Python programs, with or without Django.

::

    from django_mediacloud.clouds.stupeflix.client import Stupeflix

    with Stupeflix(secret="...") as stupeflix:
        status = stupeflix.run({"task_name": "image.thumb", "url": "http://files.com/image.jpg", "width": 320})
        print(status.result["output"])

        statuses = stupeflix.create([{"task_name": "video.create", "definition": "<movie service='craftsman-1.0'/>"}])
        for status in stupeflix.status_stream([statuses[0].key]):
            print(status.status, status.progress)

The service has closed. ``base_url`` takes the client to a site whose ``clouds.stupeflix.server`` answers in its place.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import requests

from ...exceptions import InvalidParameters
from ...transport.call import Patience
from ...transport.session import make_session
from . import wire
from .connection import Connection, CredentialsIn, Query
from .errors import (
    StreamBroken,
    StupeflixAnswerLost,
    StupeflixError,
    StupeflixRejected,
    StupeflixUnauthorized,
    StupeflixUnavailable,
    TaskFailed,
)
from .stream import StatusStream
from .wire import Deletion, Listing, Selection, TaskDefinition, TaskStatus

__all__ = [
    "Deletion",
    "Listing",
    "StatusStream",
    "StreamBroken",
    "Stupeflix",
    "StupeflixAnswerLost",
    "StupeflixError",
    "StupeflixRejected",
    "StupeflixUnauthorized",
    "StupeflixUnavailable",
    "TaskDefinition",
    "TaskFailed",
    "TaskStatus",
]

BASE_URL = "https://dragon.stupeflix.com/v2/"

Task = TaskDefinition | Mapping[str, Any]
"""A ``TaskDefinition``, or the object of the API's documentation as a dictionary."""
StatusMethod = Literal["GET", "POST"]

T = TypeVar("T")


class Stupeflix:
    """One account. Every method raises ``StupeflixError``; ``InvalidParameters`` for what cannot be sent.

    ``ConfigurationError`` if the account could not be reached safely.

    - ``secret``, or ``api_key`` with a ``referrer`` that the account allows.
    - ``credentials_in``: ``"header"`` sends them as ``Authorization`` with every request, as most programs did. The
      documentation has that for POST and DELETE, and wants the query for GET. ``"body"`` does as its examples do: the
      JSON body, and for GET the query, where proxies and logs see them.
    - ``base_url``: ends on ``/v2/``, or on ``/v1/`` for the API's first version. Over plain http credentials go to this
      machine only, unless ``allow_http``.
    - ``session``: one of ``make_session``, by default. It should do no retries of its own.
    - ``timeout_s``: how long a blocking request and a silent stream are waited for; other requests have the session's.
    - ``patience``: how often a request is sent again. After 429 and 503 every request is, since nothing was taken; the
      ``Retry-After`` is obeyed. After a broken connection only those are that change nothing: a ``create`` raises
      ``StupeflixAnswerLost``.
    """

    def __init__(
        self,
        *,
        secret: str = "",
        api_key: str = "",
        referrer: str = "",
        credentials_in: CredentialsIn = "header",
        base_url: str = BASE_URL,
        session: requests.Session | None = None,
        timeout_s: float = 600.0,
        patience: Patience | None = None,
        allow_http: bool = False,
    ) -> None:
        self._connection = Connection(
            session or make_session(retries=0),
            base_url=base_url,
            credentials=wire.Credentials(secret=secret, api_key=api_key),
            credentials_in=credentials_in,
            referrer=referrer,
            patience=patience or Patience(),
            allow_http=allow_http,
        )
        self._owns_session = session is None
        self._timeout_s = timeout_s

    def create(
        self, tasks: Task | Sequence[Task], *, block: bool = False, timeout_s: float | None = None
    ) -> list[TaskStatus]:
        """Queue tasks; their statuses in the same order, final ones with ``block`` (POST create).

        A task with wrong parameters is created, and its status is an error. ``StupeflixRejected`` if the request itself
        is wrong. With ``block`` a connection that breaks takes the keys along; ``run`` and ``wait`` have no such risk.
        """
        body = _tasks_body(tasks) | _flags(block=block)
        count = len(body["tasks"]) if isinstance(body["tasks"], list) else 1
        return self._connection.ask(
            "POST",
            "create",
            lambda given: self._parse(given, count),
            body=body,
            is_repeatable=False,
            timeout_s=self._limit_s(timeout_s, block),
        )

    def create_stream(self, tasks: Task | Sequence[Task], *, timeout_s: float | None = None) -> StatusStream:
        """Queue tasks and hear of every change (POST create_stream)."""
        return self._stream("POST", "create_stream", body=_tasks_body(tasks), is_repeatable=False, timeout_s=timeout_s)

    def status(
        self,
        keys: str | Sequence[str],
        *,
        block: bool = False,
        details: bool = False,
        method: StatusMethod = "POST",
        timeout_s: float | None = None,
    ) -> list[TaskStatus]:
        """The statuses of tasks in the order of ``keys``, final ones with ``block``.

        What ``details`` adds is in ``raw``. By GET the keys travel in the URL, which has room for some 70 of them.
        """
        query, body = _keys_request(keys, method, _flags(block=block, details=details))
        return self._connection.ask(
            method, "status", self._parse, query=query, body=body, timeout_s=self._limit_s(timeout_s, block)
        )

    def status_stream(
        self, keys: str | Sequence[str], *, method: StatusMethod = "POST", timeout_s: float | None = None
    ) -> StatusStream:
        """Every change of tasks that exist already."""
        query, body = _keys_request(keys, method, {})
        return self._stream(method, "status_stream", query=query, body=body, timeout_s=timeout_s)

    def wait(self, keys: str | Sequence[str], *, timeout_s: float | None = None) -> list[TaskStatus]:
        """The final statuses, in the order of ``keys``.

        ``StupeflixUnavailable`` with the code ``timeout`` if they are not final after ``timeout_s``; the tasks go on.
        """
        until = time.monotonic() + (timeout_s or self._timeout_s)
        pause_s = 0.5
        while True:
            left_s = max(until - time.monotonic(), 1.0)
            statuses = self.status(keys, block=True, timeout_s=left_s)
            if all(status.is_final for status in statuses):
                return statuses
            # Someone on the way did not want to wait so long.
            if time.monotonic() + pause_s >= until:
                raise StupeflixUnavailable("The tasks take longer than was waited.", code="timeout")
            time.sleep(pause_s)
            pause_s = min(pause_s * 2, 2.0)

    def run(self, task: Task, *, timeout_s: float | None = None) -> TaskStatus:
        """Create one task and wait for it; its final status. ``TaskFailed`` if it ends on an error."""
        (status,) = self.create([task])
        if not status.is_final:
            found = {found.key: found for found in self.wait(status.key, timeout_s=timeout_s)}
            if status.key not in found:
                raise StupeflixUnavailable(f"The service knows nothing of the task {status.key}.", code="task_unknown")
            status = found[status.key]
        if status.status == "error":
            raise TaskFailed(status)
        return status

    def storage_files(self, path: str = "", *, recursive: bool = False) -> Listing:
        """What lies in a directory of the persistent store; a task's directory is its key."""
        query = [("recursive", wire.render_boolean(True))] if recursive else []
        return self._connection.ask("GET", _storage_path(path), wire.parse_listing, query=query)

    def delete_files(
        self,
        path: str | None = None,
        *,
        urls: Sequence[str] | None = None,
        from_: dt.datetime | None = None,
        to: dt.datetime | None = None,
        max_age: float | None = None,
        dry_run: bool = False,
    ) -> Deletion:
        """Delete a file, or all files below a directory, by date if dates are given; ``""`` is the whole store.

        ``max_age`` is in days. ``urls`` stands alone: with it the service ignores everything else. ``dry_run`` only
        says what would be deleted. After a connection that broke it is asked again, and then tells only of what was
        still there.
        """
        if path is None and (from_, to, max_age, urls) == (None, None, None, None):
            raise InvalidParameters({"path": ['say what to delete; path="" is everything']})
        if urls is not None and not urls:
            # A service may take an empty list for none, and delete everything.
            raise InvalidParameters({"urls": ["is empty"]})
        selection = Selection(
            urls=None if urls is None else tuple(urls), since=from_, until=to, max_age_days=max_age, is_dry_run=dry_run
        )
        body = _sendable("from_, to", wire.render_selection, selection)
        return self._connection.ask("DELETE", _storage_path(path or ""), wire.parse_deletion, body=body)

    def get_expiration(self) -> int:
        """After how many days files are deleted; 0 is never."""
        return self._connection.ask("GET", "storage/expiration", wire.parse_days)

    def set_expiration(self, days: int) -> None:
        """Delete files after so many days; 0 is never."""
        body = {"days": _sendable("days", wire.parse_days, days)}
        self._connection.ask("POST", "storage/expiration", _nothing, body=body)

    def close(self) -> None:
        """Close the session, if the client made it."""
        if self._owns_session:
            self._connection.session.close()

    def __enter__(self) -> Stupeflix:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Stupeflix {self._connection.base_url}>"

    def _stream(
        self,
        method: str,
        name: str,
        *,
        query: Query = (),
        body: Mapping[str, Any] | None = None,
        is_repeatable: bool = True,
        timeout_s: float | None = None,
    ) -> StatusStream:
        return self._connection.exchange(
            method,
            name,
            lambda response: StatusStream(response, version=self._connection.version),
            query=query,
            body=body,
            is_repeatable=is_repeatable,
            timeout_s=self._limit_s(timeout_s, True),
            # Compressed, a line may wait in the compressor for the next one.
            headers={"Accept-Encoding": "identity"},
        )

    def _limit_s(self, timeout_s: float | None, block: bool) -> float | None:
        return timeout_s or (self._timeout_s if block else None)

    def _parse(self, given: Any, count: int | None = None) -> list[TaskStatus]:
        statuses = wire.parse_statuses(given, self._connection.version)
        if count is not None and len(statuses) != count:
            raise ValueError(f"{len(statuses)} statuses for {count} tasks")
        return statuses


def _tasks_body(tasks: Task | Sequence[Task]) -> dict[str, Any]:
    if isinstance(tasks, TaskDefinition | Mapping):
        return {"tasks": _rendered(tasks)}
    return {"tasks": [_rendered(task) for task in tasks]}


def _rendered(task: Task) -> dict[str, Any]:
    return wire.render_definition(task) if isinstance(task, TaskDefinition) else dict(task)


def _flags(**flags: bool) -> dict[str, bool]:
    """Those that are set: the service's own client never sent the others."""
    return {name: value for name, value in flags.items() if value}


def _keys_request(
    keys: str | Sequence[str], method: StatusMethod, flags: Mapping[str, bool]
) -> tuple[list[tuple[str, str]], dict[str, Any] | None]:
    """Query and body."""
    asked = [keys] if isinstance(keys, str) else list(keys)
    if method == "GET":
        query = [("tasks", key) for key in asked]
        return query + [(name, wire.render_boolean(value)) for name, value in flags.items()], None
    return [], {"tasks": asked, **flags}


def _storage_path(path: str) -> str:
    parts = [part for part in path.split("/") if part]
    if any(part in (".", "..") for part in parts):
        raise InvalidParameters({"path": ["must not contain . and .. as names"]})
    names = "/".join(quote(part, safe="") for part in parts)
    return f"storage/files/{names}{'/' if names and path.endswith('/') else ''}" if names else "storage/files"


def _sendable(name: str, render: Callable[[Any], T], value: Any) -> T:
    try:
        return render(value)
    except ValueError as error:
        raise InvalidParameters({name: [str(error)]}) from None


def _nothing(given: Any) -> None:
    """The answer is not documented."""
