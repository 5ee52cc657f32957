"""Leases: which worker holds a row, and until when. Each heartbeat also finds out whether the job was cancelled."""

from __future__ import annotations

import datetime as dt
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from django.db import InterfaceError, OperationalError, connection, models
from django.utils import timezone

from .. import signals
from ..conf import config
from ..core.states import HELD, SourceState, State
from ..exceptions import WorkStopped
from ..models import Job, Video
from .deadlocks import again_after_deadlock
from .state import NO_LEASE, move


def process_name(pid: int | None = None) -> str:
    """Begins the name of every lease that this process takes, or the process ``pid`` of this machine."""
    return f"{socket.gethostname()[:100]}:{os.getpid() if pid is None else pid}:"


def new_owner() -> str:
    """A name for one lease: the process, the thread, and the moment, so that no two leases ever share one."""
    return f"{process_name()}{threading.get_ident():x}:{time.monotonic_ns():x}"


def lease_end(now: dt.datetime) -> dt.datetime:
    return now + dt.timedelta(seconds=config().lease_s)


@dataclass(slots=True, kw_only=True)
class Lease:
    """Held on ``row`` at the attempt that it had when it was taken, while it stays in one of ``states``."""

    row: Any
    owner: str
    states: frozenset[str]
    heartbeat_s: float
    _last_beat: float = field(default_factory=time.monotonic)
    _progress: float = 0.0

    def rows(self) -> models.QuerySet[Any]:
        """The row, if it is still ours."""
        return type(self.row)._default_manager.filter(
            pk=self.row.pk, attempt=self.row.attempt, lease_owner=self.owner, state__in=self.states
        )

    def beat(self, progress: float | None = None) -> None:
        """Say that we live, at most once per ``heartbeat_s``. ``WorkStopped`` if the row is no longer ours."""
        if progress is not None:
            self._progress = min(100.0, max(self._progress, progress))
        if time.monotonic() - self._last_beat >= self.heartbeat_s:
            self.beat_now()

    @contextmanager
    def kept_alive(self, *, to_the_end: bool = False) -> Iterator[None]:
        """Beat from a thread while the body is inside a library that cannot be interrupted (a storage's upload).

        If a beat finds that the row is no longer ours, ``WorkStopped`` is raised at the end; not with ``to_the_end``,
        for a body whose result must not be lost. A database that is away for a moment is asked again.
        """
        found: list[Exception] = []
        is_over = threading.Event()

        def keep_alive() -> None:
            try:
                while not is_over.wait(self.heartbeat_s):
                    with suppress(OperationalError, InterfaceError):
                        self.beat_now()
            except WorkStopped as error:
                found.append(error)
            finally:
                connection.close()

        thread = threading.Thread(target=keep_alive, name="mediacloud-heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()
        if found and not to_the_end:
            raise found[0]

    @again_after_deadlock
    def beat_now(self) -> None:
        self._last_beat = time.monotonic()
        now = timezone.now()
        changes: dict[str, Any] = {"lease_until": lease_end(now)}
        if isinstance(self.row, Job):
            changes |= {"heartbeat_at": now, "progress": self._progress}
            if self._progress > self.row.progress:
                changes["updated_at"] = now
        if not self.rows().update(**changes):
            raise WorkStopped("The work was cancelled or given to another worker.")
        if isinstance(self.row, Job) and self._progress > self.row.progress:
            self.row.progress = self._progress
            signals.job_progressed.send_robust(Job, job=self.row, progress=self._progress)


def take_job(job: Job) -> Lease | None:
    """The lease on a queued job that is due: of all who try, one gets it. It is then SUBMITTING."""
    now = timezone.now()
    if job.run_after is not None and job.run_after > now:
        return None
    owner = new_owner()
    taken: dict[str, Any] = {
        "lease_owner": owner,
        "lease_until": lease_end(now),
        "heartbeat_at": now,
        "started_at": now,
    }
    if not move(job, State.SUBMITTING, sources={State.QUEUED}, progress=0.0, run_after=None, **taken):
        return None
    return job_lease(job, owner)


@again_after_deadlock
def join_job(job: Job) -> Lease | None:
    """The lease on a job that a remote cloud works on, so that only one worker polls, collects or cancels it."""
    now = timezone.now()
    owner = new_owner()
    rows = Job.objects.filter(pk=job.pk, attempt=job.attempt, state=job.state).with_lease_over(now)
    if not rows.update(lease_owner=owner, lease_until=lease_end(now), heartbeat_at=now):
        return None
    job.lease_owner = owner
    return job_lease(job, owner, frozenset({job.state}))


def job_lease(job: Job, owner: str, also: frozenset[str] = frozenset()) -> Lease:
    return Lease(row=job, owner=owner, states=HELD | also, heartbeat_s=config().heartbeat_s)


@again_after_deadlock
def leave_job(lease: Lease, **fields: Any) -> None:
    """Give a job back that goes on elsewhere (a remote one): its state stays."""
    Job.objects.filter(pk=lease.row.pk, attempt=lease.row.attempt, lease_owner=lease.owner).update(**NO_LEASE, **fields)


@again_after_deadlock
def take_video(video: Video) -> Lease | None:
    """The lease on a video whose source is to be brought: of all who try, one gets it."""
    now = timezone.now()
    owner = new_owner()
    if video.run_after is not None and video.run_after > now:
        return None
    rows = Video.objects.filter(pk=video.pk, attempt=video.attempt, state=SourceState.WAITING)
    if not rows.update(
        state=SourceState.INGESTING, lease_owner=owner, lease_until=lease_end(now), run_after=None, updated_at=now
    ):
        return None
    video.refresh_from_db()
    return Lease(row=video, owner=owner, states=frozenset({SourceState.INGESTING}), heartbeat_s=config().heartbeat_s)


def expire_leases_of(process: str) -> int:
    """End all leases of a process that is known to be dead; how many there were. The sweeper does the rest."""
    past = timezone.now() - dt.timedelta(seconds=1)
    jobs = Job.objects.filter(lease_owner__startswith=process, lease_until__isnull=False).update(lease_until=past)
    videos = Video.objects.filter(lease_owner__startswith=process, lease_until__isnull=False).update(lease_until=past)
    return jobs + videos
