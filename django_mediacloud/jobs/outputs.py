"""Produced files: their rows, and their bytes in the site's storage."""

from __future__ import annotations

import datetime as dt
import logging
import math
import re
from collections.abc import Container, Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from django.core.files import File
from django.core.files.storage import Storage, storages
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from ..conf import config
from ..core.parameters import MAX_DEPTH
from ..core.spec import Kind, ProducedFile
from ..core.states import FINAL
from ..exceptions import StorageError
from ..models import Factory, Job, Output
from ..transport.naming import media_type
from .lease import Lease

logger = logging.getLogger(__name__)

BATCH = 500
MAX_PARTS = 4
MAX_PART_CHARS = 60
"""Of a name from outside; together they fit the column, with the number before a name that is there twice."""
_HALF = re.compile("[\ud800-\udfff]")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


class MovableFile(File):  # type: ignore[type-arg]  # not subscriptable at run time
    """A finished file on the local disk. Django's file system storage moves it instead of copying."""

    def __init__(self, path: Path) -> None:
        self._path = path
        super().__init__(path.open("rb"), name=path.name)

    def temporary_file_path(self) -> str:
        return str(self._path)


def safe_name(name: str) -> str:
    """``name`` as a relative path that cannot lead out of its folder; it may keep ``/`` between its parts."""
    parts = [_UNSAFE.sub("_", part).lstrip(".") for part in PurePosixPath(name.replace("\\", "/")).parts]
    kept = [_cut_part(part) for part in parts if part.strip("_")]
    return "/".join(kept[-MAX_PARTS:]) or "file"


def _cut_part(part: str) -> str:
    """Not longer than a part may be, with its ending."""
    if len(part) <= MAX_PART_CHARS:
        return part
    suffix = PurePosixPath(part).suffix
    suffix = suffix if len(suffix) <= 10 else ""
    return part[: MAX_PART_CHARS - len(suffix)] + suffix


def storage_of(alias: str) -> Storage:
    try:
        return storages[alias]
    except Exception as error:
        raise StorageError(f"The storage {alias!r} cannot be used: {type(error).__name__}.") from error


def storage_alias_of(job: Job) -> str:
    """Where a job's files go: its factory's storage, else the site's."""
    factory: Factory | None = None
    if job.kind == Kind.ENCODING:
        factory = job.encoding.video.factory
    elif job.kind == Kind.PROCESS:
        factory = job.process.factory
    return factory.storage if factory else config().storage


def folder_of(job: Job) -> str:
    """Of one attempt: two attempts never share a file name."""
    return f"{config().prefix}/{job.public_id.hex}/{job.attempt}"


def save_file(storage: Storage, path: str, local: Path, lease: Lease) -> tuple[str, int]:
    """Bring ``local`` into ``storage``; the path it really got, and its size in bytes."""
    size_bytes = local.stat().st_size
    saved = ""
    try:
        with lease.kept_alive(), MovableFile(local) as content:
            saved = save(storage, path, content)
    except BaseException:
        if saved:
            remove(storage, saved)
        raise
    return saved, size_bytes


def save(storage: Storage, path: str, content: File[Any]) -> str:
    """The path that ``storage`` gave to ``content``. ``StorageError`` for whatever its library raises."""
    try:
        return str(storage.save(path, content))
    except Exception as error:
        raise StorageError(f"The storage did not take the file: {reason_of(error)}.") from error


def reason_of(error: Exception) -> str:
    """What may be told of an error of a storage's library: its message may hold addresses and keys."""
    return getattr(error, "strerror", None) or type(error).__name__


def remove(storage: Storage, path: str) -> bool:
    """Delete a file; False, and a line in the log, if the storage refused."""
    try:
        storage.delete(path)
    except Exception as error:  # noqa: BLE001
        # As in ``save``. Who needs to know is told by the answer.
        logger.error("A storage did not delete %s: %s.", path, reason_of(error))
        return False
    return True


def prepare_outputs(
    job: Job, files: Iterable[ProducedFile], *, done: Container[str] = (), is_stored: bool = True
) -> list[tuple[Output, ProducedFile]]:
    """A row for each file that is not ``done``, before any of them is written. Without ``is_stored`` they go elsewhere
    than into a storage."""
    storage, folder = (storage_alias_of(job), folder_of(job)) if is_stored else ("", "")
    pairs = []
    taken: set[str] = set()
    for number, file in enumerate(files):
        name = safe_name(file.name)
        if name.lower() in taken:
            # Two names from outside became one.
            name = f"{number}-{name.replace('/', '-')}"
        taken.add(name.lower())
        if name in done:
            continue
        output = Output(
            job=job,
            attempt=job.attempt,
            name=name,
            role=file.role,
            storage=storage,
            path=f"{folder}/{name}" if is_stored else "",
            content_type=media_type(file.content_type)[:100],
            info=json_safe(dict(file.info)),
        )
        pairs.append((output, file))
    Output.objects.bulk_create([output for output, _ in pairs])
    return pairs


def discard_outputs(outputs: QuerySet[Output]) -> int:
    """Delete files and then their rows; return how many. What the storage keeps stays listed, for the sweeper."""
    done = 0
    gone: list[int] = []
    kept: list[int] = []
    for output in outputs.iterator(chunk_size=BATCH):
        (gone if delete_file(output.storage, output.path) else kept).append(output.pk)
        if len(gone) + len(kept) >= BATCH:
            done += _forget(gone, kept)
            gone, kept = [], []
    return done + _forget(gone, kept)


def _forget(gone: list[int], kept: list[int]) -> int:
    if kept:
        again_at = timezone.now() + dt.timedelta(hours=1)
        Output.objects.filter(pk__in=kept).update(is_ready=False, expires_at=again_at)
    Output.objects.filter(pk__in=gone).delete()
    return len(gone)


def stored_outputs(**conditions: Any) -> QuerySet[Output]:
    """Files in a storage. Those that were delivered elsewhere are not among them: they cannot be taken back, and their
    rows keep them from being delivered again."""
    return Output.objects.filter(**conditions, url="")


def abandoned_outputs() -> QuerySet[Output]:
    """Files of attempts that ended without success."""
    now = timezone.now()
    is_over = Q(job__state__in=FINAL) | Q(attempt__lt=F("job__attempt"))
    return stored_outputs(is_ready=False).filter(is_over, Q(expires_at__isnull=True) | Q(expires_at__lte=now))


def expired_outputs() -> QuerySet[Output]:
    """Files whose time is over."""
    return Output.objects.filter(is_ready=True, expires_at__lte=timezone.now())


def delete_file(alias: str, path: str) -> bool:
    """Delete a file from a storage; True if it is gone, False (and a log line) if the storage refused."""
    try:
        return not path or remove(storage_of(alias), path)
    except StorageError:
        logger.exception("The storage %r is not in the settings.", alias)
        return False


def json_safe(value: Any, depth: int = 0) -> Any:
    """``value`` as JSON that every database takes: what a cloud reports may hold tuples, paths, halves of characters,
    or numbers that JSON has not. What is nested deeper than parameters may be is None."""
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, dict):
        return {_text(key): json_safe(item, depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_safe(item, depth + 1) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, int | float | bool):
        return value
    return _text(value)


def _text(value: Any) -> str:
    return _HALF.sub("\N{REPLACEMENT CHARACTER}", str(value).replace("\x00", ""))
