"""What a worker does with one job."""

from __future__ import annotations

import logging
import traceback
from pathlib import Path

from django.db import InterfaceError, OperationalError

from ..clouds.base import Cloud, Work
from ..clouds.registry import get_cloud, get_operation
from ..core.failure import Failure, cut
from ..core.spec import Snapshot
from ..core.states import State
from ..exceptions import AnswerLost, CloudError, MediaCloudError, SubmissionUnknown, WorkStopped
from ..models import Job
from .apply import apply
from .collect import collect
from .ending import end_cancelled, fail, hand_back
from .lease import Lease, join_job, leave_job, take_job
from .sources import open_inputs
from .state import move, note
from .workdir import open_workdir

logger = logging.getLogger(__name__)


def run(job_pk: int) -> None:
    """Do what is due on a job, if it is due and nobody else does it; else return at once.

    Called for every wake-up, as often as one comes: a queued job is worked on, a remote one is polled, collected or
    cancelled. Never raises for a job's own trouble: that ends in the job's failure.
    """
    job = Job.objects.filter(pk=job_pk).first()
    if job is None:
        return
    if job.state == State.QUEUED:
        lease = take_job(job)
        if lease is not None:
            _attend(job, lease, is_new=True)
    elif job.remote_id and job.state in {State.SUBMITTING, State.RUNNING, State.COLLECTING, State.CANCELLING}:
        lease = join_job(job)
        if lease is not None:
            _attend(job, lease, is_new=False)


def _attend(job: Job, lease: Lease, *, is_new: bool) -> None:
    """Work under a lease, and turn every way in which it may end into the job's state."""
    try:
        with open_workdir() as folder:
            if is_new:
                _submit(job, lease, folder)
            else:
                _follow(job, lease, folder)
    except WorkStopped:
        logger.info("Job %s was stopped.", job.public_id)
    except MediaCloudError as error:
        fail(job, Failure.of(error), held_by=lease.owner)
    except (OperationalError, InterfaceError) as error:
        # The database, not the job. If it is still away, this raises, too: the lease runs out, and the sweeper mends.
        logger.warning("Job %s lost its database: %s", job.public_id, error)
        fail(job, _away(error), held_by=lease.owner)
    except Exception as error:
        # A fault of ours. It must reach the job's owner and the site's log, and must not stop the worker.
        logger.exception("Job %s failed by a fault in the program.", job.public_id)
        fail(job, _fault(error), held_by=lease.owner)
    except BaseException:
        # The worker is told to go (SystemExit, KeyboardInterrupt).
        _let_go(job, lease)
        raise
    _end_if_cancelled(lease)


def _end_if_cancelled(lease: Lease) -> None:
    """However the work ended: if it was to be cancelled, it has now let go."""
    job = Job.objects.filter(pk=lease.row.pk, state=State.CANCELLING, lease_owner=lease.owner, remote_id=None).first()
    if job is not None:
        end_cancelled(job, "stopped by its worker")


def _let_go(job: Job, lease: Lease) -> None:
    """What a remote cloud may already have must not be handed in again: its job only waits for the next worker."""
    if job.remote_id or not get_cloud(job.cloud).capabilities.can_resubmit:
        leave_job(lease)
    else:
        hand_back(job, held_by=lease.owner)


def _away(error: Exception) -> Failure:
    return Failure(
        code="database",
        message="The site's database did not answer while the job ran.",
        is_retryable=True,
        log=cut(str(error)),
    )


def _fault(error: Exception) -> Failure:
    return Failure(
        code="internal_error",
        message=f"A fault in the program: {type(error).__name__}.",
        advice="Retry once. If it comes again, report it with the log.",
        log=cut("".join(traceback.format_exception(error))),
    )


def _submit(job: Job, lease: Lease, workdir: Path) -> None:
    cloud = get_cloud(job.cloud)
    operation = get_operation(job.cloud, job.operation)
    work = Work(
        token=job.token,
        operation=job.operation,
        parameters={name: value for name, value in job.parameters.items() if name not in job.inputs},
        inputs=open_inputs(job, operation, workdir, lease.beat),
        workdir=workdir,
        beat=lease.beat,
    )
    if cloud.capabilities.is_remote:
        snapshot = _submit_once(cloud, work, job)
        job = apply(job, snapshot, held_by=lease.owner)
        lease.row = job
        if job.state == State.CANCELLING:
            _cancel(cloud, job, snapshot.remote_id)
        if job.state != State.COLLECTING:
            leave_job(lease)
            return
    else:
        if not move(job, State.RUNNING, held_by=lease.owner):
            raise WorkStopped("The work was cancelled or given to another worker.")
        snapshot = cloud.submit(work)
        job = apply(job, snapshot, held_by=lease.owner)
        lease.row = job
    if job.state == State.COLLECTING and job.lease_owner == lease.owner:
        collect(job, snapshot.files, workdir, lease)
    else:
        lease.beat_now()


def _submit_once(cloud: Cloud, work: Work, job: Job) -> Snapshot:
    """Hand the work in, once. Where nobody can tell whether it was taken, a person has to decide."""
    try:
        return cloud.submit(work)
    except AnswerLost as error:
        capabilities = cloud.capabilities
        if capabilities.can_resubmit:
            raise
        if not capabilities.can_find_by_token:
            raise SubmissionUnknown(
                "The connection broke while the job was handed in, and the service cannot be asked about it.",
                cloud=cloud.alias,
                operation=job.operation,
                log=error.log or str(error),
            ) from error
        found = cloud.find(work.token)
        if found is None:
            raise
        note(job, "the service had taken the submission whose answer was lost", remote_id=found.remote_id)
        return found


def _follow(job: Job, lease: Lease, workdir: Path) -> None:
    """Look after a job that a remote cloud has: poll it, bring its files, or stop it."""
    cloud = get_cloud(job.cloud)
    remote_id = job.remote_id or ""
    if job.state == State.CANCELLING:
        _cancel(cloud, job, remote_id)
        return
    try:
        snapshot = cloud.poll(remote_id)
    except CloudError as error:
        if not error.is_retryable:
            raise
        # The service is silent, not the job lost: look again later.
        apply(job, Snapshot(state=State(job.state), remote_id=remote_id), held_by=lease.owner)
        leave_job(lease)
        note(job, f"poll failed: {error}")
        return
    job = apply(job, snapshot, held_by=lease.owner)
    lease.row = job
    if job.state == State.COLLECTING and snapshot.state == State.COLLECTING:
        collect(job, snapshot.files, workdir, lease)
    else:
        leave_job(lease)


def _cancel(cloud: Cloud, job: Job, remote_id: str) -> None:
    try:
        if cloud.capabilities.can_cancel:
            cloud.cancel(remote_id)
    except CloudError as error:
        note(job, f"the service did not cancel: {error}")
    end_cancelled(job, "cancelled")
