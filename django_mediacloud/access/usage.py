"""What a key is used for, how much of it, and how much is too much."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from ..exceptions import InvalidParameters, LimitReached
from ..models import AccessKey, Job

MINUTE_S = 60
FULL_RETRY_S = 15
"""When to come again where it depends on work that has to end first."""


def count_use(key: AccessKey) -> None:
    AccessKey.objects.filter(pk=key.pk).update(use_count=F("use_count") + 1, last_used_at=timezone.now())


def count_refusal(key: AccessKey) -> None:
    """Somebody who knows the key asked for what it does not give: from a wrong page, after its end, over a limit."""
    AccessKey.objects.filter(pk=key.pk).update(refused_count=F("refused_count") + 1, last_refused_at=timezone.now())


@contextmanager
def within_limits(key: AccessKey, count: int) -> Iterator[None]:
    """A transaction in which ``count`` new jobs may be made with ``key``. ``LimitReached`` if not so many may be made
    now, ``InvalidParameters`` under ``tasks`` if they never may; then, as after any error inside, nothing is taken.

    Both limits are exact under any number of threads: the first query takes the minute's share and locks the key's row
    (or all of SQLite), so that the jobs of others are counted when they are there. The lock lasts as long as the
    transaction: do nothing slow in it.
    """
    most = min(key.max_unfinished, key.max_per_minute)
    if count > most:
        raise InvalidParameters({"tasks": [f"must be at most {most} for this key"]})
    try:
        with transaction.atomic():
            _take_of_minute(key, count)
            _check_unfinished(key, count)
            yield
    except LimitReached:
        # What is counted in the transaction goes with it.
        count_refusal(key)
        raise


def _take_of_minute(key: AccessKey, count: int) -> None:
    now = int(time.time())
    minute = now // MINUTE_S
    rows = AccessKey.objects.filter(pk=key.pk)
    # A new minute begins with a count of its own.
    rows.filter(minute__lt=minute).update(minute=minute, minute_count=0)
    if not rows.filter(minute_count__lte=key.max_per_minute - count).update(minute_count=F("minute_count") + count):
        raise LimitReached(
            f"This key may make {key.max_per_minute} tasks in a minute.",
            retry_after_s=MINUTE_S - now % MINUTE_S,
        )


def _check_unfinished(key: AccessKey, count: int) -> None:
    unfinished = Job.objects.filter(access_key=key).unfinished().count()
    if unfinished + count > key.max_unfinished:
        raise LimitReached(
            f"{unfinished} tasks of this key wait or run, and it may have {key.max_unfinished}.",
            retry_after_s=FULL_RETRY_S,
        )
