"""Types of command line arguments. Each raises ``ArgumentTypeError``, which ends the command with exit code 2."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from argparse import ArgumentTypeError

from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from ..core.ids import parse_id

_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)([smhdw]?)")


def duration(text: str) -> dt.timedelta:
    """``90`` or ``90s``, ``15m``, ``12h``, ``30d``, ``2w``."""
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ArgumentTypeError(f"{text!r} is not a duration such as 90s, 15m, 12h, 30d or 2w")
    number, unit = match.groups()
    try:
        return dt.timedelta(**{_UNITS[unit or "s"]: float(number)})
    except OverflowError:
        raise ArgumentTypeError(f"{text!r} is too long") from None


def seconds(text: str) -> float:
    """The same, in seconds."""
    return duration(text).total_seconds()


def moment(text: str) -> dt.datetime:
    """A date, a date and time (the site's time zone if it names none), or a duration that counts back from now."""
    try:
        day = parse_date(text)
        found = dt.datetime.combine(day, dt.time()) if day else parse_datetime(text)
    except ValueError as error:
        raise ArgumentTypeError(f"{text!r}: {error}") from error
    if found is None:
        try:
            return timezone.now() - duration(text)
        except OverflowError:
            raise ArgumentTypeError(f"{text!r} is too long ago") from None
        except ArgumentTypeError:
            raise ArgumentTypeError(f"{text!r} is neither a date, a time nor a duration such as 12h") from None
    return timezone.make_aware(found) if timezone.is_naive(found) else found


def public_id(text: str) -> uuid.UUID:
    """An id in any of its spellings: a UUID, 32 hex digits, or 26 base32 characters."""
    try:
        return parse_id(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not an id (a UUID, 32 hex digits or 26 base32 characters)") from None


def assignment(text: str) -> tuple[str, str]:
    """``name=value``; the value may hold more of ``=``."""
    name, sign, value = text.partition("=")
    if not sign or not name.strip():
        raise ArgumentTypeError(f"{text!r} is not of the form name=value")
    return name.strip(), value
