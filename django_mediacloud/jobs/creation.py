"""A job's row, with the row of its kind and the first line of its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from .. import signals
from ..core.spec import JobSpec, Kind
from ..core.states import State
from ..exceptions import IdempotencyConflict
from ..models import Encoding, Job, JobEvent, Process, Task, Video
from .admission import check_lengths, cleaned_parameters, scoped_key
from .deadlocks import again_after_deadlock
from .queue import wake_job

_KINDS: Mapping[Kind, Callable[..., Any]] = {Kind.ENCODING: Encoding, Kind.PROCESS: Process, Kind.TASK: Task}


@again_after_deadlock
def create_job(
    spec: JobSpec, owner: Any | None, idempotency_key: str, kind_fields: Mapping[str, Any], *, state: State
) -> Job:
    """The job that ``spec`` asks for, NEW or QUEUED; or the one that the key already made."""
    asked = {
        "kind": spec.kind,
        "cloud": spec.cloud,
        "operation": spec.operation,
        "parameters": cleaned_parameters(spec),
        "inputs": {name: asdict(file) for name, file in spec.inputs.items()},
    }
    check_lengths(Job, {"callback_url": spec.callback_url})
    key = scoped_key(owner, idempotency_key)
    video = kind_fields.get("video")
    if key and (known := _known(key, asked, video)):
        return known
    try:
        with transaction.atomic():
            job = Job.objects.create(
                **asked,
                owner=owner,
                priority=spec.priority,
                callback_url=spec.callback_url,
                idempotency_key=key,
                state=state,
                queued_at=timezone.now() if state == State.QUEUED else None,
            )
            _KINDS[spec.kind](job=job, **kind_fields).save(force_insert=True)
            if video is not None:
                Video.objects.filter(pk=video.pk).update(encoded_at=None)
            JobEvent.objects.create(job=job, attempt=job.attempt, to_state=state, message="submitted")
            # Before the wake-up: a queue that works at once must not end a job that nobody has heard of.
            transaction.on_commit(lambda: signals.job_submitted.send_robust(Job, job=job), robust=True)
            if state == State.QUEUED:
                wake_job(job)
    except IntegrityError:
        if key and (known := _known(key, asked, video)):
            return known
        raise
    return job


def _known(key: str, asked: Mapping[str, Any], video: Video | None) -> Job | None:
    """The job that this key already made. ``IdempotencyConflict`` if it was asked for something else."""
    job = Job.objects.filter(idempotency_key=key).first()
    if job is None:
        return None
    same = all(getattr(job, name) == value for name, value in asked.items() if name != "inputs")
    if video is not None and same:
        same = job.encoding.video_id == video.pk
    if not same or _named(asked["inputs"]) != _named(job.inputs):
        raise IdempotencyConflict("This idempotency key was used for another request.", operation=job.operation)
    return job


def _named(inputs: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """The same upload is stored anew each time: what counts is what its owner called it, and its size."""
    return {name: (file["filename"], file["size_bytes"]) for name, file in inputs.items()}
