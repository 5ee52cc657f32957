"""Retries that a person or program asks for."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.utils import timezone

from ..core.states import RETRYABLE, SourceState, State
from ..exceptions import NotAllowed
from ..models import Job, Video
from .deadlocks import again_after_deadlock
from .ingest import SOURCE_FAILED
from .outputs import discard_outputs, stored_outputs
from .queue import wake_job, wake_video
from .state import NO_FAILURE, NO_LEASE, move


@again_after_deadlock
def retry(job: Job) -> Job:
    """Queue another attempt at a job and return it. ``NotAllowed`` unless it has failed or was cancelled."""
    current = Job.objects.get(pk=job.pk)
    if current.state not in RETRYABLE:
        raise NotAllowed(f"A job that is {current.state} cannot be retried.", operation=current.operation)
    old_attempt = current.attempt
    target = _begin_of(current)
    video = Video.objects.filter(encodings__job=current).first()
    is_ready = video is None or video.state == SourceState.READY
    with transaction.atomic():
        moved = move(
            current,
            target if is_ready else State.NEW,
            sources=RETRYABLE,
            message="retried",
            attempt=current.attempt + 1,
            failures=0,
            progress=0.0,
            values={},
            remote_id=current.remote_id if target == State.COLLECTING else None,
            run_after=None,
            queued_at=timezone.now() if is_ready else None,
            started_at=None,
            finished_at=None,
            **NO_FAILURE,
            **NO_LEASE,
        )
        if not moved:
            raise NotAllowed("Somebody else has just retried this job.", operation=current.operation)
        if video is not None:
            Video.objects.filter(pk=video.pk).update(encoded_at=None)
            if not is_ready:
                retry_source(video)
        if is_ready:
            wake_job(current)
    discard_outputs(stored_outputs(job=current, attempt__lte=old_attempt))
    return current


def _begin_of(job: Job) -> State:
    """From the beginning; but what a service has done, and may bill, is not asked of it again."""
    last = job.events.filter(to_state=State.FAILED).last()
    # Where a platform did not take what the service has made, the service still has it.
    may_be_brought = job.failure_is_retryable or job.failure_code.startswith("delivery_")
    only_files_lack = job.remote_id and may_be_brought and last and last.from_state == State.COLLECTING
    return State.COLLECTING if only_files_lack else State.QUEUED


@again_after_deadlock
def retry_video(video: Video) -> Video:
    """Retry a failed source and the encodings that failed with it; return the video. ``NotAllowed`` otherwise."""
    lost = list(Job.objects.filter(encoding__video=video, state=State.FAILED, failure_code=SOURCE_FAILED))
    if not retry_source(video):
        raise NotAllowed(f"A source that is {Video.objects.get(pk=video.pk).state} cannot be retried.")
    for job in lost:
        retry(job)
    return Video.objects.get(pk=video.pk)


def retry_source(video: Video) -> bool:
    """Try a failed source again; False if it has not failed."""
    rows = Video.objects.filter(pk=video.pk, state=SourceState.FAILED, attempt=video.attempt)
    # What came from an address is fetched anew: what came before was no good.
    anew: dict[str, Any] = {"size_bytes": None} if video.source_url else {}
    with transaction.atomic():
        if not rows.update(
            state=SourceState.WAITING,
            attempt=video.attempt + 1,
            failures=0,
            run_after=None,
            **anew,
            **NO_FAILURE,
            **NO_LEASE,
        ):
            return False
        wake_video(video)
    return True
