"""Estimates the time left: from the progress once a job runs, before that from the site's history."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils import timezone

from ..core.states import HELD, State
from ..models import Encoding, Job
from ..models.job import JobQuerySet

HISTORY = 20
"""So many of the latest jobs of the same kind count."""

UNATTENDED_AFTER = dt.timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """``remaining_s`` is from now to the end of the job itself, ``waiting_s`` from now to its start; None if unknown.

    ``place`` counts from 1 in the queue, 0 once it runs, None where there is no queue to stand in. ``is_unattended``:
    it could have started a minute ago, yet nothing runs; probably no worker does.
    """

    place: int | None = None
    waiting_s: float | None = None
    remaining_s: float | None = None
    is_unattended: bool = False


def estimate(job: Job) -> Estimate:
    """The estimate for ``job``. Takes several queries: for one job, not for a list."""
    if job.state in HELD:
        return Estimate(place=0, waiting_s=0.0, remaining_s=_remaining_of_running(job))
    if job.state != State.QUEUED:
        return Estimate()
    now = timezone.now()
    ahead = Job.objects.ready(now).filter(Q(priority__gt=job.priority) | Q(priority=job.priority, pk__lt=job.pk))
    running = Job.objects.held().count()
    return Estimate(
        place=ahead.count() + 1,
        waiting_s=_waiting(ahead, running),
        remaining_s=_from_history(job),
        is_unattended=running == 0 and _ready_since(job) < now - UNATTENDED_AFTER,
    )


def _ready_since(job: Job) -> dt.datetime:
    queued_at = job.queued_at or job.created_at
    return max(queued_at, job.run_after) if job.run_after else queued_at


def _remaining_of_running(job: Job) -> float | None:
    if job.started_at is None or job.progress <= 0:
        return _from_history(job)
    elapsed_s = (timezone.now() - job.started_at).total_seconds()
    return max(0.0, elapsed_s * (100.0 - job.progress) / job.progress)


def _from_history(job: Job) -> float | None:
    """Seconds of work per second of source, by profile, times this job's source."""
    encoding = Encoding.objects.select_related("video").filter(pk=job.pk).first()
    past = Job.objects.filter(operation=job.operation, state=State.SUCCEEDED, work_s__isnull=False)
    if encoding is None or not encoding.video.duration_s:
        return _average(list(past.order_by("-finished_at").values_list("work_s", flat=True)[:HISTORY]))
    past = past.filter(encoding__profile_name=encoding.profile_name, source_s__gt=0)
    rows = list(past.order_by("-finished_at").values_list("work_s", "source_s")[:HISTORY])
    if not rows:
        return None
    pace = sum(work_s for work_s, _ in rows) / sum(source_s for _, source_s in rows)
    return float(pace * encoding.video.duration_s)


def _waiting(ahead: JobQuerySet, running: int) -> float | None:
    """The work ahead, by each operation's usual time, shared among those who work now."""
    total_s = 0.0
    for operation, count in ahead.order_by().values_list("operation").annotate(Count("pk")):
        past = Job.objects.filter(operation=operation, state=State.SUCCEEDED, work_s__isnull=False)
        usual_s = _average(list(past.order_by("-finished_at").values_list("work_s", flat=True)[:HISTORY]))
        if usual_s is None:
            return None
        total_s += usual_s * count
    return total_s / max(1, running)


def _average(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None
