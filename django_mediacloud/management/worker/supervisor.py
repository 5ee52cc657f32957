"""The parent of the worker's processes, and the sweeper."""

from __future__ import annotations

import logging
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import Error, close_old_connections, connection

from ...jobs.lease import expire_leases_of, process_name
from ...jobs.sweep import sweep
from ..database import describe_trouble
from .callback_sender import CallbackSender
from .pool import Death, ProcessPool
from .queue import TaskQueue
from .signals import FINISH, GIVE_BACK, Mailbox, open_mailbox

logger = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
TICK_S = 0.5
SWEEP_S = 2.0
PAUSE_S = 5.0
"""Until the next sweep after one that failed."""

PRUNE_S = 3600.0
HAND_BACK_S = 10.0
"""How long a process may take to give its job back before it is killed."""


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """Runs until SIGTERM or SIGINT. ``tasks`` is None where the queue is not ours to tend."""

    pool: ProcessPool
    tasks: TaskQueue | None
    grace_s: float
    is_sweeping: bool
    on_ready: Callable[[], None]
    _dead: list[Death] = field(default_factory=list)
    _sweep_at: float = 0.0
    _prune_at: float = 0.0

    def run(self) -> None:
        sender = CallbackSender()
        with open_mailbox(*STOP_SIGNALS, signal.SIGCHLD) as mailbox:
            try:
                self.pool.start()
                if self.is_sweeping:
                    sender.start()
                self._tend()
                self.on_ready()
                while not _is_told_to_stop(mailbox.wait(TICK_S)):
                    self._reap()
                    self.pool.start()
                    self._tend()
                self._stop(mailbox)
            finally:
                # Whatever happened, no process is left behind.
                self.pool.kill()
                if self.is_sweeping:
                    sender.stop(timeout_s=2.0)
                connection.close()

    def _reap(self) -> None:
        for death in self.pool.reap():
            logger.warning("Worker process %s %s. Its job is taken back.", death.pid, death)
            self._dead.append(death)
            self._sweep_at = 0.0

    def _tend(self) -> None:
        """Sweep and clean up, if it is time. If the database does not answer, all of it is repeated later."""
        if time.monotonic() < self._sweep_at:
            return
        self._sweep_at = time.monotonic() + SWEEP_S
        try:
            close_old_connections()
            self._release_dead()
            if self.is_sweeping:
                sweep()
            self._prune()
        except Error as error:
            logger.warning("The sweeper waits: %s", describe_trouble(error))
            connection.close()
            self._sweep_at = time.monotonic() + PAUSE_S
        except Exception:
            # The processes must be watched on, whatever one sweep stumbles over.
            logger.exception("The sweeper waits: a fault in the program.")
            self._sweep_at = time.monotonic() + PAUSE_S

    def _release_dead(self) -> None:
        while self._dead:
            death = self._dead[0]
            expire_leases_of(process_name(death.pid))
            if self.tasks is not None:
                self.tasks.end_rows_of(death.worker_id, f"The worker process {death}.")
            self._dead.pop(0)

    def _prune(self) -> None:
        if self.tasks is None or time.monotonic() < self._prune_at:
            return
        self._prune_at = time.monotonic() + PRUNE_S
        self.tasks.prune()

    def _stop(self, mailbox: Mailbox) -> None:
        """Let the processes finish; after the grace period let them give back their jobs; then kill them."""
        for number, patience_s in ((FINISH, self.grace_s), (GIVE_BACK, HAND_BACK_S)):
            self.pool.ask_to_stop(number)
            if self._is_gone_within(patience_s, mailbox):
                break
        self.pool.kill()
        self._dead += self.pool.reap()
        self._sweep_at = 0.0
        self._tend()

    def _is_gone_within(self, patience_s: float, mailbox: Mailbox) -> bool:
        """Whether all processes end in time. A second signal to stop ends the wait."""
        deadline = time.monotonic() + patience_s
        while not self.pool.is_gone():
            left_s = deadline - time.monotonic()
            is_hurried = _is_told_to_stop(mailbox.wait(min(TICK_S, left_s)))
            if is_hurried or time.monotonic() >= deadline:
                return self.pool.is_gone()
        return True


def _is_told_to_stop(came: list[int]) -> bool:
    return any(number in STOP_SIGNALS for number in came)
