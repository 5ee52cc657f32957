"""Tasks as the API tells of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db.models import Prefetch, QuerySet

from ....core.spec import Kind
from ....core.states import State
from ....models import Job, Output
from .. import wire
from .addresses import file_url
from .keys import KIND
from .refused import recall

CANCELLED = "The task was cancelled."
UNKNOWN = "No task has this key, or it has expired."


def tasks() -> QuerySet[Job]:
    """The jobs that came in by this API, with all that a status tells: the same few queries for any number."""
    outputs = Output.objects.ready().select_related("job")
    return (
        Job.objects.filter(kind=Kind.TASK, access_key__service=KIND.service)
        .select_related("task")
        .prefetch_related(Prefetch("outputs", outputs))
    )


def find_tasks(keys: Iterable[str]) -> dict[str, Job]:
    """The jobs by key; those that there are."""
    return {wire.render_key(job.public_id): job for job in tasks().filter(public_id__in=_ids(keys))}


def known_among(keys: Iterable[str]) -> set[str]:
    """Those of ``keys`` that have a job, without reading the jobs."""
    found = tasks().prefetch_related(None).filter(public_id__in=_ids(keys))
    return set(map(wire.render_key, found.values_list("public_id", flat=True)))


def _ids(keys: Iterable[str]) -> list[uuid.UUID]:
    ids = []
    for key in keys:
        try:
            ids.append(wire.parse_key(key))
        except ValueError:
            continue  # It is no key, so there is no job.
    return ids


def status_of(job: Job, base_url: str, version: wire.Version = "v2", *, has_details: bool = False) -> dict[str, Any]:
    """The status of a task, as the documentation has it."""
    state = State(job.state)
    word = wire.status_word(state)
    return wire.render_status(
        status=word,
        key=wire.render_key(job.public_id),
        progress=int(job.progress),
        queued=job.queued_at or job.created_at,
        # A worker has taken it, but what nobody has told of as begun has not begun.
        started=None if word == "queued" else job.started_at,
        completed=job.finished_at,
        result=_result_of(job, state, base_url),
        error=_error_of(job, state),
        details=details_of(job) if has_details else None,
        version=version,
    )


def _result_of(job: Job, state: State, base_url: str) -> Mapping[str, Any] | str | None:
    """Values and files; while the task runs, what is there already, if it is anything."""
    if state != State.SUCCEEDED:
        return dict(job.values) if job.values and state == State.RUNNING else None
    files = {output.role: file_url(output, base_url) for output in _shown(job.outputs.all())}
    return wire.render_result(job.operation, job.values, files)


def _shown(outputs: Iterable[Output]) -> list[Output]:
    return [output for output in outputs if output.is_ready and output.role != "segment"]


def _error_of(job: Job, state: State) -> str | None:
    if state == State.CANCELLED:
        return CANCELLED
    return job.failure_message if state == State.FAILED else None


def details_of(job: Job) -> dict[str, Any]:
    """What ``details`` adds. The names are ours: which ones the service had is not known."""
    kept: dict[float | None, str] = {None: "persistent", 0: "dummy"}
    store = {"type": kept.get(job.keep_s, "volatile")}
    if job.destination:
        store = {"type": job.destination["name"], **job.destination["parameters"]}
    return {
        "task_name": job.operation,
        "parameters": {name: value for name, value in job.parameters.items() if value is not None},
        "task_store": store,
        "task_metas": job.task.metas,
        "attempt": job.attempt,
    }


def final_statuses(keys: Iterable[str], version: wire.Version) -> dict[str, dict[str, Any]]:
    """A final status for each key of no job, so that a client that polls comes to an end."""
    wanted = list(keys)
    recalled = recall(wanted, version)
    return {
        key: recalled.get(key) or wire.render_status(status="error", key=key, error=UNKNOWN, version=version)
        for key in wanted
    }


def find_entry(key: str, version: wire.Version) -> Job | dict[str, Any]:
    """The job with this key, or the final status where there is none."""
    return find_tasks([key]).get(key) or final_statuses([key], version)[key]
