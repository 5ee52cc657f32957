"""The methods that make tasks and tell of them (documentation, "Tasks API methods")."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from http import HTTPStatus
from itertools import islice
from typing import Any

from django.http import HttpResponseBase

from ....clouds.registry import get_cloud
from ....core.spec import Kind
from ....models import AccessKey, Job
from ....serving.parts import respond_in_parts
from ....serving.places import NoPlace
from ....serving.streams import respond_when_done, stream
from .. import wire
from .addresses import base_url_of
from .credentials import authenticate, has_secret, identify, who_waits
from .door import answer, door
from .requests import ApiRequest
from .statuses import final_statuses, find_tasks, known_among, status_of
from .submission import Entry, read_definitions, submit_all

PART = 100
"""So many statuses of a long list are made at once: results may be large."""
MAX_REPEATS = 100
"""Of keys in one request: each tells a whole result again, perhaps a large one."""
Render = Callable[[Job], dict[str, Any]]
Shape = Callable[[list[dict[str, Any]]], Any]


@door("GET")
def offered(request: ApiRequest) -> HttpResponseBase:
    """The names of the tasks that whoever asks can make. Not the service's own: a page to look at."""
    key = authenticate(request)
    operations = get_cloud(key.cloud).capabilities.operations
    return answer({"tasks": [name for name, operation in operations.items() if Kind.TASK in operation.kinds]})


@door("POST")
def create(request: ApiRequest) -> HttpResponseBase:
    """Take tasks in; a list of their statuses, at once or, with ``block``, when all have ended."""
    key = authenticate(request)
    definitions = read_definitions(request)
    is_blocking = request.flag("block")
    entries = submit_all(definitions, key, base_url_of(request.http), request.version)
    return tell(request, entries, key, is_blocking=is_blocking, is_made=True)


@door("POST")
def create_stream(request: ApiRequest) -> HttpResponseBase:
    """Take tasks in, and tell of them as they change, a line of JSON each time."""
    key = authenticate(request)
    definitions = read_definitions(request)
    entries = submit_all(definitions, key, base_url_of(request.http), request.version)
    return tell_changes(request, entries, key, is_made=True)


@door("GET", "POST")
def status(request: ApiRequest) -> HttpResponseBase:
    """How tasks stand; with ``block`` when all have ended."""
    key = identify(request)
    is_blocking, wants_details = request.flag("block"), request.flag("details")
    keys = _keys(request)
    if request.version == "v1" and _has_unknown(keys):
        # Only /v1 is known to have answered so (earlier documentation).
        return answer(wire.render_message("One of the tasks is not known, or has expired.", request.version), 404)
    account = key if wants_details and has_secret(request) else None
    if len(keys) > PART and not is_blocking:
        return respond_in_parts(request.http, _parts(request, keys, _renderer(request, account)))
    return tell(request, _entries(keys, request.version), key, is_blocking=is_blocking, account=account)


@door("GET", "POST")
def status_stream(request: ApiRequest) -> HttpResponseBase:
    """Tell of tasks as they change. The documentation's own example calls the path ``/v2/stream``."""
    key = identify(request)
    return tell_changes(request, _entries(_keys(request), request.version), key)


def _as_list(statuses: list[dict[str, Any]]) -> Any:
    return statuses


def _bare(statuses: list[dict[str, Any]]) -> Any:
    return statuses[0]


def _is_of_account(job: Job, key: AccessKey) -> bool:
    return job.access_key_id == key.pk or (key.owner_id is not None and job.owner_id == key.owner_id)


def is_unknown(entry: Entry) -> bool:
    return isinstance(entry, dict) and not entry["events"]


def _keys(request: ApiRequest) -> list[str]:
    """The keys that are asked for. ``InvalidRequest`` if the same results would be told too often."""
    keys = request.keys
    if len(keys) > MAX_REPEATS:
        known = known_among(keys)
        if sum(key in known for key in keys) > len(known) + MAX_REPEATS:
            location = "querystring" if request.is_get else "body"
            raise wire.InvalidRequest([wire.RequestError("tasks", location, "tasks: the same keys too often")])
    return keys


def _has_unknown(keys: Sequence[str]) -> bool:
    known = known_among(keys)
    return any(map(is_unknown, final_statuses([key for key in keys if key not in known], "v1").values()))


def _entries(keys: Sequence[str], version: wire.Version) -> list[Entry]:
    found = find_tasks(keys)
    others = final_statuses([key for key in keys if key not in found], version)
    return [found.get(key) or others[key] for key in keys]


def _parts(request: ApiRequest, keys: Sequence[str], render: Render) -> Iterator[bytes]:
    """The list of statuses, never held whole."""
    rest = iter(keys)
    start = b"["
    while some := list(islice(rest, PART)):
        statuses = _in_order(_entries(some, request.version), (), render)
        yield start + wire.render_json(statuses, is_echo=True)[1:-1]
        start = b","
    yield b"]"


def _renderer(request: ApiRequest, account: AccessKey | None = None) -> Render:
    """With the details of the tasks of ``account``: parameters are their account's own business, and no page's."""
    base_url, version = base_url_of(request.http), request.version
    return lambda job: status_of(
        job, base_url, version, has_details=account is not None and _is_of_account(job, account)
    )


def _in_order(entries: Sequence[Entry], jobs: Sequence[Job], render: Render) -> list[dict[str, Any]]:
    """Statuses for all ``entries``, those of jobs by their newest rows."""
    newest = {job.pk: job for job in jobs}
    return [entry if isinstance(entry, dict) else render(newest.get(entry.pk, entry)) for entry in entries]


def tell(
    request: ApiRequest,
    entries: Sequence[Entry],
    key: AccessKey | None,
    *,
    is_blocking: bool,
    account: AccessKey | None = None,
    is_made: bool = False,
    is_bare: bool = False,
) -> HttpResponseBase:
    """The statuses of ``entries`` as a list, or the only one itself if ``is_bare``; with ``is_blocking`` at the end.

    Those of ``account`` with their details. ``is_made``: the request has made them.
    """
    render = _renderer(request, account)
    shape = _bare if is_bare else _as_list
    jobs = list({entry.pk: entry for entry in entries if isinstance(entry, Job)}.values())
    if not is_blocking or all(job.is_final for job in jobs):
        return answer(shape(_in_order(entries, (), render)))
    waiting = respond_when_done(
        request.http,
        jobs,
        lambda newest: wire.render_json(shape(_in_order(entries, newest, render)), is_echo=True),
        client=who_waits(key, jobs),
    )
    return _or_at_once(waiting, lambda: shape(_in_order(entries, (), render)), is_made=is_made)


def tell_changes(
    request: ApiRequest,
    entries: Sequence[Entry],
    key: AccessKey | None,
    *,
    is_made: bool = False,
    is_bare: bool = False,
) -> HttpResponseBase:
    """A stream: first the statuses of ``entries``, then each that changes, until all are final. As ``tell``."""
    render = _renderer(request)
    shape = _bare if is_bare else _as_list
    jobs = list({entry.pk: entry for entry in entries if isinstance(entry, Job)}.values())
    if not jobs:
        return answer(shape(_in_order(entries, (), render)))
    lines = _Lines(entries, jobs, render, shape)
    changes = stream(request.http, jobs, lines.first, lines.change, client=who_waits(key, jobs))
    return _or_at_once(changes, lambda: shape(_in_order(entries, (), render)), is_made=is_made)


def _or_at_once(waiting: HttpResponseBase, at_once: Callable[[], Any], *, is_made: bool) -> HttpResponseBase:
    """``waiting``, or what ``at_once`` tells where no more answers may be open. Who has just made tasks must not hear
    so: 503 means that nothing was taken, and clients send a request again after it."""
    if waiting.status_code != HTTPStatus.SERVICE_UNAVAILABLE:
        return waiting
    if not is_made:
        raise NoPlace("Too many requests wait for tasks; try again later.")
    return answer(at_once())


class _Lines:
    """Lines of JSON. The last one has no line feed: an old client's parser stumbles over an empty line behind it."""

    def __init__(self, entries: Sequence[Entry], jobs: Sequence[Job], render: Render, shape: Shape) -> None:
        self._entries = entries
        self._render = render
        self._shape = shape
        self._open = {job.pk for job in jobs}

    def first(self, jobs: list[Job]) -> bytes:
        self._open -= {job.pk for job in jobs if job.is_final}
        return self._line(self._shape(_in_order(self._entries, jobs, self._render)))

    def change(self, job: Job) -> bytes:
        if job.is_final:
            self._open.discard(job.pk)
        return self._line(self._render(job))

    def _line(self, value: Any) -> bytes:
        return wire.render_json(value, is_echo=True) + (b"\n" if self._open else b"")
