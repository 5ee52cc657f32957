"""Decides whose callback is sent next, so that an account whose receiver hangs does not hold up the others.

An account may hold as many of the threads that send as are free: alone it gets half of them, and whoever comes anew
finds one.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection

from django.db.models import F, Q, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from ..core.states import CallbackState
from ..models import Callback

AT_ONCE = 16
"""Threads that send."""
LOOK_S = 1.0
"""How often it is looked for new ones while some are sent."""
CHOICE = 64
"""So many are looked at together."""


class Turns:
    """Callbacks to send, each once: those that are due now, and those that are written while these are sent."""

    def __init__(self) -> None:
        self._began_at = timezone.now()
        self._choice: list[Callback] = []
        self._is_more = True
        self._look_at = 0.0

    def take(self, sending: Collection[Callback], claim: Callable[[Callback], bool]) -> list[Callback]:
        """Those that are to be sent beside ``sending``, for whom ``claim`` has said yes; none if nobody's turn is."""
        held = Counter(map(_account_of, sending))
        taken = self._take(held, claim)
        if not taken and held.total() < AT_ONCE and (self._is_more or time.monotonic() >= self._look_at):
            self._look()
            taken = self._take(held, claim)
        return taken

    def _take(self, held: Counter[object], claim: Callable[[Callback], bool]) -> list[Callback]:
        taken, left = [], []
        for callback in self._choice:
            account = _account_of(callback)
            if held[account] >= AT_ONCE - held.total():
                left.append(callback)
            elif claim(callback):
                held[account] += 1
                taken.append(callback)
        self._choice = left
        return taken

    def _look(self) -> None:
        turn = Window(
            RowNumber(),
            partition_by=[F("job__owner_id"), F("job__access_key_id")],
            order_by=[F("next_try_at").asc(), F("pk").asc()],
        )
        # What has been tried comes due again, but not in this round.
        due = Q(next_try_at__lte=self._began_at) | Q(tries=0, next_try_at__lte=timezone.now())
        rows = Callback.objects.filter(due, state=CallbackState.PENDING).select_related("job").annotate(turn=turn)
        self._choice = list(rows.order_by("turn", "next_try_at", "pk")[:CHOICE])
        self._is_more = len(self._choice) == CHOICE
        self._look_at = time.monotonic() + LOOK_S


def _account_of(callback: Callback) -> object:
    return callback.job.owner_id, callback.job.access_key_id
