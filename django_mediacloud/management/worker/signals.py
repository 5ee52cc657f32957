"""Waiting for signals, and the signals that worker processes understand."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

FINISH = signal.SIGTERM
"""Asks a child process to finish the job in hand, to take no other, and to end."""

GIVE_BACK = signal.SIGUSR1
"""Asks it to give back the job in hand and to end. A kind of its own: ``db_worker`` counts the signals that it hears,
and two of those that it knows are one to it when they come at the same moment."""


class Mailbox:
    """Received signals, to be read one after the other: the handlers do nothing, so that none interrupts other work."""

    def __init__(self, read_end: int) -> None:
        self._read_end = read_end

    def wait(self, timeout_s: float) -> list[int]:
        """The signals since the last call; waits up to ``timeout_s`` for one. Empty if none came."""
        ready, _, _ = select.select([self._read_end], [], [], max(0.0, timeout_s))
        return list(os.read(self._read_end, 4096)) if ready else []


@contextmanager
def open_mailbox(*numbers: signal.Signals) -> Iterator[Mailbox]:
    """A mailbox for the signals ``numbers``, which do nothing else meanwhile. In the main thread only."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    # Python itself writes the number of each signal here, at the moment at which it arrives.
    wakeup_before = signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
    before = {number: signal.signal(number, _do_nothing) for number in numbers}
    try:
        yield Mailbox(read_end)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup_before)
        os.close(read_end)
        os.close(write_end)


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """A handler of our own, and not SIG_IGN, which children would inherit."""
