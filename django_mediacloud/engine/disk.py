"""Errors of a full disk."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..exceptions import EngineError

FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def telling_full_disk() -> Iterator[None]:
    """A full disk in the body becomes an ``EngineError`` (``disk_full``), which is retryable."""
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        raise disk_full() from error


def disk_full(log: str = "") -> EngineError:
    return EngineError("The machine's disk is full.", code="disk_full", is_retryable=True, log=log)


class WholeFile:
    """A file for libraries that write to its number where it has one, and take half of what they wrote for all of it
    (Pillow, when the disk or a limit is full). This one has none."""

    def __init__(self, file: IO[bytes]) -> None:
        self.write = file.write
        self.flush = file.flush


@contextmanager
def open_whole(path: Path) -> Iterator[WholeFile]:
    """Write ``path``; if not all of it can be written, that is an error, as of ``telling_full_disk``."""
    with telling_full_disk(), path.open("wb") as file:
        yield WholeFile(file)
