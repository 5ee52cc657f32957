"""Cancels jobs."""

from __future__ import annotations

from django.utils import timezone

from ..core.states import CANCELLABLE, HELD, WAITING, State
from ..exceptions import NotAllowed
from ..models import Job
from .ending import end_cancelled
from .queue import wake_job
from .state import move

LOST_RACES = 5


def cancel(job: Job) -> Job:
    """Cancel a job and return it: CANCELLED, or CANCELLING while a worker or service still works on it.

    A worker of this site stops within two seconds: it kills the processes and removes the files. Cancelling a job that
    is cancelled or being cancelled does nothing. ``NotAllowed`` if it has succeeded or failed.
    """
    for _ in range(LOST_RACES):
        current = Job.objects.get(pk=job.pk)
        if current.state in {State.CANCELLING, State.CANCELLED}:
            return current
        if current.state not in CANCELLABLE:
            break
        if current.state in WAITING and move(current, State.CANCELLED, sources=WAITING, message="cancelled"):
            return current
        if move(current, State.CANCELLING, sources=HELD, message="to be cancelled", run_after=None, failures=0):
            _hurry(current)
            return Job.objects.get(pk=job.pk)
    raise NotAllowed(f"A job that is {current.state} cannot be cancelled.", operation=current.operation)


def _hurry(job: Job) -> None:
    """End the job now if no worker holds it, or wake one that tells the service. Its own worker learns by heartbeat."""
    if job.remote_id:
        wake_job(job)
    else:
        end_cancelled(job, "cancelled; nobody was working on it", lease_over_at=timezone.now())
