"""Waits for jobs, and turns their states into an exit code."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from django.core.management.base import CommandError

from ..callbacks import describe
from ..core.states import State
from ..models import Job, Video
from .exit_codes import ExitCode

LOOK_S = 0.25


def wait_for(jobs: Sequence[Job], *, timeout_s: float | None, report: Callable[[str], None] | None) -> list[Job]:
    """``jobs`` as they stand when all have ended, or when the time is over. ``report`` is told of each change."""
    deadline = None if timeout_s is None else time.monotonic() + timeout_s
    pks = [job.pk for job in jobs]
    told: dict[int, str] = {}
    while True:
        current = list(Job.objects.filter(pk__in=pks).select_related("encoding").order_by("pk"))
        for job in current:
            words = f"{job.public_id} {job.state} {job.progress:.0f} %"
            if report and told.get(job.pk) != words:
                report(words)
            told[job.pk] = words
        left_s = LOOK_S if deadline is None else min(LOOK_S, deadline - time.monotonic())
        if all(job.is_final for job in current) or left_s <= 0:
            return current
        time.sleep(left_s)


def finish(jobs: Sequence[Job]) -> None:
    """End the command with the exit code that says how ``jobs`` ended, if not all of them succeeded."""
    unfinished = [job for job in jobs if not job.is_final]
    failed = [job for job in jobs if job.state == State.FAILED]
    cancelled = [job for job in jobs if job.state == State.CANCELLED]
    if unfinished:
        raise CommandError(
            f"{len(unfinished)} of {len(jobs)} jobs have not ended in time; they go on.", returncode=ExitCode.TIMED_OUT
        )
    if failed:
        sentences = [f"{job.public_id} failed: {job.failure_message} {job.failure_advice}".strip() for job in failed]
        raise CommandError("\n".join(sentences), returncode=ExitCode.JOB_FAILED)
    if cancelled:
        raise CommandError(f"{len(cancelled)} of {len(jobs)} jobs were cancelled.", returncode=ExitCode.CANCELLED)


def describe_submitted(video: Video | None, jobs: Sequence[Job]) -> dict[str, Any]:
    """What was submitted, for programs: ``video`` (None for a task) and ``jobs``, encodings with their profile."""
    if video is None:
        return {"video": None, "jobs": [describe(job) for job in jobs]}
    video.refresh_from_db()
    return {
        "video": {
            "id": str(video.public_id),
            "title": video.title,
            "filename": video.original_filename,
            "state": video.state,
            "size_bytes": video.size_bytes,
            "duration_s": video.duration_s,
        },
        "jobs": [{**describe(job), "profile": job.encoding.profile_name} for job in jobs],
    }
