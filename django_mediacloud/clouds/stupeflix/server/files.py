"""Produced files: handed out to whoever knows their address, and the methods that lead there by a redirect."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

from asgiref.sync import sync_to_async
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils import timezone

from ....exceptions import StorageError
from ....models import AccessKey, Job, Output
from ....serving import MISSING, download
from ....serving.places import place
from ....serving.streams import wait_for_end
from .. import wire
from .addresses import base_url_of, file_name, file_url
from .credentials import authenticate, identify, who_waits
from .door import answer, door, later
from .requests import ApiRequest
from .statuses import find_entry, find_tasks, status_of
from .submission import Entry, definition_in_query, read_definitions, submit_all


@door("GET", "HEAD")
def stored_file(request: ApiRequest, key: str, name: str) -> HttpResponseBase:
    """A file of the store. Its address cannot be guessed: it holds the task's key."""
    job = find_tasks([key]).get(key)
    output = next((item for item in job.outputs.all() if file_name(item) == name), None) if job else None
    if output is None or output.url or (output.expires_at is not None and output.expires_at <= timezone.now()):
        return answer(wire.render_message("There is no such file, or it has expired."), 404)
    try:
        return download(request.http, output)
    except StorageError as error:
        if error.code != MISSING:
            raise
        return answer(wire.render_message(str(error)), 404)


@door("GET", "POST")
async def create_file(request: ApiRequest, filename: str = "") -> HttpResponseBase:
    """Take one task in, wait for its end, and redirect to one of its files (documentation until September 2014)."""
    key = await sync_to_async(authenticate)(request)
    with place(request.http, key.pk):
        entry = await sync_to_async(_create)(request, key)
        return await lead_to(
            request, entry, filename, waits_at=lambda key: f"{request.version}/file/{quote(filename)}?task={key}"
        )


@door("GET")
async def file(request: ApiRequest, filename: str = "") -> HttpResponseBase:
    """Wait for a task's end, and redirect to one of its files."""
    key = await sync_to_async(identify)(request)
    entry = await sync_to_async(_find)(request)
    with place(request.http, who_waits(key, [entry])):
        return await lead_to(request, entry, filename)


def _create(request: ApiRequest, key: AccessKey) -> Entry:
    if request.is_get:
        definitions = [definition_in_query(request.query, key.cloud, request.version)]
    else:
        definitions = read_definitions(request, "task")
        if len(definitions) != 1:
            raise wire.InvalidRequest([wire.RequestError("task", "body", "task is not a single definition")])
    return submit_all(definitions, key, base_url_of(request.http), request.version)[0]


def _find(request: ApiRequest) -> Entry:
    key = request.query.get("task", "")
    if not key:
        raise wire.InvalidRequest([wire.RequestError("task", "querystring", "task is missing")])
    return find_entry(key, request.version)


async def lead_to(
    request: ApiRequest, entry: Entry, filename: str, *, waits_at: Callable[[str], str] | None = None
) -> HttpResponseBase:
    """Wait for the end of ``entry``, and redirect to the file that ``filename`` names, or to the only one. The request
    has its ``place``.

    A task that takes longer than a request may wait is waited for again at the path that ``waits_at`` makes of its key,
    if the request has made it: 503 means that nothing was taken.
    """
    if isinstance(entry, Job) and not entry.is_final:
        entry = await wait_for_end(entry)
    if isinstance(entry, dict):
        return answer(entry, 400 if entry["events"] else 404)
    base_url = base_url_of(request.http)
    if not entry.is_final and waits_at is not None:
        return HttpResponseRedirect(base_url + waits_at(wire.render_key(entry.public_id)))
    if not entry.is_final:
        return later("The task has not ended yet; ask again.", request.version, 60)
    outputs = {output.role: output for output in await sync_to_async(_outputs)(entry)}
    status = status_of(entry, base_url, request.version)
    if status["status"] != "success":
        return answer(status, 400)
    makes_one = len(wire.FILE_OUTPUTS.get(entry.operation, ())) == 1
    if len(outputs) == 1 and (makes_one or not filename):
        # Nothing is to be chosen, and the name is the client's own: "cat.jpg" in the documentation's examples.
        filename = next(iter(outputs))
    return _redirect(request, outputs, filename, base_url)


def _outputs(job: Job) -> list[Output]:
    return [output for output in job.outputs.all() if output.is_ready and output.role != "segment"]


def _redirect(request: ApiRequest, outputs: dict[str, Output], filename: str, base_url: str) -> HttpResponse:
    if filename not in outputs:
        choices = ", ".join(repr(name) for name in outputs) or "none"
        words = f"{filename!r} is not a valid filename, choose one of: {choices}"
        return answer(wire.render_message(words, request.version), 404)
    return HttpResponseRedirect(file_url(outputs[filename], base_url))
