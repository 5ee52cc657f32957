"""The child processes of a worker: started, restarted when they die, and stopped."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.utils.crypto import get_random_string

logger = logging.getLogger(__name__)

STEADY_S = 20.0
"""A process that lived for this long did not die at its start."""

RESTART_DELAYS_S = (0.0, 1.0, 2.0, 5.0, 10.0, 30.0)
"""The wait before a start, after so many deaths in a row, none of which lived for ``STEADY_S``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Death:
    """A process that ended although nobody had asked it to."""

    pid: int
    worker_id: str
    exit_code: int
    """Negative: the signal that killed it."""

    def __str__(self) -> str:
        if self.exit_code >= 0:
            return f"ended with exit code {self.exit_code}"
        with contextlib.suppress(ValueError):
            return f"was killed by {signal.Signals(-self.exit_code).name}"
        return f"was killed by signal {-self.exit_code}"


@dataclass(slots=True, kw_only=True)
class Slot:
    """A place in the pool. ``process`` is None between a death and the next start."""

    number: int
    process: subprocess.Popen[bytes] | None = None
    worker_id: str = ""
    started_at: float = 0.0
    quick_deaths: int = 0
    start_at: float = 0.0


def django_command(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """A management command of this very site as an argument list and its environment, however we were started."""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    if settings.SETTINGS_MODULE:
        environ["DJANGO_SETTINGS_MODULE"] = settings.SETTINGS_MODULE
    return [sys.executable, "-m", "django", *arguments], environ


@dataclass(slots=True, kw_only=True)
class ProcessPool:
    """``count`` processes, each started by the command that ``arguments_of`` makes from a worker's id."""

    count: int
    arguments_of: Callable[[str], Sequence[str]]
    _slots: list[Slot] = field(init=False)

    def __post_init__(self) -> None:
        self._slots = [Slot(number=number) for number in range(1, self.count + 1)]

    @property
    def pids(self) -> list[int]:
        return [slot.process.pid for slot in self._slots if slot.process]

    def start(self) -> None:
        """Start a process in each empty slot whose restart delay is over."""
        for slot in self._slots:
            if slot.process is None and time.monotonic() >= slot.start_at:
                self._start(slot)

    def _start(self, slot: Slot) -> None:
        slot.worker_id = f"mediacloud-{slot.number}-{get_random_string(16)}"
        command, environ = django_command(*self.arguments_of(slot.worker_id))
        # A session of its own: Ctrl-C at a terminal is for the parent, which then stops the others in good order.
        slot.process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, start_new_session=True)
        slot.started_at = time.monotonic()

    def reap(self) -> list[Death]:
        """The processes that have died since the last call. Each is replaced by ``start``, at once or after a delay."""
        deaths = []
        for slot in self._slots:
            if slot.process is None or (exit_code := slot.process.poll()) is None:
                continue
            deaths.append(Death(pid=slot.process.pid, worker_id=slot.worker_id, exit_code=exit_code))
            _kill_group(slot.process.pid)
            slot.process = None
            is_quick = time.monotonic() - slot.started_at < STEADY_S
            slot.quick_deaths = slot.quick_deaths + 1 if is_quick else 0
            delay_s = RESTART_DELAYS_S[min(slot.quick_deaths, len(RESTART_DELAYS_S) - 1)]
            slot.start_at = time.monotonic() + delay_s
        return deaths

    def ask_to_stop(self, number: signal.Signals) -> None:
        """Send the signal ``FINISH`` or ``GIVE_BACK`` to every process that still runs."""
        for slot in self._slots:
            if slot.process and slot.process.poll() is None:
                slot.process.send_signal(number)

    def is_gone(self) -> bool:
        return all(slot.process is None or slot.process.poll() is not None for slot in self._slots)

    def kill(self) -> None:
        """Kill every process that is left, and the process group of each."""
        for slot in self._slots:
            if slot.process:
                if slot.process.poll() is None:
                    logger.warning("Worker process %s did not stop and is killed.", slot.process.pid)
                    slot.process.kill()
                    slot.process.wait()
                _kill_group(slot.process.pid)


def _kill_group(pid: int) -> None:
    """Kill what a dead process left behind in its own session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
