"""The methods of the API."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from .... import jobs
from ....access import within_limits
from ....core.spec import Hook, JobSpec
from ....core.states import FINAL, State
from ....exceptions import InvalidParameters, StorageError
from ....models import AccessKey, Job
from ....serving import MISSING, download
from ....serving.streams import stream
from .. import wire
from .door import answer, door, refuse
from .keys import KIND
from .statuses import base_url_of, find_job, render


@door("POST")
def create(http: HttpRequest, key: AccessKey) -> HttpResponseBase:
    try:
        order = wire.parse_order(http.body)
    except ValueError as error:
        raise InvalidParameters({"body": [str(error)]}) from None
    base_url = base_url_of(http)
    events = tuple(state for state in State if state in FINAL)
    spec = JobSpec(
        operation=order.do,
        parameters=order.given,
        cloud=key.cloud,
        hooks=(Hook(url=order.tell, events=events, protocol=KIND.service, base_url=base_url),) if order.tell else (),
    )
    with within_limits(key, 1):
        job = jobs.submit(spec, owner=key.owner, access_key=key)
    return answer(render(job, base_url), 201)


@door("GET")
def status(http: HttpRequest, key: AccessKey, id: str) -> HttpResponseBase:
    return answer(render(find_job(id), base_url_of(http)))


@door("GET")
def changes(http: HttpRequest, key: AccessKey, id: str) -> HttpResponseBase:
    """A line for each change, until the job has ended (section "Watching")."""
    base_url = base_url_of(http)

    def line(job: Job) -> bytes:
        return render(job, base_url) + b"\n"

    return stream(http, [find_job(id)], lambda found: line(found[0]), line, client=key.pk)


@csrf_exempt
@require_safe
def file(http: HttpRequest, id: str, name: str) -> HttpResponseBase:
    """For whoever knows the address: it holds the job's id, which nobody can guess."""
    try:
        files = {output.role: output for output in find_job(id).outputs.all()}
        return download(http, files[name])
    except (Job.DoesNotExist, KeyError):
        return refuse("There is no such file.", 404)
    except StorageError as error:
        return refuse(str(error), 404 if error.code == MISSING else 503)
