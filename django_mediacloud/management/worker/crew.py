"""The child processes of a worker: started, watched, started anew when they die, and stopped."""

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
"""One that lived for so long did not die of its own start."""

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
class Seat:
    """A place in the crew, and the process that sits in it; None between a death and the next start."""

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
class Crew:
    """``count`` processes, each started by the command that ``arguments_of`` makes from a worker's id."""

    count: int
    arguments_of: Callable[[str], Sequence[str]]
    _seats: list[Seat] = field(init=False)

    def __post_init__(self) -> None:
        self._seats = [Seat(number=number) for number in range(1, self.count + 1)]

    @property
    def pids(self) -> list[int]:
        return [seat.process.pid for seat in self._seats if seat.process]

    def start(self) -> None:
        """Fill the seats that are empty and whose time has come."""
        for seat in self._seats:
            if seat.process is None and time.monotonic() >= seat.start_at:
                self._start(seat)

    def _start(self, seat: Seat) -> None:
        seat.worker_id = f"mediacloud-{seat.number}-{get_random_string(16)}"
        command, environ = django_command(*self.arguments_of(seat.worker_id))
        # A session of its own: Ctrl-C at a terminal is for the parent, which then stops the others in good order.
        seat.process = subprocess.Popen(command, env=environ, stdin=subprocess.DEVNULL, start_new_session=True)
        seat.started_at = time.monotonic()

    def bury(self) -> list[Death]:
        """Those that have died since the last call. Their seats are free, at once or after a delay."""
        deaths = []
        for seat in self._seats:
            if seat.process is None or (exit_code := seat.process.poll()) is None:
                continue
            deaths.append(Death(pid=seat.process.pid, worker_id=seat.worker_id, exit_code=exit_code))
            _kill_group(seat.process.pid)
            seat.process = None
            is_quick = time.monotonic() - seat.started_at < STEADY_S
            seat.quick_deaths = seat.quick_deaths + 1 if is_quick else 0
            delay_s = RESTART_DELAYS_S[min(seat.quick_deaths, len(RESTART_DELAYS_S) - 1)]
            seat.start_at = time.monotonic() + delay_s
        return deaths

    def ask_to_stop(self, number: signal.Signals) -> None:
        """``FINISH`` or ``GIVE_BACK``. Who is not there any more is not asked."""
        for seat in self._seats:
            if seat.process and seat.process.poll() is None:
                seat.process.send_signal(number)

    def is_gone(self) -> bool:
        return all(seat.process is None or seat.process.poll() is not None for seat in self._seats)

    def kill(self) -> None:
        """End what is left, with everything that it started in its own group."""
        for seat in self._seats:
            if seat.process:
                if seat.process.poll() is None:
                    logger.warning("Worker process %s did not stop and is killed.", seat.process.pid)
                    seat.process.kill()
                    seat.process.wait()
                _kill_group(seat.process.pid)


def _kill_group(pid: int) -> None:
    """What a dead process left behind in the session that was its own."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
