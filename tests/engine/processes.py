"""Processes as tests see them: one that has ended may not have been reaped yet, and any may be gone at any moment."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import psutil


def living(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Without those that have ended, whether or not somebody has taken notice."""
    found = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def is_gone(pid: int) -> bool:
    try:
        return not living([psutil.Process(pid)])
    except psutil.NoSuchProcess:
        return True


def fork_servers() -> list[psutil.Process]:
    """Of the engine in this process, which may have other children, of other tests."""
    return [process for process in living(psutil.Process().children()) if is_of_engine(process)]


def is_of_engine(process: psutil.Process) -> bool:
    """Whether it is a fork server, or a child that one has forked."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return "django_mediacloud.engine.forkserver" in process.cmdline()
    return False


def is_ffmpeg(process: psutil.Process) -> bool:
    """Not yet in the moment between its fork and its start, when it still has its parent's name."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.name().startswith("ffmpeg") and process.status() != psutil.STATUS_ZOMBIE
    return False


def wait_until(fact: Callable[[], object], seconds: float = 240) -> None:
    deadline = time.monotonic() + seconds
    while not fact():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)
