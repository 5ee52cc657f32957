"""What runs in each of the worker's child processes: a ``db_worker`` that does not outlive its parent."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from types import FrameType

from django.core.management import call_command

from .signals import FINISH, GIVE_BACK

LOOK_S = 1.0
GIVE_UP_S = 10.0
"""After this long without a parent, the job in hand is given back too."""
QUERY_S = 0.05
"""From one look to the next at whether a query is over that must not be torn apart."""
_GIVING_BACK = (GIVE_BACK, signal.SIGALRM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """What a child is to do. ``parent_pid`` is the process that started it."""

    parent_pid: int
    worker_id: str
    backend: str
    queue: str
    interval_s: float
    verbosity: int


def run_child(duty: Duty) -> None:
    """Do the tasks of the queue, one at a time, until told to stop, or until the parent is gone."""
    for number in _GIVING_BACK:
        signal.signal(number, _give_back)
    threading.Thread(target=_leave_with_parent, args=(duty.parent_pid,), daemon=True).start()
    call_command(
        "db_worker",
        *("--queue-name", duty.queue),
        *("--backend", duty.backend),
        *("--interval", str(duty.interval_s)),
        *("--worker-id", duty.worker_id),
        # Reloading would put another process between us and the one that works.
        "--no-reload",
        "--no-startup-delay",
        verbosity=duty.verbosity,
    )


def _give_back(_number: int, frame: FrameType | None) -> None:
    """Leave the job where it is: what attends to it hands it back on the way out, and must not be disturbed in that."""
    if _is_in_query(frame):
        # Some drivers throw away the connection of a query that is broken off, and the handing back needs one.
        signal.setitimer(signal.ITIMER_REAL, QUERY_S)
        return
    for number in _GIVING_BACK:
        signal.signal(number, signal.SIG_IGN)
    sys.exit(1)


def _is_in_query(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_globals.get("__name__", "").startswith("django.db."):
            return True
        frame = frame.f_back
    return False


def _leave_with_parent(parent_pid: int) -> None:
    """A parent that was killed cannot say so; its children would work on for ever, swept by nobody."""
    # A signal that this thread took would not break off what the main thread waits for, and so not be heard by it.
    signal.pthread_sigmask(signal.SIG_BLOCK, (FINISH, *_GIVING_BACK))
    while os.getppid() == parent_pid:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), FINISH)
    time.sleep(GIVE_UP_S)
    os.kill(os.getpid(), GIVE_BACK)
