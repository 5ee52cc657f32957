"""What a worker does with one job."""

from __future__ import annotations

import logging
from pathlib import Path

from django.db import InterfaceError, OperationalError
from django.utils import timezone

from ..clouds.base import Cloud, Work
from ..clouds.registry import get_cloud, get_operation
from ..core.failure import Failure
from ..core.states import HELD, State
from ..exceptions import MediaCloudError, WorkStopped
from ..models import Job
from .apply import apply
from .collect import collect
from .ending import database_away, end_cancelled, fail, fault, hand_back
from .lease import Lease, join_job, leave_job, take_job
from .remote import cancel_remote, follow, hand_in
from .sealing import open_parameters
from .sources import open_inputs
from .state import move
from .webhook_address import webhook_url
from .workdir import open_workdir

logger = logging.getLogger(__name__)


def run(job_pk: int) -> None:
    """Do what is due on a job; return at once if nothing is, or if another worker holds it.

    Called for every wake-up, as often as one comes: a queued job is worked on, a remote one is polled, collected or
    cancelled. Errors of the job do not raise: they end it as FAILED.
    """
    job = Job.objects.filter(pk=job_pk).first()
    if job is None or (job.run_after is not None and job.run_after > timezone.now()):
        return
    if job.state == State.QUEUED:
        lease = take_job(job)
        if lease is not None:
            _attend(job, lease, is_new=True)
    elif job.state in HELD | {State.CANCELLING} and (job.remote_id or _is_unsure(job)):
        lease = join_job(job)
        if lease is not None:
            _attend(job, lease, is_new=False)


def _is_unsure(job: Job) -> bool:
    """Whether a service may have taken the job although its remote id is unknown."""
    return job.state == State.SUBMITTING and not get_cloud(job.cloud).capabilities.can_resubmit


def _attend(job: Job, lease: Lease, *, is_new: bool) -> None:
    """Work under a lease, and turn every way in which it may end into the job's state."""
    try:
        with open_workdir() as folder:
            if is_new:
                _begin(job, lease, folder)
            else:
                follow(job, lease, folder)
    except WorkStopped:
        logger.info("Job %s was stopped.", job.public_id)
    except MediaCloudError as error:
        _fail(job, lease, Failure.of(error))
    except (OperationalError, InterfaceError) as error:
        # If the database is still away, this raises, too: the lease runs out, and the sweeper mends.
        logger.warning("Job %s lost its database: %s", job.public_id, error)
        if _may_be_elsewhere(lease):
            leave_job(lease)
        else:
            _fail(job, lease, database_away(error))
    except Exception as error:  # noqa: BLE001
        # A fault of ours. It must reach the job's owner and the site's log, and must not stop the worker.
        failure = fault(error)
        logger.error("Job %s failed by a fault in the program:\n%s", job.public_id, failure.log)
        _fail(job, lease, failure)
    except BaseException:
        # The worker is told to go (SystemExit, KeyboardInterrupt).
        if _may_be_elsewhere(lease):
            leave_job(lease)
        else:
            hand_back(job, held_by=lease.owner)
        raise
    _end_if_cancelled(lease)


def _fail(job: Job, lease: Lease, failure: Failure) -> None:
    if job.state == State.CANCELLING:
        end_cancelled(job, f"cancelled: {failure.message}", held_by=lease.owner)
    else:
        fail(lease.row if lease.row.attempt == job.attempt else job, failure, held_by=lease.owner)


def _may_be_elsewhere(lease: Lease) -> bool:
    """What a remote cloud may already have must not be handed in again: its job only waits for the next worker."""
    return bool(lease.row.remote_id) or not get_cloud(lease.row.cloud).capabilities.can_resubmit


def _end_if_cancelled(lease: Lease) -> None:
    """However the work ended: if it was to be cancelled, it has now let go."""
    job = Job.objects.filter(pk=lease.row.pk, state=State.CANCELLING, lease_owner=lease.owner).first()
    if job is None:
        return
    if job.remote_id:
        cancel_remote(get_cloud(job.cloud), job, lease)
    else:
        end_cancelled(job, "stopped by its worker")


def _begin(job: Job, lease: Lease, workdir: Path) -> None:
    cloud = get_cloud(job.cloud)
    work = Work(
        token=job.token,
        operation=job.operation,
        parameters={name: value for name, value in open_parameters(job).items() if name not in job.inputs},
        inputs=open_inputs(job, get_operation(job.cloud, job.operation), workdir, lease.beat),
        workdir=workdir,
        beat=lease.beat,
        webhook_url=webhook_url(job.cloud) if cloud.capabilities.is_remote else "",
    )
    if cloud.capabilities.is_remote:
        hand_in(cloud, work, job, lease)
    else:
        _work_here(cloud, work, job, lease)


def _work_here(cloud: Cloud, work: Work, job: Job, lease: Lease) -> None:
    if not move(job, State.RUNNING, held_by=lease.owner):
        raise WorkStopped("The work was cancelled or given to another worker.")
    snapshot = cloud.submit(work)
    lease.row = job = apply(job, snapshot, held_by=lease.owner)
    if job.state == State.COLLECTING and job.lease_owner == lease.owner:
        collect(job, snapshot.files, work.workdir, lease)
    else:
        lease.beat_now()
