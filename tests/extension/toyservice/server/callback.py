"""Callbacks: the job's final status is the body (section "Being told")."""

from __future__ import annotations

from ....callbacks.protocols import base_url_of
from ....core.ids import as_hex32
from ....core.states import State
from ....models import Callback
from .. import wire
from .statuses import all_jobs
from .statuses import render as render_job


def render(callback: Callback) -> bytes:
    """What ``callback`` tells of. Where the job has been tried again since, only that it had ended so."""
    job = all_jobs().get(pk=callback.job_id)
    if job.attempt == callback.attempt and job.state == callback.event:
        return render_job(job, base_url_of(callback))
    ended = wire.status_word(State(callback.event))
    return wire.render_status(wire.JobStatus(id=as_hex32(job.public_id), word=ended, why="It has been tried again."))
