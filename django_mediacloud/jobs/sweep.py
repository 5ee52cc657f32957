"""Recovers what is stuck. Run by the worker every few seconds, and by ``mediacloud_sweep`` from cron.

Every mend is a conditional update of its own, so that any number of sweepers may run at once.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from ..clouds.registry import get_cloud
from ..conf import config
from ..core.failure import Failure
from ..core.states import HELD, SourceState, State
from ..exceptions import MediaCloudError
from ..models import Job, Output, Video
from .ending import end_cancelled, fail
from .ingest import fail_encodings, release_encodings
from .outputs import abandoned_outputs, discard_outputs, expired_outputs
from .queue import wake_job, wake_video
from .state import NO_LEASE
from .workdir import remove_abandoned

logger = logging.getLogger(__name__)

BATCH = 200
REWAKE_S = 60
"""A due row whose wake-up is at least so old is told to the queue again."""


@dataclass(slots=True, kw_only=True)
class Swept:
    """Numbers of rows recovered, and of folders and files removed.

    ``lost``: jobs whose worker died, or that a worker should look at; ``cancelled``: cancels that were completed;
    ``woken``: jobs whose wake-up was sent again; ``sources``: videos to ingest anew; ``released``: encodings whose
    source has come or failed; ``folders`` of killed workers; ``outputs``: files of old attempts, and expired ones.
    """

    lost: int = 0
    cancelled: int = 0
    woken: int = 0
    sources: int = 0
    released: int = 0
    folders: int = 0
    outputs: int = 0

    def __bool__(self) -> bool:
        return any(getattr(self, item.name) for item in fields(self))


def sweep() -> Swept:
    """Recover everything that is stuck, once; return what was done."""
    now = timezone.now()
    return Swept(
        lost=_count(_mend_lost, _each(Job.objects.filter(_lease_over(now), state__in=HELD)), now),
        cancelled=_count(_mend_cancelling, _each(Job.objects.with_lease_over(now).filter(state=State.CANCELLING)), now),
        woken=_count(_wake, _asleep(now), now),
        sources=_sweep_sources(now),
        released=_release(),
        folders=remove_abandoned(),
        outputs=_discard(abandoned_outputs()) + _discard(expired_outputs()),
    )


def _count(mend: Callable[[Job, dt.datetime], bool], rows: Iterable[Job], now: dt.datetime) -> int:
    done = 0
    for job in rows:
        try:
            done += mend(job, now)
        except MediaCloudError as error:
            # Its cloud is gone from the settings, or cannot be loaded: nobody will ever do it.
            logger.warning("Job %s cannot be mended: %s", job.public_id, error)
            if job.state == State.CANCELLING:
                done += end_cancelled(job, f"cancelled: {error}", lease_over_at=now)
            else:
                done += fail(job, Failure.of(error), has_ended=True, lease_over_at=now)
    return done


def _each(rows: Any) -> list[Any]:
    return list(rows.order_by("pk")[:BATCH])


def _lease_over(now: dt.datetime) -> Q:
    """Held by one who has fallen silent; or, where a remote cloud has it, by nobody and due to be looked at."""
    is_due = Q(run_after__isnull=True) | Q(run_after__lte=now)
    return Q(lease_until__lt=now) | (Q(lease_until__isnull=True) & is_due)


def _mend_lost(job: Job, now: dt.datetime) -> bool:
    """A worker died, or a remote job is due to be looked at."""
    if job.remote_id or not get_cloud(job.cloud).capabilities.can_resubmit:
        return _look_again(job, now)
    failure = Failure(
        code="worker_lost",
        message="The worker that did this job stopped without a word.",
        advice="If it comes again, the file may need more memory than the machine has.",
        is_retryable=True,
    )
    return fail(job, failure, is_prompt=True, lease_over_at=now)


def _look_again(job: Job, now: dt.datetime) -> bool:
    """A worker is to look at it: the sweeper itself never waits for a service."""
    rows = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=job.state).with_lease_over(now)
    if not rows.update(**NO_LEASE):
        return False
    if job.lease_until is None:
        return _wake(job, now)
    # Somebody had it: the last wake-up is used up.
    wake_job(job)
    return True


def _mend_cancelling(job: Job, now: dt.datetime) -> bool:
    if job.remote_id:
        get_cloud(job.cloud)
        is_due = job.run_after is None or job.run_after <= now
        return is_due and _wake(job, now)
    return end_cancelled(job, "cancelled; its worker was lost", lease_over_at=now)


def _asleep(now: dt.datetime) -> list[Job]:
    """Due jobs at the head of the queue that the queue may have lost. What stands behind them can wait for its turn."""
    head = list(Job.objects.ready(now)[:BATCH])
    return [job for job in head if _is_to_be_told(job, now)]


def _is_to_be_told(job: Job, now: dt.datetime) -> bool:
    """Never told, not since it became due, or not for a while: else its wake-up may still lie in the queue.

    The while doubles each time, so that a queue with a long backlog is not filled with wake-ups for the same jobs.
    """
    if job.woken_at is None or (job.run_after is not None and job.woken_at < job.run_after):
        return True
    waited_s = (job.woken_at - (job.queued_at or job.created_at)).total_seconds()
    return job.woken_at < now - dt.timedelta(seconds=max(REWAKE_S, waited_s))


def _wake(job: Job, now: dt.datetime) -> bool:
    if not _is_to_be_told(job, now):
        return False
    wake_job(job)
    return True


def _discard(outputs: QuerySet[Output]) -> int:
    found = list(outputs.values_list("pk", flat=True)[:BATCH])
    return discard_outputs(Output.objects.filter(pk__in=found)) if found else 0


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
