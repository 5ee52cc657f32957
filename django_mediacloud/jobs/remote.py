"""Jobs of remote clouds: submitted once, polled, collected, cancelled."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from django.utils import timezone

from ..clouds.base import Cloud, Work
from ..clouds.registry import get_cloud
from ..conf import config
from ..core.failure import Failure
from ..core.spec import Snapshot
from ..core.states import State
from ..exceptions import AnswerLost, CloudError, CloudUnavailable, MediaCloudError, SubmissionUnknown
from ..models import Job
from .apply import apply
from .collect import collect
from .ending import end_cancelled, fail, fault, requeue
from .lease import Lease, leave_job
from .state import note

MAX_WAIT_S = 900.0
MAX_SILENCES = 100
"""Times in a row that a service may not answer, with growing waits: about a day."""
MAX_CANCEL_TRIES = 5


def hand_in(cloud: Cloud, work: Work, job: Job, lease: Lease) -> None:
    """Give the work to the service, once. Where nobody can tell whether it was taken, a person has to decide."""
    try:
        with lease.kept_alive(to_the_end=True):
            snapshot = cloud.submit(work)
    except AnswerLost:
        if cloud.capabilities.can_resubmit:
            raise
        _ask_for_submission(cloud, job, lease)
        return
    except MediaCloudError:
        raise
    except Exception as error:
        # Our own fault, and the service may have the work by now: its answer may be what we stumbled over.
        if cloud.capabilities.can_resubmit:
            raise
        raise _unknown(cloud, job, fault(error).log) from error
    _accept(cloud, snapshot, job, lease, work.workdir)


def _accept(cloud: Cloud, snapshot: Snapshot, job: Job, lease: Lease, workdir: Path) -> None:
    """The service has it, and says how it stands."""
    lease.row = current = apply(job, snapshot, held_by=lease.owner)
    moved_on = current.attempt != job.attempt or current.state in {State.CANCELLED, State.FAILED, State.QUEUED}
    if current.state == State.CANCELLING:
        cancel_remote(cloud, current, lease)
    elif moved_on and snapshot.remote_id and snapshot.state != State.FAILED:
        note(current, "given up while it was handed in: the service is told to stop", remote_id=snapshot.remote_id)
        if cloud.capabilities.can_cancel:
            cloud.cancel(snapshot.remote_id)
    elif current.state == snapshot.state == State.COLLECTING and current.lease_owner == lease.owner:
        collect(current, snapshot.files, workdir, lease)
    else:
        leave_job(lease)


def _unknown(cloud: Cloud, job: Job, log: str) -> SubmissionUnknown:
    return SubmissionUnknown(
        "The connection broke while the job was handed in, and the service cannot be asked about it.",
        cloud=cloud.alias,
        operation=job.operation,
        log=log,
    )


def _ask_for_submission(cloud: Cloud, job: Job, lease: Lease) -> None:
    """Did the service take what was handed in? Only if it says no is it handed in again."""
    if not cloud.capabilities.can_find_by_token:
        raise _unknown(cloud, job, "")
    try:
        found = cloud.find(job.token)
    except CloudUnavailable as error:
        _wait_for_service(job, lease, error)
        return
    if found is None:
        requeue(job, "the service never got it", held_by=lease.owner)
        return
    note(job, "the service had taken the submission whose answer was lost", remote_id=found.remote_id)
    lease.row = apply(job, found, held_by=lease.owner)
    leave_job(lease)


def follow(job: Job, lease: Lease, workdir: Path) -> None:
    """Look after a job that a remote cloud has, or may have: poll it, bring its files, or stop it."""
    cloud = get_cloud(job.cloud)
    if job.state == State.CANCELLING:
        cancel_remote(cloud, job, lease)
        return
    if not job.remote_id:
        _ask_for_submission(cloud, job, lease)
        return
    try:
        snapshot = cloud.poll(job.remote_id, job.operation)
    except CloudError as error:
        if not error.is_retryable:
            raise
        _wait_for_service(job, lease, error)
        return
    if job.failures and job.state == State.RUNNING:
        Job.objects.filter(pk=job.pk, attempt=job.attempt, lease_owner=lease.owner).update(failures=0)
    lease.row = current = apply(job, snapshot, held_by=lease.owner)
    if current.state == snapshot.state == State.COLLECTING:
        collect(current, snapshot.files, workdir, lease)
    else:
        leave_job(lease)


def _wait_for_service(job: Job, lease: Lease, error: CloudError) -> None:
    """The service is silent, not the job lost: look again later, and give up after about a day."""
    silences = job.failures + 1
    if silences > MAX_SILENCES:
        message = "The service has not answered for a long time."
        advice = "Look into the service's own console, and retry when it is back."
        fail(job, Failure(code="cloud_silent", message=message, advice=advice), held_by=lease.owner)
        return
    if silences == 1:
        note(job, f"the service does not answer: {error}")
    wait_s = min(MAX_WAIT_S, config().poll_s * 2 ** min(silences - 1, 10))
    leave_job(lease, failures=silences, run_after=timezone.now() + dt.timedelta(seconds=wait_s))


def cancel_remote(cloud: Cloud, job: Job, lease: Lease) -> None:
    """Tell the service to stop. If it does not answer it is told again, a few times; then the job ends here alone."""
    try:
        if cloud.capabilities.can_cancel and job.remote_id:
            cloud.cancel(job.remote_id)
    except CloudError as error:
        tries = job.failures + 1
        note(job, f"the service did not cancel: {error}")
        if error.is_retryable and tries < MAX_CANCEL_TRIES:
            run_after = timezone.now() + dt.timedelta(seconds=config().poll_s)
            leave_job(lease, failures=tries, run_after=run_after)
            return
    end_cancelled(job, "cancelled")
