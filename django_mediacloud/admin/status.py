"""Template context for the state of jobs: progress, time left, files, failures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from .. import jobs
from ..core.states import SourceState
from ..models import Job, JobEvent, Output, Video
from ..models.job import OutputQuerySet
from .display import badge, elapsed_s, expectation, progress_bar, seconds

MAX_OUTPUTS = 20
MAX_ENCODINGS = 50
MAX_EVENTS = 100


def status_of(job: Job) -> dict[str, Any]:
    """For ``includes/job_status.html``. A few queries: for one job's page, never for a list."""
    outputs = Output.objects.filter(job=job)
    words = _words(job, _shown_files(outputs)[:MAX_OUTPUTS])
    return words | {"file_count": outputs.ready().count()}


def history_of(job: Job) -> list[JobEvent]:
    """The latest events, the newest first."""
    return list(JobEvent.objects.filter(job=job).order_by("-id")[:MAX_EVENTS])


def encodings_of(video: Video) -> dict[str, Any]:
    """For ``video_change.html``: every encoding with its state and its files."""
    encodings = video.encodings.select_related("job").order_by("-job_id")[:MAX_ENCODINGS]
    files: dict[int, list[Output]] = defaultdict(list)
    for output in _shown_files(Output.objects.filter(job__in=[encoding.job_id for encoding in encodings])):
        files[output.job_id].append(output)
    shown = [{"encoding": encoding, **_words(encoding.job, files[encoding.job_id])} for encoding in encodings]
    is_coming = video.state in {SourceState.WAITING, SourceState.INGESTING}
    return {
        "video": video,
        "source_badge": badge(video.state),
        "encodings": shown,
        "can_retry_source": video.state == SourceState.FAILED,
        "is_unfinished": is_coming or any(item["is_unfinished"] for item in shown),
    }


def _shown_files(outputs: OutputQuerySet) -> OutputQuerySet:
    """Segments are many and mean nothing to a person: their playlist stands for them."""
    return outputs.ready().exclude(role="segment").order_by("id")


def _words(job: Job, files: Iterable[Output]) -> dict[str, Any]:
    kept = list(files)
    return {
        "job": job,
        "badge": badge(job.state),
        "bar": progress_bar(job.progress),
        "expectation": "" if job.is_final else expectation(jobs.estimate(job)),
        "elapsed": seconds(elapsed_s(job)),
        "files": kept[:MAX_OUTPUTS],
        "file_count": len(kept),
        "is_unfinished": not job.is_final,
    }
