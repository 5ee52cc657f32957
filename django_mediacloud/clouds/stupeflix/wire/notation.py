"""Truths and dates, as the service writes them."""

from __future__ import annotations

import datetime as dt
from typing import Any

from ....core.parameters import Parameter, Type

_BOOLEAN = Parameter(name="", type=Type.BOOLEAN)


def parse_boolean(value: Any) -> bool:
    """A truth from JSON or from a query string. ``ValueError`` if it is none."""
    return bool(_BOOLEAN.clean(value))


def render_boolean(value: bool) -> str:
    """``true`` or ``false``, for a query string."""
    return "true" if value else "false"


def parse_date(text: str) -> dt.datetime:
    """An ISO 8601 date and time, in UTC; one without a zone is UTC. ``ValueError`` if it is none."""
    try:
        moment = dt.datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).astimezone(dt.UTC)
    except (ValueError, TypeError, OverflowError):
        raise ValueError(f"not an ISO 8601 date and time: {text!r}") from None


def render_date(moment: dt.datetime) -> str:
    """``2013-04-03T15:47:27.703674+00:00``: always with microseconds, in UTC. ``ValueError`` without a zone."""
    return _in_utc(moment).isoformat(timespec="microseconds")


def render_storage_date(moment: dt.datetime) -> str:
    """``2013-10-28T20:22:21.000Z``: the storage API writes dates as S3 does."""
    return _in_utc(moment).isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"


def _in_utc(moment: dt.datetime) -> dt.datetime:
    if moment.tzinfo is None:
        raise ValueError("a date without a zone")
    return moment.astimezone(dt.UTC)
