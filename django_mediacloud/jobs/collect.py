"""Stores the files of finished work, or delivers them to another platform."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from ..clouds.registry import get_operation
from ..conf import config
from ..core.media import extension_of
from ..core.spec import ProducedFile
from ..exceptions import WorkStopped
from ..models import Job, Output
from ..transport.fetch import fetch
from .deliver import check_count, deliver, tell_delivered
from .ending import succeed
from .lease import Lease
from .outputs import delete_file, discard_outputs, prepare_outputs, save_file, storage_of, stored_outputs
from .sources import fetch_rules


def collect(job: Job, files: Sequence[ProducedFile], workdir: Path, lease: Lease) -> bool:
    """Store ``files``, or deliver them, and end the job as SUCCEEDED; False if it was no longer this worker's to end.

    Streamed throughout. Whatever goes wrong, no file is left without a row that leads to it.
    """
    # Of a worker that stopped in the middle of the same attempt.
    discard_outputs(stored_outputs(job=job, attempt=job.attempt))
    destination = job.destination.get("name") or get_operation(job.cloud, job.operation).delivery
    if destination:
        check_count(destination, len(files))
    done = _take_over_delivered(job, lease) if destination else set()
    for output, file in prepare_outputs(job, files, done=done, is_stored=not destination):
        local = file.path or _bring(output, file.url, workdir / f"collect-{output.pk}", lease)
        if destination:
            deliver(job, destination, output, local, lease)
        else:
            _store(output, local, lease)
        lease.beat()
    if succeed(job, held_by=lease.owner):
        return True
    discard_outputs(stored_outputs(job=job, attempt=job.attempt))
    return False


def _take_over_delivered(job: Job, lease: Lease) -> set[str]:
    """The names of what any attempt has delivered already: that is not delivered a second time, but told again."""
    delivered = Output.objects.filter(job=job).exclude(url="").order_by("attempt")
    # Two workers may have delivered the same: the newer one counts.
    rows = {output.name: output for output in delivered}
    Output.objects.filter(pk__in=[output.pk for output in rows.values()]).update(attempt=job.attempt)
    for output in rows.values():
        tell_delivered(job, output, lease)
    return set(rows)


def _store(output: Output, local: Path, lease: Lease) -> None:
    path, size_bytes = save_file(storage_of(output.storage), output.path, local, lease)
    if not Output.objects.filter(pk=output.pk).update(path=path, size_bytes=size_bytes):
        # We were slow, and the sweeper has taken the job from us.
        delete_file(output.storage, path)
        raise WorkStopped("The work was given to another worker.")


def _bring(output: Output, url: str, target: Path, lease: Lease) -> Path:
    """The file behind ``url``, here. What its cloud did not know of it, its server may say."""
    came = fetch(url, target, rules=fetch_rules(config()), on_chunk=lambda _done, _total: lease.beat())
    if came.content_type and not output.content_type:
        output.content_type = came.content_type[:100]
        # What is delivered keeps its name: by it the next attempt knows what is done.
        if output.path and not PurePosixPath(output.name).suffix:
            extension = extension_of(came.content_type)
            output.name, output.path = output.name + extension, output.path + extension
        output.save(update_fields=["content_type", "name", "path"])
    return target
