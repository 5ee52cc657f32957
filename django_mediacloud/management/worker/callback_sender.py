"""Sends callbacks in a thread of its own, so that a slow receiver does not hold up the sweeper."""

from __future__ import annotations

import logging
import threading

from django.db import Error, close_old_connections, connection

from ...callbacks import deliver_due
from ..database import describe_trouble

logger = logging.getLogger(__name__)

ROUND_S = 1.0
PAUSE_S = 5.0
"""The pause after a round that failed."""


class CallbackSender:
    """A thread that sends the callbacks that are due, once a second, until ``stop``."""

    def __init__(self) -> None:
        self._is_over = threading.Event()
        # A daemon: a send that is under way at the end is cut off, and comes due again.
        self._thread = threading.Thread(target=self._run, name="mediacloud-callbacks", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        self._is_over.set()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while not self._is_over.wait(ROUND_S if self._round() else PAUSE_S):
                pass
        finally:
            connection.close()

    def _round(self) -> bool:
        try:
            close_old_connections()
            deliver_due(is_over=self._is_over.is_set)
        except Error as error:
            logger.warning("Callbacks wait: %s", describe_trouble(error))
            connection.close()
        except Exception:
            # The next round may well succeed, and no other thread would take up the work.
            logger.exception("Callbacks wait: a fault in the program.")
        else:
            return True
        return False
