"""Checks that everything jobs need works, by using each part once; leaves nothing behind."""

from __future__ import annotations

import importlib
import importlib.metadata
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from django.core.files.base import ContentFile
from django.db import Error, connection
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from ..clouds.registry import cloud_aliases, get_cloud
from ..conf import config, problems
from ..engine import ffmpeg_program
from ..exceptions import ConfigurationError, EngineUnavailable, MediaCloudError, StorageError
from ..jobs.outputs import storage_of
from ..models import Factory, Job
from .database import check_migrations, describe_trouble
from .worker.queue import backend_name, task_queue

_LIBRARIES = {"av": "av", "PIL": "Pillow", "numpy": "numpy", "imageio_ffmpeg": "imageio-ffmpeg"}
"""What the engine imports, and what it is called where it is installed from."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    subject: str
    """``settings``, ``database``, ``queue``, ``work folder``, ``engine``, ``storage`` or ``cloud``."""
    name: str
    is_ok: bool
    message: str


def check_all() -> Iterator[Finding]:
    """One finding for each part, as it is checked; the settings alone, if they are wrong."""
    if found := problems():
        yield Finding(subject="settings", name="MEDIACLOUD", is_ok=False, message=" ".join(found))
        return
    yield _find("database", "default", _check_database)
    yield _find("queue", config().queue, _check_queue)
    yield _find("work folder", "", check_work_folder)
    if _has_local_cloud():
        yield _find("engine", "", _check_engine)
    for alias in _storage_aliases():
        yield _find("storage", alias, partial(_check_storage, alias))
    for alias in cloud_aliases():
        yield _find("cloud", alias, partial(_check_cloud, alias))


def _find(subject: str, name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(subject=subject, name=name, is_ok=True, message=check())
    except MediaCloudError as error:
        message = error.full_message
    except Error as error:
        message = describe_trouble(error)
    except Exception as error:  # noqa: BLE001 - a storage's library has errors of its own, and the rest is to be checked
        message = f"{type(error).__name__}: {error}".splitlines()[0]
    return Finding(subject=subject, name=name, is_ok=False, message=message)


def _check_database() -> str:
    check_migrations()
    # Of no row: a user who may only read is refused all the same.
    Job.objects.filter(pk=0).update(priority=0)
    version = ".".join(str(part) for part in connection.get_database_version())
    return f"{connection.display_name} {version}, {Job.objects.count()} jobs"


def _check_queue() -> str:
    due = Job.objects.ready(timezone.now()).count()
    tasks = task_queue()
    words = f"{backend_name()}, {due} jobs due"
    return words if tasks is None else f"{words}, {tasks.count_waiting()} wake-ups waiting"


def check_work_folder() -> str:
    """How much room is left for work in progress. ``ConfigurationError`` if nothing can be written there."""
    folder = config().work_dir
    probe = folder / f"mediacloud-check-{uuid.uuid4().hex}"
    try:
        probe.write_bytes(b"check")
        probe.unlink()
    except OSError as error:
        raise ConfigurationError(
            f"Nothing can be written to the folder for work in progress, {folder}: {error.strerror}.",
            advice='Make it, let the worker\'s user write to it, or name another as MEDIACLOUD["WORK_DIR"].',
        ) from error
    return f"{filesizeformat(shutil.disk_usage(folder).free)} free".replace("\xa0", " ")


def _has_local_cloud() -> bool:
    for alias in cloud_aliases():
        try:
            if not get_cloud(alias).capabilities.is_remote:
                return True
        except MediaCloudError:
            # It gets a line of its own.
            continue
    return False


def _check_engine() -> str:
    versions = [f"ffmpeg {ffmpeg_program.ffmpeg_version()}"]
    for module, distribution in _LIBRARIES.items():
        try:
            importlib.import_module(module)
        except ImportError as error:
            raise EngineUnavailable(f"{distribution} cannot be imported: {error}.") from error
        versions.append(f"{distribution} {importlib.metadata.version(distribution)}")
    return ", ".join(versions)


def _check_cloud(alias: str) -> str:
    return get_cloud(alias).check()


def _storage_aliases() -> list[str]:
    """The storages that files of jobs go to."""
    used = {config().storage}
    try:
        used |= set(Factory.objects.values_list("storage", flat=True))
    except Error:
        # The database has its own line.
        connection.close()
    return sorted(used)


def _check_storage(alias: str) -> str:
    """Written, read and deleted: a storage that only takes is of no use."""
    storage = storage_of(alias)
    content = uuid.uuid4().hex.encode()
    path = storage.save(f"{config().prefix}/check-{uuid.uuid4().hex}.txt", ContentFile(content))
    try:
        with storage.open(path, "rb") as file:
            came = file.read()
    finally:
        storage.delete(path)
    if came != content:
        raise StorageError("It gives back something else than it was given.")
    return f"{type(storage).__name__}: written, read and deleted"
