"""Callbacks and errbacks: the full final status, as JSON, is the body (documentation, "Callbacks and Errbacks")."""

from __future__ import annotations

from ....callbacks.protocols import base_url_of
from ....core.states import State
from ....models import Callback
from .. import wire
from .statuses import CANCELLED, status_of, tasks


def render(callback: Callback) -> bytes:
    """The status that ``callback`` tells of. Where the task has been tried again since, only that it had ended so."""
    job = tasks().get(pk=callback.job_id)
    if job.attempt == callback.attempt and job.state == callback.event:
        return wire.render_json(status_of(job, base_url_of(callback)))
    is_cancelled = callback.event == State.CANCELLED
    words = CANCELLED if is_cancelled else "The task failed, and has been tried again since."
    return wire.render_json(
        wire.render_status(
            status=wire.status_word(State(callback.event)),
            key=wire.render_key(job.public_id),
            queued=job.created_at,
            completed=callback.created_at,
            error=None if callback.event == State.SUCCEEDED else words,
        )
    )
