"""Jobs as the API tells of them."""

from __future__ import annotations

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest

from ....core.ids import as_hex32, parse_id
from ....core.states import State
from ....models import Job, Output
from ....serving.addresses import mounted_at
from .. import wire
from .keys import KIND


def all_jobs() -> QuerySet[Job]:
    """The jobs that came in by this API, with all that a status tells."""
    ready = Prefetch("outputs", Output.objects.filter(is_ready=True))
    return Job.objects.filter(access_key__service=KIND.service).prefetch_related(ready)


def find_job(id: str) -> Job:
    """``Job.DoesNotExist`` for what is no id, too."""
    try:
        return all_jobs().get(public_id=parse_id(id))
    except ValueError:
        raise Job.DoesNotExist from None


def base_url_of(http: HttpRequest) -> str:
    """The address of the API as this client reached it: where the urlconf is mounted, however it is."""
    return mounted_at(http, "create", "jobs")


def render(job: Job, base_url: str) -> bytes:
    """The status of ``job``, whose outputs have been loaded: a stream's renderer cannot ask the database."""
    id, state = as_hex32(job.public_id), State(job.state)
    is_done = state == State.SUCCEEDED
    files = {output.role: f"{base_url}files/{id}/{output.role}" for output in job.outputs.all() if output.is_ready}
    return wire.render_status(
        wire.JobStatus(
            id=id,
            word=wire.status_word(state),
            percent=job.progress,
            gives=job.values if is_done else {},
            files=files if is_done else {},
            why=job.failure_message or ("It was cancelled." if state == State.CANCELLED else ""),
        )
    )
