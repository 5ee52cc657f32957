"""Somebody does not want a job any more."""

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
    """Cancel a job; as it then stands: CANCELLED, or CANCELLING until whoever works on it has let go.

    A worker of this site lets go within two seconds: processes are killed, files are removed. Cancelling what is
    already being cancelled does nothing. ``NotAllowed`` if the job has ended.
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
    """Nobody holds it: end it now, or have a worker tell the service. Somebody does: the heartbeat tells them."""
    if job.remote_id:
        wake_job(job)
    else:
        end_cancelled(job, "cancelled; nobody was working on it", lease_over_at=timezone.now())
