"""From finished work to files in the site's storage."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ..conf import config
from ..core.spec import ProducedFile
from ..models import Job, Output
from ..transport.fetch import fetch
from .ending import succeed
from .lease import Lease
from .outputs import discard_outputs, prepare_outputs, save_file, storage_of
from .sources import fetch_rules


def collect(job: Job, files: Sequence[ProducedFile], workdir: Path, lease: Lease) -> bool:
    """Store ``files`` and end the job as SUCCEEDED; False if it was no longer this worker's to end.

    Streamed throughout. Whatever goes wrong, no file is left without a row that leads to it.
    """
    for output, file in prepare_outputs(job, files):
        local = file.path or _bring(file, workdir / f"collect-{output.pk}", lease)
        output.path, output.size_bytes = save_file(storage_of(output.storage), output.path, local, lease)
        output.save(update_fields=["path", "size_bytes"])
        lease.beat()
    if succeed(job, held_by=lease.owner):
        return True
    discard_outputs(Output.objects.filter(job=job, attempt=job.attempt))
    return False


def _bring(file: ProducedFile, target: Path, lease: Lease) -> Path:
    fetch(file.url, target, rules=fetch_rules(config()), on_chunk=lambda _done, _total: lease.beat())
    return target
