"""The one writer of a job's state.

A move is one conditional UPDATE: it names the attempt and the states from which it is allowed, and whoever finds no row
has lost the race, reads again and decides again. The event of the move, and what is owed to others because of it, are
written in the same transaction; signals leave after the commit.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from .. import signals
from ..core.failure import MAX_MESSAGE_CHARS, Failure, cut
from ..core.states import FINAL, State, sources_of
from ..models import Callback, Encoding, Job, JobEvent, Video
from ..models.job import JobQuerySet
from .deadlocks import again_after_deadlock

NO_FAILURE: Mapping[str, Any] = {
    "failure_code": "",
    "failure_message": "",
    "failure_advice": "",
    "failure_is_retryable": False,
    "failure_log": "",
}
NO_LEASE: Mapping[str, Any] = {"lease_owner": "", "lease_until": None}


def failure_fields(failure: Failure) -> dict[str, Any]:
    return {
        "failure_code": failure.code[:100],
        "failure_message": cut(failure.message, MAX_MESSAGE_CHARS),
        "failure_advice": cut(failure.advice, MAX_MESSAGE_CHARS),
        "failure_is_retryable": failure.is_retryable,
        "failure_log": cut(failure.log),
    }


@again_after_deadlock
def move(
    job: Job,
    target: State,
    *,
    sources: Collection[State] | None = None,
    held_by: str | None = None,
    lease_over_at: dt.datetime | None = None,
    message: str = "",
    data: Mapping[str, Any] | None = None,
    **fields: Any,
) -> bool:
    """Move ``job`` (as read: its attempt counts) to ``target``; False if it is not in a state that allows it.

    ``sources`` narrows the states of departure. With ``held_by`` the job must be held by that worker; with
    ``lease_over_at`` by nobody whose lease lasts beyond that moment. ``fields`` are written by the same UPDATE, and set
    on ``job`` when it succeeds.
    """
    allowed = sources_of(target) if sources is None else sources_of(target) & set(sources)
    rows = rows_of(job, held_by, lease_over_at)
    now = timezone.now()
    changes: dict[str, Any] = {"state": target, "updated_at": now, **fields}
    if target in FINAL:
        changes = {"finished_at": now, **NO_LEASE, "run_after": None, **changes}
    attempt = changes.get("attempt", job.attempt)
    with transaction.atomic():
        departed = _depart(rows, allowed, changes)
        if departed is None:
            return False
        told = {"message": _told(message), "data": dict(data or {})}
        JobEvent.objects.create(job=job, attempt=attempt, from_state=departed, to_state=target, **told)
        _owe_callbacks(job, attempt, target, now)
        transaction.on_commit(partial(announce, job.pk, target), robust=True)
    for name, value in changes.items():
        setattr(job, name, value)
    return True


def rows_of(job: Job, held_by: str | None, lease_over_at: dt.datetime | None) -> JobQuerySet:
    """The row of ``job`` if it is still at the attempt that was read, and held as ``move`` has it."""
    rows = Job.objects.filter(pk=job.pk, attempt=job.attempt)
    if held_by is not None:
        rows = rows.filter(lease_owner=held_by)
    return rows if lease_over_at is None else rows.with_lease_over(lease_over_at)


def _owe_callbacks(job: Job, attempt: int, target: State, now: dt.datetime) -> None:
    if target not in FINAL:
        return
    owed = [("", job.callback_url)] if job.callback_url else []
    owed += [(hook["protocol"], hook["url"]) for hook in job.hooks if target in hook["events"]]
    for protocol, url in owed:
        Callback.objects.get_or_create(
            job=job,
            attempt=attempt,
            event=target.value,
            protocol=protocol,
            defaults={"url": url, "next_try_at": now},
        )


def _depart(rows: Any, allowed: Collection[State], changes: Mapping[str, Any]) -> State | None:
    """The state that was left by the update, or None if no row fitted.

    One UPDATE for each state of departure, so that the history can tell truly where the job came from.
    """
    for source in sorted(allowed):
        if rows.filter(state=source).update(**changes):
            return State(source)
    return None


def note(job: Job, message: str, **data: Any) -> None:
    """Add a line to the job's history."""
    JobEvent.objects.create(job=job, attempt=job.attempt, message=_told(message), data=data)


def _told(message: str) -> str:
    return cut(message, MAX_MESSAGE_CHARS)


def announce(job_pk: int, state: State) -> None:
    """Send the signals of a move that has been committed."""
    job = Job.objects.filter(pk=job_pk).first()
    if job is None:
        return
    if state == State.SUCCEEDED:
        signals.job_succeeded.send_robust(Job, job=job)
    elif state == State.FAILED:
        signals.job_failed.send_robust(Job, job=job, failure=job.failure)
    elif state == State.CANCELLED:
        signals.job_cancelled.send_robust(Job, job=job)
    if state in FINAL:
        _announce_encoded(job_pk)


def _announce_encoded(job_pk: int) -> None:
    """``video_encoded``, once, by whoever ended the last encoding and sees it first."""
    video = Video.objects.filter(encodings__job_id=job_pk).first()
    if video is None or Encoding.objects.filter(video=video, job__state__in=set(State) - FINAL).exists():
        return
    if Video.objects.filter(pk=video.pk, encoded_at__isnull=True).update(encoded_at=timezone.now()):
        video.refresh_from_db()
        signals.video_encoded.send_robust(Video, video=video)
