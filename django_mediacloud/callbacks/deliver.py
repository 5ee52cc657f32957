"""Sends the callbacks that are due, several at a time; ``turns`` decides whose is next.

A callback is claimed before it is sent, by one conditional update that counts the try and moves the next one into the
future: of two sweepers one gets it, and if that one dies, it comes due again.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from django.utils import timezone

from ..conf import config
from ..core.states import CallbackState
from ..exceptions import FetchError
from ..jobs.ending import fault
from ..jobs.sources import fetch_rules
from ..models import Callback
from ..transport.delivery import post_json
from ..transport.rules import FetchRules
from .payload import event_id, render
from .turns import AT_ONCE, LOOK_S, Turns

logger = logging.getLogger(__name__)

RETRY_DELAYS_S = (10, 30, 120, 600, 1800, 3600, 7200, 14_400, 28_800, 28_800)
"""The wait after each try that failed: eleven tries within a day."""

SEND_S = 20.0
"""One receiver may take so long in all. It holds up no more than its own turn."""

CLAIM_S = 120
"""Longer than a try can take: a claim that is older belongs to a process that died."""


@dataclass(slots=True, kw_only=True)
class Delivery:
    """How many callbacks were taken by their receivers, have to be tried again, or are given up."""

    delivered: int = 0
    postponed: int = 0
    given_up: int = 0

    def __bool__(self) -> bool:
        return bool(self.delivered or self.postponed or self.given_up)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    """Everything that sending needs, so that the threads that send never touch the database."""

    callback: Callback
    body: bytes | None
    headers: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    status: int | None = None
    error: str = ""


def deliver_due(*, is_over: Callable[[], bool] = lambda: False) -> Delivery:
    """Send each callback that is due, once; what became of them. After ``is_over`` no more are begun."""
    done = Delivery()
    rules = _rules()
    turns = Turns()
    sending: dict[Future[_Answer], _Message] = {}
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="mediacloud-callback") as pool:
        while True:
            busy = [message.callback for message in sending.values()]
            for callback in [] if is_over() else turns.take(busy, _claim):
                # One that cannot be told must not keep the others from being sent.
                message = _compose(callback)
                sending[pool.submit(_send, message, rules)] = message
            if not sending:
                return done
            ended, _ = wait(sending, timeout=LOOK_S, return_when=FIRST_COMPLETED)
            for future in ended:
                _record(sending.pop(future).callback, future.result(), done)


def _rules() -> FetchRules:
    current = config()
    rules = fetch_rules(current)
    return replace(
        rules, total_timeout_s=min(rules.total_timeout_s, SEND_S), read_timeout_s=min(rules.read_timeout_s, SEND_S)
    )


def _claim(callback: Callback) -> bool:
    """Make this try ours; False if somebody else was first."""
    now = timezone.now()
    rows = Callback.objects.filter(
        pk=callback.pk, state=CallbackState.PENDING, tries=callback.tries, next_try_at__lte=now
    )
    callback.tries += 1
    next_try_at = now + dt.timedelta(seconds=CLAIM_S)
    return rows.update(tries=callback.tries, next_try_at=next_try_at) > 0


def _compose(callback: Callback) -> _Message:
    headers = {"Mediacloud-Event-Id": event_id(callback), "Mediacloud-Event": f"job.{callback.event}"}
    try:
        body = render(callback)
    except Exception:
        logger.exception("Callback %s cannot be told.", callback.pk)
        body = None
    return _Message(callback=callback, body=body, headers=headers)


def _send(message: _Message, rules: FetchRules) -> _Answer:
    if message.body is None:
        return _Answer(error="internal_error: it cannot be told")
    try:
        delivered = post_json(message.callback.url, message.body, rules=rules, headers=message.headers)
    except FetchError as error:
        return _Answer(status=_status_of(error), error=f"{error.code}: {error}")
    except Exception as error:  # noqa: BLE001
        # One callback must not keep the others from being sent; and what an unknown error says may hold the URL.
        logger.error(
            "Callback %s could not be sent by a fault in the program:\n%s", message.callback.pk, fault(error).log
        )
        return _Answer(error=f"internal_error: {type(error).__name__}")
    return _Answer(status=delivered.status_code)


def _status_of(error: FetchError) -> int | None:
    status = error.code.removeprefix("fetch_http_")
    return int(status) if status.isdecimal() else None


def _record(callback: Callback, answer: _Answer, done: Delivery) -> None:
    now = timezone.now()
    # Nobody else has this try: were our claim over, the number of tries would be higher.
    rows = Callback.objects.filter(pk=callback.pk, state=CallbackState.PENDING, tries=callback.tries)
    seen = {"last_status": answer.status, "last_error": answer.error}
    if not answer.error:
        done.delivered += rows.update(state=CallbackState.DELIVERED, delivered_at=now, next_try_at=None, **seen)
    elif callback.tries > len(RETRY_DELAYS_S):
        done.given_up += rows.update(state=CallbackState.GIVEN_UP, next_try_at=None, **seen)
        logger.warning("Callback %s is given up after %s tries: %s", callback.pk, callback.tries, answer.error)
    else:
        next_try_at = now + dt.timedelta(seconds=RETRY_DELAYS_S[callback.tries - 1])
        done.postponed += rows.update(next_try_at=next_try_at, **seen)
