"""Repeats transactions that the database ended because of a deadlock."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 6
FIRST_WAIT_S = 0.01
_SQLSTATES = frozenset({"40P01", "40001"})
"""PostgreSQL: deadlock detected, serialization failure."""
_MYSQL_DEADLOCK = 1213


def is_deadlock(error: OperationalError) -> bool:
    return getattr(error.__cause__, "sqlstate", None) in _SQLSTATES or error.args[:1] == (_MYSQL_DEADLOCK,)


def again_after_deadlock(function: Callable[P, R]) -> Callable[P, R]:
    """Repeat ``function``, which makes its own transaction, when the database ended it because of a deadlock.

    Inside a transaction of the caller's nothing can be repeated: there the error goes on to the caller.
    """

    @functools.wraps(function)
    def repeated(*args: P.args, **kwargs: P.kwargs) -> R:
        for number in range(TRIES - 1):
            try:
                return function(*args, **kwargs)
            except OperationalError as error:
                if connection.in_atomic_block or not is_deadlock(error):
                    raise
                time.sleep(FIRST_WAIT_S * 2**number)
        return function(*args, **kwargs)

    return repeated
