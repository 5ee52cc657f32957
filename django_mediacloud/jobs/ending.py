"""Ends a job, or puts it back into the queue."""

from __future__ import annotations

import datetime as dt
import traceback
from collections.abc import Collection
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from ..conf import config
from ..core.failure import Failure, cut
from ..core.states import HELD, State
from ..models import Job, Output
from .admission import MAX_KEEP_S
from .deadlocks import again_after_deadlock
from .outputs import discard_outputs, stored_outputs
from .sealing import mask_failure
from .state import NO_FAILURE, NO_LEASE, failure_fields, move, note, rows_of

DAY_S = 86_400.0
COLLECT_TRIES = 10
"""So many times as often as work is tried again, the files of a remote job are fetched again."""


@again_after_deadlock
def succeed(job: Job, *, held_by: str) -> bool:
    """End as SUCCEEDED and make the stored files visible, in one transaction; False if the job is no longer ours."""
    with transaction.atomic():
        # Nobody needs the secrets again.
        if not move(job, State.SUCCEEDED, held_by=held_by, progress=100.0, sealed="", **NO_FAILURE):
            return False
        expires_at = None if (keep_s := keep_s_of(job)) is None else timezone.now() + dt.timedelta(seconds=keep_s)
        # What was delivered elsewhere is not ours to take away.
        stored_outputs(job=job, attempt=job.attempt).update(expires_at=expires_at)
        Output.objects.filter(job=job, attempt=job.attempt).update(is_ready=True)
    return True


def fail(
    job: Job,
    failure: Failure,
    *,
    has_ended: bool = False,
    is_prompt: bool = False,
    held_by: str | None = None,
    lease_over_at: dt.datetime | None = None,
) -> bool:
    """End as FAILED; or, if ``failure`` is retryable and tries are left, queue another attempt after a delay.

    ``has_ended`` says that a remote cloud has ended its job, so that handing it in again cannot bill twice. Else a job
    that a remote cloud has is only looked at again. With ``is_prompt`` the first new try need not wait.
    """
    failure = mask_failure(job, failure)
    failures = job.failures + 1
    attempt = job.attempt
    message = f"{failure.code}: {failure.message}"
    holder: dict[str, Any] = {"held_by": held_by, "lease_over_at": lease_over_at}
    # What the service has done is not given up as soon as work that can be done again.
    most = config().max_failures * (COLLECT_TRIES if job.remote_id and not has_ended else 1)
    if not failure.is_retryable or failures >= most:
        moved = move(job, State.FAILED, message=message, failures=failures, **holder, **failure_fields(failure))
    elif job.remote_id and not has_ended:
        moved = postpone(job, message, failures=failures, **holder)
    else:
        delay_s = 0.0 if is_prompt and failures == 1 else retry_delay_s(failures)
        moved = requeue(job, message, delay_s=delay_s, failures=failures, failure=failure, **holder)
    if moved:
        discard_outputs(stored_outputs(job=job, attempt=attempt))
    else:
        note(job, f"not applied, the job has moved on: {message}")
    return moved


def keep_s_of(job: Job) -> float | None:
    """How long the files of ``job`` stay: as it was asked for, or as its account has set; None for ever."""
    if job.keep_s is not None or job.access_key is None:
        return job.keep_s
    return min(job.access_key.keep_days * DAY_S, MAX_KEEP_S) or None


def retry_delay_s(failures: int) -> float:
    """The wait before the next automatic try, after so many failures in a row."""
    delays_s = config().retry_delays_s
    return delays_s[min(failures, len(delays_s)) - 1] if delays_s else 0.0


def postpone(
    job: Job,
    message: str,
    *,
    failures: int,
    held_by: str | None = None,
    lease_over_at: dt.datetime | None = None,
) -> bool:
    """A remote job stays as it is, and is looked at again after a delay."""
    run_after = timezone.now() + dt.timedelta(seconds=retry_delay_s(failures))
    rows = rows_of(job, held_by, lease_over_at).filter(state=job.state)
    if not rows.update(**NO_LEASE, failures=failures, run_after=run_after):
        return False
    note(job, f"looked at again later: {message}")
    return True


def requeue(
    job: Job,
    message: str,
    *,
    delay_s: float = 0,
    failures: int | None = None,
    failure: Failure | None = None,
    held_by: str | None = None,
    lease_over_at: dt.datetime | None = None,
) -> bool:
    """Back to the queue as a new attempt: news of the old one no longer counts."""
    now = timezone.now()
    fields = {**NO_LEASE, "attempt": job.attempt + 1, "progress": 0.0, "queued_at": now, "woken_at": None}
    fields |= {"run_after": now + dt.timedelta(seconds=delay_s) if delay_s else None, "remote_id": None}
    if failures is not None:
        fields["failures"] = failures
    if failure is not None:
        fields |= failure_fields(failure)
    return move(
        job,
        State.QUEUED,
        sources=HELD,
        held_by=held_by,
        lease_over_at=lease_over_at,
        message=message,
        **fields,
    )


def hand_back(job: Job, *, held_by: str) -> bool:
    """A worker that goes down gives its job to the next one. This is no failure and counts for none."""
    attempt = job.attempt
    if not requeue(job, "handed back by a worker that stops", held_by=held_by):
        return False
    discard_outputs(stored_outputs(job=job, attempt=attempt))
    return True


def end_cancelled(
    job: Job,
    message: str,
    *,
    sources: Collection[State] = (State.CANCELLING,),
    held_by: str | None = None,
    lease_over_at: dt.datetime | None = None,
) -> bool:
    """A cancel comes to its end: nothing works on the job any more, and its files go."""
    holder: dict[str, Any] = {"held_by": held_by, "lease_over_at": lease_over_at}
    if not move(job, State.CANCELLED, sources=sources, message=message, **holder):
        return False
    discard_outputs(stored_outputs(job=job, attempt__lte=job.attempt))
    return True


def database_away(error: Exception) -> Failure:
    """The failure of a job whose worker lost the database connection."""
    return Failure(
        code="database",
        message="The site's database did not answer while the work ran.",
        is_retryable=True,
        log=cut(type(error).__name__),
    )


def fault(error: Exception) -> Failure:
    """The failure for an unexpected exception. It tells where it happened, not the message, which may hold secrets."""
    places = [f"{Path(at.filename).name}:{at.lineno} {at.name}" for at in traceback.extract_tb(error.__traceback__)]
    return Failure(
        code="internal_error",
        message=f"A fault in the program: {type(error).__name__}.",
        advice="Retry once. If it comes again, report it with the log.",
        log=cut("\n".join([*places, type(error).__name__])),
    )
