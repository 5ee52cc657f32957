"""Creates a job: its row, the row of its kind, and the first line of its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from .. import signals
from ..clouds.registry import get_operation
from ..core.capabilities import OperationInfo
from ..core.destinations import DESTINATIONS
from ..core.spec import JobSpec, Kind
from ..core.states import State
from ..exceptions import IdempotencyConflict
from ..models import AccessKey, Encoding, Job, JobEvent, Process, Task, Video
from .admission import check_hooks, check_keep, check_lengths, cleaned_destination, cleaned_parameters, scoped_key
from .deadlocks import again_after_deadlock
from .queue import wake_job
from .sealing import hide, seal

_KINDS: Mapping[Kind, Callable[..., Any]] = {Kind.ENCODING: Encoding, Kind.PROCESS: Process, Kind.TASK: Task}


@again_after_deadlock
def create_job(
    spec: JobSpec,
    owner: Any | None,
    idempotency_key: str,
    kind_fields: Mapping[str, Any],
    *,
    state: State,
    access_key: AccessKey | None = None,
) -> Job:
    """The job that ``spec`` asks for, NEW or QUEUED; or the one that the key already made."""
    asked, sealed = _asked(spec)
    key = scoped_key(owner, idempotency_key)
    video = kind_fields.get("video")
    if key and (known := _known(key, asked, video)):
        return known
    columns = {
        **asked,
        "owner": owner,
        "priority": spec.priority,
        "callback_url": spec.callback_url,
        "hooks": [asdict(hook) for hook in spec.hooks],
        "keep_s": spec.keep_s,
        "sealed": sealed,
        "access_key": access_key,
        "idempotency_key": key,
        "state": state,
    }
    try:
        return _insert(columns, kind_fields)
    except IntegrityError:
        if key and (known := _known(key, asked, video)):
            return known
        raise


def _asked(spec: JobSpec) -> tuple[dict[str, Any], str]:
    """The columns by which the same request is known again, and its secrets, sealed. ``InvalidParameters`` for all that
    does not fit."""
    operation = get_operation(spec.cloud, spec.operation)
    parameters, secrets = hide(cleaned_parameters(spec), operation.parameters)
    destination, destination_secrets = _destination(spec, operation)
    check_lengths(Job, {"callback_url": spec.callback_url})
    check_hooks(spec.hooks)
    check_keep(spec.keep_s)
    asked = {
        "kind": spec.kind,
        "cloud": spec.cloud,
        "operation": spec.operation,
        "parameters": parameters,
        "inputs": {name: asdict(file) for name, file in spec.inputs.items()},
        "destination": destination,
    }
    return asked, seal({"parameters": secrets, "destination": destination_secrets})


def _insert(columns: Mapping[str, Any], kind_fields: Mapping[str, Any]) -> Job:
    is_queued = columns["state"] == State.QUEUED
    video = kind_fields.get("video")
    with transaction.atomic():
        job = Job.objects.create(**columns, queued_at=timezone.now() if is_queued else None)
        _KINDS[columns["kind"]](job=job, **kind_fields).save(force_insert=True)
        if video is not None:
            Video.objects.filter(pk=video.pk).update(encoded_at=None)
        JobEvent.objects.create(job=job, attempt=job.attempt, to_state=job.state, message="submitted")
        # Before the wake-up: a queue that works at once must not end a job that nobody has heard of.
        transaction.on_commit(lambda: signals.job_submitted.send_robust(Job, job=job), robust=True)
        if is_queued:
            wake_job(job)
    return job


def _destination(spec: JobSpec, operation: OperationInfo) -> tuple[dict[str, Any], dict[str, Any]]:
    """Where the files go, as it is stored, and the secrets of it."""
    if spec.destination is None:
        return {}, {}
    cleaned = cleaned_destination(spec.destination, operation)
    shown, secrets = hide(cleaned, DESTINATIONS[spec.destination.name].parameters)
    return {"name": spec.destination.name, "parameters": shown}, secrets


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
