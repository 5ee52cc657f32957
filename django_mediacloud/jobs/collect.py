"""From finished work to files in the site's storage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..conf import config
from ..core.spec import ProducedFile
from ..exceptions import WorkStopped
from ..models import Job, Output
from ..transport.fetch import fetch
from .ending import succeed
from .lease import Lease
from .outputs import delete_file, discard_outputs, prepare_outputs, save_file, storage_of
from .sources import fetch_rules


def collect(job: Job, files: Sequence[ProducedFile], workdir: Path, lease: Lease) -> bool:
    """Store ``files`` and end the job as SUCCEEDED; False if it was no longer this worker's to end.

    Streamed throughout. Whatever goes wrong, no file is left without a row that leads to it.
    """
    # Of a worker that stopped in the middle of the same attempt.
    discard_outputs(Output.objects.filter(job=job, attempt=job.attempt))
    for output, file in prepare_outputs(job, files):
        local = file.path or _bring(file, workdir / f"collect-{output.pk}", lease)
        path, size_bytes = save_file(storage_of(output.storage), output.path, local, lease)
        if not Output.objects.filter(pk=output.pk).update(path=path, size_bytes=size_bytes):
            # We were slow, and the sweeper has taken the job from us.
            delete_file(output.storage, path)
            raise WorkStopped("The work was given to another worker.")
        lease.beat()
    if succeed(job, held_by=lease.owner):
        return True
    discard_outputs(Output.objects.filter(job=job, attempt=job.attempt))
    return False


def _bring(file: ProducedFile, target: Path, lease: Lease) -> Path:
    fetch(file.url, target, rules=fetch_rules(config()), on_chunk=lambda _done, _total: lease.beat())
    return target
