"""Files that come with a request, streamed into a storage."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PurePath
from typing import Any

from django.core.files import File

from ..conf import config
from ..core.spec import JobSpec, StoredFile
from .admission import check_file, cleaned_parameters
from .outputs import delete_file, remove, safe_name, save, storage_of


def filename_of(file: File[Any]) -> str:
    """What its owner called it, without the folders that some browsers send along."""
    return PurePath((file.name or "").replace("\\", "/")).name[:300]


def store_uploads(spec: JobSpec, files: Mapping[str, File[Any]], storage: str) -> dict[str, StoredFile]:
    """The uploads by parameter, stored. Everything is checked before any of them is: a bad request leaves nothing."""
    if not files:
        return {}
    awaited = {name: StoredFile(storage=storage, path="awaited") for name in files}
    cleaned_parameters(replace(spec, inputs={**spec.inputs, **awaited}))
    for name, file in files.items():
        check_file(name, file)
    stored: dict[str, StoredFile] = {}
    try:
        for name, file in files.items():
            filename = filename_of(file)
            # A folder of its own: some storages overwrite what has the same name.
            path = f"{config().prefix}/uploads/{uuid.uuid4().hex}/{safe_name(filename)}"
            stored[name] = replace(store_upload(storage, path, file, filename), is_upload=True)
    except BaseException:
        delete_stored(stored.values())
        raise
    return stored


def store_upload(storage: str, path: str, file: File[Any], filename: str) -> StoredFile:
    """``file`` in ``storage``, at ``path``, whose folder is its own. ``StorageError`` if the storage does not take it:
    then nothing of it stays there, since no row leads to it."""
    target = storage_of(storage)
    try:
        saved = save(target, path, file)
    except BaseException:
        remove(target, path)
        raise
    return StoredFile(storage=storage, path=saved, filename=filename, size_bytes=file.size)


def delete_stored(files: Iterable[StoredFile]) -> None:
    for file in files:
        delete_file(file.storage, file.path)
