"""Ingests the source of a video: fetches it if it has a URL, stores it, probes it. Then its encodings may run."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from .. import signals
from ..clouds.base import Cloud, Work
from ..clouds.registry import cloud_aliases, get_cloud
from ..conf import config
from ..core.failure import Failure
from ..core.media import MediaInfo
from ..core.states import SourceState, State
from ..exceptions import MediaCloudError, WorkStopped
from ..models import Job, Video
from ..transport.fetch import Fetched, fetch
from .deadlocks import again_after_deadlock
from .ending import database_away, fault, retry_delay_s
from .lease import Lease, take_video
from .outputs import delete_file, json_safe, safe_name, save_file, storage_of
from .sources import StoredInput, fetch_rules
from .state import NO_FAILURE, NO_LEASE, failure_fields, move
from .workdir import open_workdir

logger = logging.getLogger(__name__)

PROBE = "media.info"
SOURCE_FAILED = "source_failed"
"""The failure code of an encoding whose source did not come."""


def source_path(video: Video, filename: str) -> str:
    """Where the source of ``video`` is kept in its storage."""
    return f"{config().prefix}/{video.public_id.hex}/source/{safe_name(Path(filename).name)}"


def ingest(video_pk: int) -> list[Job]:
    """Fetch, store and probe the source of a video, if that is due and no other worker does; return the jobs that may
    run now.

    Errors of the source do not raise: the video fails, and so do the encodings that wait for it.
    """
    video = Video.objects.filter(pk=video_pk, state=SourceState.WAITING).first()
    lease = take_video(video) if video else None
    if video is None or lease is None:
        return []
    try:
        with open_workdir() as folder:
            facts = _bring(video, lease, folder)
        return _finish(video, lease, facts)
    except WorkStopped:
        return []
    except MediaCloudError as error:
        _fail(video, lease, Failure.of(error))
    except (OperationalError, InterfaceError) as error:
        logger.warning("Video %s lost its database: %s", video.public_id, error)
        _fail(video, lease, database_away(error))
    except Exception as error:
        # A fault of ours: see jobs.run.
        logger.exception("Video %s could not be taken in by a fault in the program.", video.public_id)
        _fail(video, lease, fault(error))
    except BaseException:
        lease.rows().update(state=SourceState.WAITING, **NO_LEASE, woken_at=None)
        raise
    return []


def _bring(video: Video, lease: Lease, workdir: Path) -> dict[str, Any]:
    """The columns that are known afterwards."""
    facts: dict[str, Any] = {}
    if video.size_bytes is None:
        local = workdir / "source"
        fetched = fetch(
            video.source_url,
            local,
            rules=fetch_rules(config()),
            on_chunk=lambda _done, _total: lease.beat(),
        )
        facts = _store(video, lease, local, fetched)
    return facts | _probe(video, lease, workdir)


def _store(video: Video, lease: Lease, local: Path, fetched: Fetched) -> dict[str, Any]:
    filename = video.original_filename or fetched.filename or "source"
    # What a lost worker of this source left, if it did.
    delete_file(video.storage, video.path)
    # The row knows the path before the file exists, and no size until it is whole.
    video.path = source_path(video, filename)
    if not lease.rows().update(path=video.path):
        raise WorkStopped("The video was removed or given to another worker.")
    video.original_filename = filename[:300]
    path, size_bytes = save_file(storage_of(video.storage), video.path, local, lease)
    video.path = path
    facts = {
        "path": path,
        "original_filename": video.original_filename,
        "size_bytes": size_bytes,
        "content_type": fetched.content_type[:100],
    }
    if not lease.rows().update(**facts):
        delete_file(video.storage, path)
        raise WorkStopped("The video was removed or given to another worker.")
    return facts


def _probe(video: Video, lease: Lease, workdir: Path) -> dict[str, Any]:
    cloud = _prober(video)
    if cloud is None:
        return {}
    source = StoredInput(file=video.stored_file, target=workdir / "copy", beat=lease.beat)
    work = Work(
        token=f"{video.public_id.hex}-{video.attempt}",
        operation=PROBE,
        parameters={},
        inputs={"url": [source]},
        workdir=workdir,
        beat=lease.beat,
    )
    info = MediaInfo.from_dict(dict(cloud.submit(work).values))
    width, height = info.display_size or (None, None)
    return {
        "facts": json_safe(info.as_dict()),
        "content_type": info.content_type,
        "duration_s": info.duration_s,
        "width": width,
        "height": height,
    }


def _prober(video: Video) -> Cloud | None:
    """A cloud on this machine that can probe; None where a site has remote clouds only."""
    preferred = [video.factory.cloud] if video.factory else []
    for alias in [*preferred, *cloud_aliases()]:
        cloud = get_cloud(alias)
        if not cloud.capabilities.is_remote and PROBE in cloud.capabilities.operations:
            return cloud
    return None


@again_after_deadlock
def _finish(video: Video, lease: Lease, facts: dict[str, Any]) -> list[Job]:
    with transaction.atomic():
        if not lease.rows().update(
            **facts, **NO_LEASE, **NO_FAILURE, state=SourceState.READY, updated_at=timezone.now()
        ):
            return []
        video.refresh_from_db()
        transaction.on_commit(lambda: signals.video_ready.send_robust(Video, video=video), robust=True)
    return release_encodings(video)


def release_encodings(video: Video) -> list[Job]:
    """Queue the encodings that waited for a source that is now ready; the jobs that may run."""
    waiting = Job.objects.filter(encoding__video=video, state=State.NEW).order_by("-priority", "pk")
    return [job for job in waiting if move(job, State.QUEUED, queued_at=timezone.now(), message="the source is ready")]


def fail_encodings(video: Video) -> None:
    """End the encodings that waited for a source that will not come."""
    failure = Failure(
        code=SOURCE_FAILED,
        message=f"The source file failed: {video.failure_message}",
        advice=video.failure_advice,
    )
    for job in Job.objects.filter(encoding__video=video, state=State.NEW):
        move(job, State.FAILED, message=failure.message, **failure_fields(failure))


def _fail(video: Video, lease: Lease, failure: Failure) -> None:
    failures = video.failures + 1
    fields = {**NO_LEASE, **failure_fields(failure), "failures": failures, "updated_at": timezone.now()}
    if failure.is_retryable and failures < config().max_failures:
        run_after = timezone.now() + dt.timedelta(seconds=retry_delay_s(failures))
        lease.rows().update(state=SourceState.WAITING, run_after=run_after, woken_at=None, **fields)
    elif lease.rows().update(state=SourceState.FAILED, **fields):
        video.refresh_from_db()
        fail_encodings(video)
