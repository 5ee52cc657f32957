"""Applies what a cloud reports to the job's row."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from ..conf import config
from ..core.failure import Failure
from ..core.spec import Snapshot
from ..core.states import FINAL, HELD, State
from ..models import Job
from .ending import end_cancelled, fail
from .outputs import json_safe
from .sealing import mask_values
from .state import move, note


def apply(job: Job, snapshot: Snapshot, *, held_by: str | None = None) -> Job:
    """Apply ``snapshot`` to the attempt at which ``job`` was read, and return the job as it is afterwards.

    A snapshot of an old attempt, or one that comes twice, is noted in the history and changes nothing. ``held_by`` is
    the lease of a worker that holds the job. A finished remote job becomes COLLECTING: a worker then fetches its files.
    """
    before = job.state
    if snapshot.state == State.QUEUED:
        # The service's queue, not ours: it has the job.
        snapshot = replace(snapshot, state=State.RUNNING)
    if snapshot.state == State.FAILED:
        failure = snapshot.failure or Failure(code="cloud_failed", message="The service says that the job failed.")
        fail(job, failure, has_ended=True, held_by=held_by)
    elif snapshot.state == State.CANCELLED:
        end_cancelled(job, "cancelled by the cloud", sources=HELD | {State.CANCELLING}, held_by=held_by)
    elif snapshot.state in {State.RUNNING, State.COLLECTING}:
        _advance(job, snapshot, held_by)
    current = Job.objects.get(pk=job.pk)
    # Where the attempt is another one because we have just ended this one, ``job`` has its new state.
    if current.attempt != job.attempt and before == job.state:
        note(current, f"late news of attempt {job.attempt} not applied", state=snapshot.state)
    return current


def _advance(job: Job, snapshot: Snapshot, held_by: str | None) -> None:
    fields = _facts(snapshot)
    if "values" in fields:
        fields["values"] = mask_values(job, fields["values"])
    if snapshot.state == job.state or job.state in FINAL:
        _update(job, fields, held_by)
        return
    try:
        with transaction.atomic():
            moved = move(job, snapshot.state, held_by=held_by, **fields)
    except IntegrityError:
        if not snapshot.remote_id:
            raise
        fail(
            job,
            Failure(
                code="remote_id_taken",
                message="The service answered with the id of another job.",
                advice="Look into the service's own console.",
                log=snapshot.remote_id,
            ),
            held_by=held_by,
        )
        return
    if not moved and job.state == State.SUBMITTING:
        # It may have been cancelled while it was handed in: the service has to hear of that, so its id is needed.
        if snapshot.remote_id:
            rows = Job.objects.filter(pk=job.pk, attempt=job.attempt, remote_id=None)
            rows.exclude(state__in=FINAL).update(remote_id=snapshot.remote_id)
        note(job, f"not applied, the job has moved on: {snapshot.state}", remote_id=snapshot.remote_id)


def _update(job: Job, fields: dict[str, Any], held_by: str | None) -> None:
    """Progress and values of a job that stays where it is. A final one stays as it is, too."""
    rows = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=job.state).exclude(state__in=FINAL)
    if held_by is not None:
        rows = rows.filter(lease_owner=held_by)
    if fields:
        rows.update(**fields, updated_at=timezone.now())


def _facts(snapshot: Snapshot) -> dict[str, Any]:
    """The columns that the snapshot knows something about."""
    facts: dict[str, Any] = {}
    if snapshot.remote_id:
        facts["remote_id"] = snapshot.remote_id
        if snapshot.state == State.RUNNING:
            facts["run_after"] = timezone.now() + dt.timedelta(seconds=config().poll_s)
    if snapshot.state == State.COLLECTING:
        facts["run_after"] = None
    if snapshot.progress is not None:
        facts["progress"] = min(100.0, max(0.0, snapshot.progress))
    if snapshot.values:
        facts["values"] = json_safe(dict(snapshot.values))
    if snapshot.work_s is not None:
        facts["work_s"] = snapshot.work_s
    if snapshot.source_s is not None:
        facts["source_s"] = snapshot.source_s
    return facts
