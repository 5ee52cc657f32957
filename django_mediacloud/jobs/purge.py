"""Removes jobs, videos and expired files: files first, then rows."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass

from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone

from ..core.states import FINAL, HELD, State
from ..exceptions import NotAllowed, StorageError
from ..models import Job, Notification, Output, Video
from .cancel import cancel
from .outputs import delete_file, discard_outputs

logger = logging.getLogger(__name__)

NOT_REMOVED = "The storage did not delete every file. What is left stays listed, so that it can be removed again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """How much went, or would go; ``kept_outputs`` should have gone, but their storages did not let them."""

    outputs: int = 0
    jobs: int = 0
    notifications: int = 0
    bytes: int = 0
    kept_outputs: int = 0


def purge(*, older_than: dt.timedelta | None = None, dry_run: bool = False) -> Purged:
    """Remove outputs that have expired and, with ``older_than``, everything of jobs that ended before that.

    Jobs that belong to a video that is kept go only when they failed or were cancelled. With ``dry_run`` nothing is
    touched. Streams over the rows: safe at any size.
    """
    now = timezone.now()
    outputs = Output.objects.filter(expires_at__lte=now)
    jobs = Job.objects.none()
    notifications = Notification.objects.none()
    if older_than is not None:
        kept = Q(encoding__isnull=False, state=State.SUCCEEDED)
        jobs = Job.objects.filter(state__in=FINAL, finished_at__lt=now - older_than).exclude(kept)
        notifications = Notification.objects.filter(applied_at__lt=now - older_than)
        outputs = Output.objects.filter(Q(expires_at__lte=now) | Q(job__in=jobs.values("pk")))
    count, size = _extent(outputs)
    if dry_run:
        return Purged(outputs=count, jobs=jobs.count(), notifications=notifications.count(), bytes=size)
    discard_outputs(outputs)
    removed = sum(_try_to_remove(job) for job in jobs.iterator())
    kept_count, kept_size = _extent(outputs)
    _, told = notifications.delete()
    return Purged(
        outputs=max(0, count - kept_count),
        jobs=removed,
        notifications=told.get(Notification._meta.label, 0),
        bytes=max(0, size - kept_size),
        kept_outputs=kept_count,
    )


def _extent(outputs: QuerySet[Output]) -> tuple[int, int]:
    """How many they are, and their bytes."""
    found = outputs.aggregate(count=Count("pk"), size=Sum("size_bytes"))
    # Some databases answer with a decimal number.
    return found["count"], int(found["size"] or 0)


def _try_to_remove(job: Job) -> bool:
    """Remove ``job``; False if it has just been retried, or its storage keeps a file."""
    try:
        remove_job(job)
    except NotAllowed:
        return False  # somebody has just retried it
    except StorageError:
        logger.warning("Job %s is kept: its storage did not delete a file.", job.public_id)
        return False
    return True


def remove_job(job: Job) -> None:
    """Remove a job that has ended, with its files and history. ``NotAllowed`` if it has not, ``StorageError`` if a
    storage keeps a file: the job then stays, too."""
    rows = Job.objects.filter(pk=job.pk, attempt=job.attempt, state__in=FINAL)
    current = rows.first()
    if current is None:
        state = Job.objects.values_list("state", flat=True).filter(pk=job.pk).first() or "gone"
        raise NotAllowed(f"A job that is {state} cannot be removed; cancel it first.", operation=job.operation)
    discard_outputs(Output.objects.filter(job=current, attempt__lte=current.attempt))
    uploads = [file for file in current.inputs.values() if file.get("is_upload")]
    kept = [file for file in uploads if not delete_file(file["storage"], file["path"])]
    if kept or Output.objects.filter(job=current).exists():
        raise StorageError(NOT_REMOVED)
    rows.delete()


def remove_video(video: Video) -> None:
    """Remove a video with all its encodings and files. What runs is cancelled; ``NotAllowed`` until it has stopped,
    ``StorageError`` if a storage keeps a file."""
    jobs = list(Job.objects.filter(encoding__video=video))
    for job in jobs:
        if not job.is_final:
            job.state = cancel(job).state
    busy = [job for job in jobs if job.state in HELD | {State.CANCELLING}]
    if busy:
        raise NotAllowed("Its encodings are being cancelled; remove the video when they have stopped.")
    for job in jobs:
        job.refresh_from_db()
        remove_job(job)
    video.refresh_from_db()
    if not delete_file(video.storage, video.path):
        raise StorageError(NOT_REMOVED)
    video.delete()
