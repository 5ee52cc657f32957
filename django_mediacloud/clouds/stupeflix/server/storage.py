"""The persistent store of an account: what lies there, how long it stays, what is to go (documentation, "Storage API
methods"). Only ever the account's own files: those of tasks that its keys made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.db import transaction
from django.db.models import F, Q, QuerySet, Sum
from django.http import HttpResponseBase
from django.utils import timezone

from ....jobs.outputs import discard_outputs
from ....models import AccessKey, Output
from .. import wire
from .addresses import file_name, path_in
from .credentials import authenticate
from .door import answer, door
from .keys import KIND
from .requests import ApiRequest

T = TypeVar("T")
CHUNK = 500
DELETED_AT_ONCE = 1_000
"""While the client waits. What is more is gone for everybody as well, but leaves the storage with the next sweeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stored:
    """A file of the store."""

    pk: int
    directory: str
    name: str
    size_bytes: int
    created_at: dt.datetime

    @property
    def path(self) -> str:
        return self.directory + self.name


@door("GET", "DELETE")
def files(request: ApiRequest, path: str = "") -> HttpResponseBase:
    """List or delete the files below ``path``: everything, a task's directory (``<key>/``), or one file."""
    key = authenticate(request, needs_secret=True)
    if request.is_get:
        return answer(wire.render_listing(_list(key, path, is_recursive=request.flag("recursive"))))
    in_query = {name: request.query.getlist(name) if name == "urls" else request.query[name] for name in request.query}
    return answer(wire.render_deletion(_delete(key, path, wire.parse_selection(request.body, in_query))))


@door("GET", "POST")
def expiration(request: ApiRequest) -> HttpResponseBase:
    """The lifetime of the account's files in days, 0 for ever: told, or set. It counts for what is there already."""
    key = authenticate(request, needs_secret=True)
    if request.is_get:
        return answer(key.keep_days)
    try:
        days = wire.parse_days(request.body)
    except ValueError as error:
        raise wire.InvalidRequest([wire.RequestError("days", "body", f"days: {error}")]) from None
    expires_at = F("created_at") + dt.timedelta(days=days) if days else None
    with transaction.atomic():
        AccessKey.objects.of_account(key).update(keep_days=days, updated_at=timezone.now())
        stored_outputs(key).update(expires_at=expires_at)
    return answer(days)


def stored_outputs(key: AccessKey) -> QuerySet[Output]:
    """The files in the persistent store of the account that ``key`` belongs to."""
    keys = AccessKey.objects.of_account(key).values("pk")
    return Output.objects.filter(
        Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()),
        job__access_key__in=keys,
        job__access_key__service=KIND.service,
        job__keep_s__isnull=True,
        is_ready=True,
        url="",
    )


def _below(key: AccessKey, path: str) -> tuple[QuerySet[Output], str]:
    """The files in the directory that ``path`` begins with, and the file's name that it ends with, if it does."""
    outputs = stored_outputs(key).order_by("job_id", "pk")
    directory, _, name = path.strip("/").partition("/")
    if not directory:
        return outputs, ""
    try:
        return outputs.filter(job__public_id=wire.parse_key(directory)), name
    except ValueError:
        return outputs.none(), name


def _read(outputs: QuerySet[Output]) -> Iterator[_Stored]:
    # A job's own columns can be large: definitions of films, values of pages.
    columns = ("attempt", "name", "size_bytes", "created_at", "job__public_id", "job__operation")
    for output in outputs.select_related("job").only(*columns).iterator(chunk_size=2000):
        yield _Stored(
            pk=output.pk,
            directory=wire.directory_of(wire.render_key(output.job.public_id)),
            name=file_name(output),
            size_bytes=output.size_bytes,
            created_at=output.created_at,
        )


def _named(outputs: QuerySet[Output], name: str) -> Iterator[_Stored]:
    """All of them, or the one called ``name``."""
    return (file for file in _read(outputs) if not name or file.name == name)


def _list(key: AccessKey, path: str, *, is_recursive: bool) -> wire.Listing:
    outputs, name = _below(key, path)
    is_root = not path.strip("/")
    if is_root and not is_recursive:
        return wire.Listing(directories=_directories(outputs), usage_bytes=_usage(outputs))
    found = list(_named(outputs, name))
    return wire.Listing(
        files=tuple(
            wire.StorageFile(
                name=file.path if is_root else file.name, size_bytes=file.size_bytes, last_modified=file.created_at
            )
            for file in found
        ),
        directories=tuple(dict.fromkeys(file.directory for file in found)) if is_root else (),
        usage_bytes=sum(file.size_bytes for file in found),
    )


def _directories(outputs: QuerySet[Output]) -> tuple[str, ...]:
    ids = outputs.order_by("job_id").values_list("job__public_id", flat=True).distinct()
    return tuple(wire.directory_of(wire.render_key(public_id)) for public_id in ids.iterator(chunk_size=2000))


def _usage(outputs: QuerySet[Output]) -> int:
    return outputs.aggregate(total=Sum("size_bytes"))["total"] or 0


def _delete(key: AccessKey, path: str, selection: wire.Selection) -> wire.Deletion:
    found = list(_selected(key, path, selection))
    if not selection.is_dry_run:
        at_once, later = found[:DELETED_AT_ONCE], found[DELETED_AT_ONCE:]
        for pks in _chunks(file.pk for file in later):
            Output.objects.filter(pk__in=pks).update(expires_at=timezone.now())
        left: set[int] = set()
        for pks in _chunks(file.pk for file in at_once):
            discard_outputs(Output.objects.filter(pk__in=pks))
            # What its storage would not let go is still there, and is not told as deleted.
            left.update(Output.objects.filter(pk__in=pks).values_list("pk", flat=True))
        found = [file for file in found if file.pk not in left]
    return wire.Deletion(
        deleted=tuple(file.path for file in found),
        freed_bytes=sum(file.size_bytes for file in found),
        usage_bytes=_usage(stored_outputs(key)),
    )


def _selected(key: AccessKey, path: str, selection: wire.Selection) -> Iterator[_Stored]:
    if selection.urls is not None:
        return _addressed(key, selection.urls)
    outputs, name = _below(key, path)
    if selection.since is not None:
        outputs = outputs.filter(created_at__gte=selection.since)
    if selection.until is not None:
        outputs = outputs.filter(created_at__lte=selection.until)
    if selection.max_age_days is not None:
        outputs = outputs.filter(created_at__lt=timezone.now() - dt.timedelta(days=selection.max_age_days))
    return _named(outputs, name)


def _addressed(key: AccessKey, urls: Iterable[str]) -> Iterator[_Stored]:
    """The files at these addresses, each once; what is not the account's, or names no file, is passed over."""
    wanted = set(map(path_in, urls))
    ids = []
    for directory in {path.partition("/")[0] for path in wanted}:
        try:
            ids.append(wire.parse_key(directory))
        except ValueError:
            continue  # It is no key, so nothing is there.
    for some in _chunks(ids):
        outputs = stored_outputs(key).filter(job__public_id__in=some).order_by("job_id", "pk")
        yield from (file for file in _read(outputs) if file.path in wanted)


def _chunks(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while chunk := list(islice(rest, CHUNK)):
        yield chunk
