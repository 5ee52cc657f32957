"""Wake-ups through the ``django.tasks`` API. What counts is the row: a wake-up that is lost or doubled does no harm."""

from __future__ import annotations

from functools import partial

from django.db import transaction
from django.utils import timezone

from ..conf import config
from ..models import Job, Video
from .deadlocks import again_after_deadlock
from .ingest import ingest
from .run import run

try:
    from django.tasks import task
except ImportError:  # Django 5.2
    from django_tasks import task  # type: ignore[no-redef]


@task()
def run_job(job_pk: int) -> None:
    run(job_pk)


@task()
def ingest_video(video_pk: int) -> None:
    for job in ingest(video_pk):
        wake_job(job)


@again_after_deadlock
def wake_job(job: Job) -> None:
    """Tell the queue of ``job`` once the present transaction is committed."""
    Job.objects.filter(pk=job.pk).update(woken_at=timezone.now())
    later = run_job.using(priority=job.priority, queue_name=config().queue)
    transaction.on_commit(partial(later.enqueue, job.pk), robust=True)


def wake_video(video: Video) -> None:
    """Tell the queue once the present transaction is committed that the source of ``video`` is to be brought."""
    Video.objects.filter(pk=video.pk).update(woken_at=timezone.now())
    later = ingest_video.using(queue_name=config().queue)
    transaction.on_commit(partial(later.enqueue, video.pk), robust=True)
