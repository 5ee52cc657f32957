"""Takes in messages of services: each is stored as it came, once, and then applied."""

from __future__ import annotations

import hashlib
from functools import partial
from typing import Any

from django.db import transaction
from django.utils import timezone

from .. import signals
from ..clouds.base import Message, News
from ..clouds.registry import get_cloud
from ..core.failure import cut
from ..core.states import FINAL, State
from ..exceptions import MediaCloudError
from ..models import Job, Notification
from .apply import apply
from .deadlocks import again_after_deadlock
from .queue import wake_job

_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization", "x-api-key"})


def receive(alias: str, message: Message) -> Notification:
    """Store a message for the cloud ``alias`` and take it in; the row, which may have come before.

    Raises what the cloud raises for a message that is not its service's (``CloudRejected``): nothing is stored then.
    Trouble in taking it in is kept on the row, and the sweeper's polls make up for it.
    """
    news = get_cloud(alias).read_notification(message)
    notification, is_new = _store(alias, message, news)
    if is_new:
        _take_in(notification, news)
    return notification


@again_after_deadlock
def _store(alias: str, message: Message, news: News) -> tuple[Notification, bool]:
    said = f"{message.method}\n{message.query}\n".encode() + message.body
    digest = hashlib.sha256(said).hexdigest()
    fields: dict[str, Any] = {
        "cloud": alias,
        "content_type": message.headers.get("content-type", "")[:200],
        "headers": {name: value for name, value in message.headers.items() if name not in _SECRET_HEADERS},
        "body": message.body,
        "is_verified": news.is_verified,
        "job": Job.objects.filter(cloud=alias, remote_id=news.remote_id).first() if news.remote_id else None,
    }
    with transaction.atomic():
        notification, is_new = Notification.objects.get_or_create(
            dedupe_key=f"{alias}:{news.key or digest}"[:200], defaults=fields
        )
        if is_new:
            send = partial(signals.notification_received.send_robust, Notification, notification=notification)
            transaction.on_commit(send, robust=True)
    return notification, is_new


def _take_in(notification: Notification, news: News) -> None:
    """A verified message is news; any other is a hint to ask the service itself."""
    job, error = notification.job, ""
    try:
        if job is None:
            error = "No job of this site has that id."
        elif news.is_verified and news.snapshot is not None:
            job = apply(job, news.snapshot)
        if job is not None and job.state not in FINAL and (job.state == State.COLLECTING or not news.is_verified):
            Job.objects.filter(pk=job.pk).update(run_after=None)
            wake_job(job)
    except MediaCloudError as failed:
        error = cut(f"{failed.code}: {failed}", 1_000)
    Notification.objects.filter(pk=notification.pk).update(applied_at=timezone.now(), error=error)
    notification.refresh_from_db()
