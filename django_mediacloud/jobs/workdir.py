"""Temporary folders of running jobs. The sweeper removes those of killed workers."""

from __future__ import annotations

import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..conf import config

PREFIX = "mediacloud-work-"
LOCK = ".lock"
YOUNG_S = 60.0
"""A folder that has just been made may not have its lock yet."""


@contextmanager
def open_workdir() -> Iterator[Path]:
    """An empty folder on the local disk, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=PREFIX, dir=config().work_dir, ignore_cleanup_errors=True) as name:
        folder = Path(name)
        # Unlike a process id, the lock means the same in every container that shares the folder, and ends with us.
        with (folder / LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder


def remove_abandoned() -> int:
    """Remove the folders that workers left behind when they were killed; how many there were."""
    removed = 0
    for folder in config().work_dir.glob(f"{PREFIX}*"):
        if _is_abandoned(folder):
            shutil.rmtree(folder, ignore_errors=True)
            removed += not folder.exists()
    return removed


def _is_abandoned(folder: Path) -> bool:
    try:
        if time.time() - folder.stat().st_mtime < YOUNG_S:
            return False
        with (folder / LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        # Gone just now, or killed before it had its lock.
        return folder.is_dir() and not (folder / LOCK).exists()
    except OSError:
        # Locked by its owner, or none of our business.
        return False
    return True
