"""Nothing stays stuck. Run by the worker every few seconds, and by ``mediacloud_sweep`` from cron.

Every mend is a conditional update of its own, so that any number of sweepers may run at once.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from ..clouds.registry import get_cloud
from ..conf import config
from ..core.failure import Failure
from ..core.states import HELD, SourceState, State
from ..exceptions import MediaCloudError, SubmissionUnknown
from ..models import Job, Video
from .apply import apply
from .ending import end_cancelled, fail
from .ingest import fail_encodings, release_encodings
from .queue import wake_job, wake_video
from .state import NO_LEASE, note
from .workdir import remove_abandoned

logger = logging.getLogger(__name__)

BATCH = 200
REWAKE_S = 60
"""A due row whose wake-up is older than this is told to the queue again."""


@dataclass(slots=True, kw_only=True)
class Swept:
    """How many rows were mended, by kind, and folders of killed workers removed."""

    lost: int = 0
    cancelled: int = 0
    woken: int = 0
    sources: int = 0
    released: int = 0
    folders: int = 0

    def __bool__(self) -> bool:
        return any(getattr(self, item.name) for item in fields(self))


def sweep() -> Swept:
    """Mend what is stuck, once over everything; what was done."""
    now = timezone.now()
    return Swept(
        lost=_count(_mend_lost, Job.objects.filter(_lease_over(now), state__in=HELD), now),
        cancelled=_count(_mend_cancelling, Job.objects.with_lease_over(now).filter(state=State.CANCELLING), now),
        woken=_count(_wake, _asleep(now), now),
        sources=_sweep_sources(now),
        released=_release(),
        folders=remove_abandoned(),
    )


def _count(mend: Any, rows: Any, now: dt.datetime) -> int:
    done = 0
    for job in _each(rows):
        try:
            done += bool(mend(job, now))
        except MediaCloudError:
            # One job whose cloud is gone from the settings must not keep the others from being mended.
            logger.exception("Job %s could not be swept.", job.public_id)
    return done


def _each(rows: Any) -> Iterator[Any]:
    return iter(list(rows.order_by("pk")[:BATCH]))


def _lease_over(now: dt.datetime) -> Q:
    """Held by one who has fallen silent; or, where a remote cloud has it, by nobody and due to be looked at."""
    is_due = Q(run_after__isnull=True) | Q(run_after__lte=now)
    return Q(lease_until__lt=now) | (Q(lease_until__isnull=True) & is_due)


def _mend_lost(job: Job, now: dt.datetime) -> bool:
    """A worker died, or a remote job is due to be looked at."""
    if job.remote_id:
        return _look_again(job, now)
    if get_cloud(job.cloud).capabilities.can_resubmit:
        failure = Failure(
            code="worker_lost",
            message="The worker that did this job stopped without a word.",
            advice="If it comes again, the file may need more memory than the machine has.",
            is_retryable=True,
        )
        return fail(job, failure, is_prompt=True, lease_over_at=now)
    return _ask_for_submission(job, now)


def _look_again(job: Job, now: dt.datetime) -> bool:
    rows = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=job.state).with_lease_over(now)
    next_look = now + dt.timedelta(seconds=config().poll_s)
    if not rows.update(**NO_LEASE, run_after=next_look):
        return False
    wake_job(job)
    return True


def _ask_for_submission(job: Job, now: dt.datetime) -> bool:
    """A worker died while it handed a job to a service: did the service take it?"""
    cloud = get_cloud(job.cloud)
    if cloud.capabilities.can_find_by_token:
        found = cloud.find(job.token)
        if found is not None:
            note(job, "the service had taken the submission of a lost worker", remote_id=found.remote_id)
            apply(job, found)
            return Job.objects.filter(pk=job.pk, attempt=job.attempt).update(**NO_LEASE) > 0
        failure = Failure(
            code="worker_lost", message="The worker died before the service had the job.", is_retryable=True
        )
    else:
        failure = Failure.of(
            SubmissionUnknown(
                "The worker died while it handed the job in, and the service cannot be asked about it.", cloud=job.cloud
            )
        )
    return fail(job, failure, lease_over_at=now)


def _mend_cancelling(job: Job, now: dt.datetime) -> bool:
    if job.remote_id:
        return _wake(job, now)
    return end_cancelled(job, "cancelled; its worker was lost", lease_over_at=now)


def _asleep(now: dt.datetime) -> Any:
    """Due jobs at the head of the queue that the queue may have lost. What stands behind them can wait for its turn."""
    told = Q(woken_at__isnull=True) | Q(woken_at__lt=now - dt.timedelta(seconds=REWAKE_S))
    postponed = Q(run_after__isnull=False) & Q(woken_at__lt=F("run_after"))
    return Job.objects.ready(now).filter(told | postponed)


def _wake(job: Job, now: dt.datetime) -> bool:
    woken_before = now - dt.timedelta(seconds=REWAKE_S)
    if job.woken_at and job.woken_at > woken_before and not (job.run_after and job.woken_at < job.run_after):
        return False
    wake_job(job)
    return True


def _sweep_sources(now: dt.datetime) -> int:
    """Videos whose worker died, or whose wake-up was lost."""
    done = 0
    for video in _each(Video.objects.filter(state=SourceState.INGESTING, lease_until__lt=now)):
        failures = video.failures + 1
        is_over = failures >= config().max_failures
        rows = Video.objects.filter(
            pk=video.pk, attempt=video.attempt, state=SourceState.INGESTING, lease_until__lt=now
        )
        lost = {"failure_code": "worker_lost", "failure_message": "The workers that took in this file were lost."}
        done += rows.update(
            state=SourceState.FAILED if is_over else SourceState.WAITING,
            attempt=video.attempt + 1,
            failures=failures,
            woken_at=None,
            **NO_LEASE,
            **(lost if is_over else {}),
        )
    is_due = Q(run_after__isnull=True) | Q(run_after__lte=now)
    told = Q(woken_at__isnull=True) | Q(woken_at__lt=now - dt.timedelta(seconds=REWAKE_S))
    for video in _each(Video.objects.filter(is_due, told, state=SourceState.WAITING)):
        wake_video(video)
        done += 1
    return done


def _release() -> int:
    """Encodings that still wait although their source has come, or never will."""
    done = 0
    waiting = Video.objects.filter(encodings__job__state=State.NEW).distinct()
    for video in _each(waiting.filter(state=SourceState.READY)):
        for job in release_encodings(video):
            wake_job(job)
            done += 1
    for video in _each(waiting.filter(state=SourceState.FAILED)):
        fail_encodings(video)
        done += 1
    return done
