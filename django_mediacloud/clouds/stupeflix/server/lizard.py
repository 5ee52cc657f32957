"""The API's predecessor, as its Python client speaks it (``LizardClient`` in the service's ``taskclient.py``)::

    GET|POST <task name or key>/[<file>]?<parameters>&secret=...&response=result|status|status_final|status_stream

One task at a time, told as a single object, and never a list. What that client does not show (where errors stand,
how long files are kept) is as in /v1, its successor.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.http import HttpResponseBase

from ....clouds.registry import get_operation
from ....core.parameters import Type
from ....exceptions import UnknownOperation
from ....models import AccessKey, Job
from ....serving.places import place
from .. import wire
from .addresses import base_url_of
from .credentials import authenticate, identify, who_waits
from .door import answer, door
from .files import lead_to
from .requests import ApiRequest, read_form
from .statuses import find_entry, find_tasks, status_of
from .submission import Entry, submit_all
from .tasks import is_unknown, tell, tell_changes

RESPONSES = ("result", "status", "status_final", "status_stream")
_SHARED = frozenset({"task_store", "task_metas", "url_callback", "url_errback"})
_ENCODED = frozenset({Type.URLS, Type.STRINGS, Type.OBJECT, Type.OBJECTS})
"""The client sends as JSON what is neither a text nor a number; but ``True`` as it is in Python."""


@door("GET", "POST", read=read_form)
async def task(request: ApiRequest, target: str, filename: str = "") -> HttpResponseBase:
    """Make the task ``target``, or find the one with that key, and tell of it in the way that ``response`` names."""
    response = request.body.get("response", "result")
    if response not in RESPONSES:
        words = f"response must be one of: {', '.join(RESPONSES)}"
        raise wire.InvalidRequest([wire.RequestError("response", "querystring", words)])
    if target.isupper():
        return await _known(request, target, response, filename)
    key = await sync_to_async(authenticate)(request)
    if response == "result":
        with place(request.http, key.pk):
            entry = await _create(request, target, key)
            return await _result(request, entry, filename, waits_at=lambda key: f"{key}/{quote(filename)}")
    return await _tell(request, await _create(request, target, key), key, response, is_made=True)


async def _known(request: ApiRequest, task_key: str, response: str, filename: str) -> HttpResponseBase:
    key = await sync_to_async(identify)(request)
    entry = await sync_to_async(find_entry)(task_key, request.version)
    if is_unknown(entry):
        return answer(wire.render_message("The task is not known, or has expired.", request.version), 404)
    if response == "result":
        with place(request.http, who_waits(key, [entry])):
            return await _result(request, entry, filename)
    return await _tell(request, entry, key, response, is_made=False)


@sync_to_async
def _tell(
    request: ApiRequest, entry: Entry, key: AccessKey | None, response: str, *, is_made: bool
) -> HttpResponseBase:
    if response == "status_stream":
        return tell_changes(request, [entry], key, is_made=is_made, is_bare=True)
    return tell(request, [entry], key, is_blocking=response == "status_final", is_made=is_made, is_bare=True)


@sync_to_async
def _create(request: ApiRequest, task_name: str, key: AccessKey) -> Entry:
    definitions = wire.parse_definitions(_definition(request.body, task_name, key), request.version)
    return submit_all(definitions, key, base_url_of(request.http), request.version)[0]


def _definition(given: Mapping[str, Any], task_name: str, key: AccessKey) -> dict[str, Any]:
    """What the task knows of ``given``. The rest is passed over: the recorded client has ``tags`` for image.thumb."""
    try:
        declared = {item.name: item.type for item in get_operation(key.cloud, task_name).parameters}
    except UnknownOperation:
        declared = {}
    encoded = {name for name, type in declared.items() if type in _ENCODED} | {"task_store", "task_metas"}
    known = {name: value for name, value in given.items() if name in declared or name in _SHARED}
    return {"task_name": task_name} | {
        name: _decoded(value) if name in encoded else value for name, value in known.items()
    }


def _decoded(text: str) -> Any:
    try:
        return wire.parse_json(text)
    except ValueError:
        return text  # The parameter itself says what it wants.


async def _result(
    request: ApiRequest, entry: Entry, filename: str, *, waits_at: Callable[[str], str] | None = None
) -> HttpResponseBase:
    """The file itself, by a redirect, or the values of a task that makes none. As ``lead_to``."""
    led = await lead_to(request, entry, filename, waits_at=waits_at)
    if led.status_code != 404 or filename or not isinstance(entry, Job):
        return led
    status = await sync_to_async(_status)(request, entry)
    return led if any(wire.FILE_OUTPUTS.get(entry.operation, ())) else answer(status["result"])


def _status(request: ApiRequest, job: Job) -> dict[str, Any]:
    newest = find_tasks([wire.render_key(job.public_id)])
    return status_of(next(iter(newest.values()), job), base_url_of(request.http), request.version)
