"""The bodies of callbacks."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from ..models import Callback, Job, Output
from .protocols import renderer_of


def event_id(callback: Callback) -> str:
    """The same for every try at one piece of news, and for no other: by it a receiver knows what it has seen."""
    return f"{callback.job.public_id.hex}-{callback.attempt}-{callback.event}"


def render(callback: Callback) -> bytes:
    """The body of ``callback`` as JSON: in the words of its protocol, or else ``event``, ``event_id`` and the job as
    ``describe`` has it.

    Where the job has been tried again since, what is told is the state that this callback was written for; its values,
    outputs and times are of another attempt, and left out.
    """
    if callback.protocol:
        return renderer_of(callback.protocol)(callback)
    job = callback.job
    is_current = job.attempt == callback.attempt and job.state == callback.event
    told = describe(job) if is_current else identify(job) | {"state": callback.event, "attempt": callback.attempt}
    news = {"event": f"job.{callback.event}", "event_id": event_id(callback), "job": told}
    return json.dumps(news, cls=DjangoJSONEncoder, ensure_ascii=False).encode()


def identify(job: Job) -> dict[str, Any]:
    """What never changes about a job."""
    return {"id": str(job.public_id), "kind": job.kind, "cloud": job.cloud, "operation": job.operation}


def describe(job: Job) -> dict[str, Any]:
    """A job as programs see it: its state, its failure (or None), its values, its finished files and its times."""
    failure = job.failure
    # A stream has thousands of segments; its playlists name them.
    shown = job.outputs.ready().exclude(role="segment")
    return identify(job) | {
        "state": job.state,
        "progress": job.progress,
        "attempt": job.attempt,
        # The log is for the site's own people: it may hold what is nobody else's business.
        "failure": failure and {"code": failure.code, "message": failure.message, "advice": failure.advice},
        "values": job.values,
        "outputs": [_describe_output(output) for output in shown],
        "work_s": job.work_s,
        "source_s": job.source_s,
        "created_at": job.created_at,
        "started_at": job.started_at,
        "finished_at": job.finished_at,
    }


def _describe_output(output: Output) -> dict[str, Any]:
    return {
        "name": output.name,
        "role": output.role,
        # Only of what was delivered to a platform: this site's own address is not known here.
        "url": output.url or None,
        "size_bytes": output.size_bytes,
        "content_type": output.content_type,
        "info": output.info,
        "expires_at": output.expires_at,
    }
