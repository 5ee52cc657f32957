"""Abstract models and querysets."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, Self

from django.db import models
from django.db.models import Q


def choices_of(words: Any) -> list[tuple[str, str]]:
    return [(word.value, word.value.replace("_", " ")) for word in words]


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows that have an ``owner``."""

    def visible_to(self, user: Any) -> Self:
        """Staff sees everything; others what is theirs."""
        return self if user.is_staff else self.filter(owner=user)


class LeasedQuerySet(OwnedQuerySet):
    """Rows that a worker may hold for a while."""

    def with_lease_over(self, now: dt.datetime) -> Self:
        """Rows without a lease, or whose lease has expired."""
        return self.filter(Q(lease_until__isnull=True) | Q(lease_until__lt=now))


class PublicModel(models.Model):
    """An integer primary key for the database, a UUID for the world."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True


class Leased(models.Model):
    """``lease_owner`` holds the row until ``lease_until``. A worker with an older ``attempt`` has lost it."""

    attempt = models.PositiveIntegerField(default=1)
    failures = models.PositiveIntegerField(default=0, help_text="Automatic tries so far that failed and may yet pass.")
    lease_owner = models.CharField(max_length=200, blank=True, default="")
    lease_until = models.DateTimeField(null=True, blank=True)
    run_after = models.DateTimeField(null=True, blank=True, help_text="Not to be looked at before.")
    woken_at = models.DateTimeField(null=True, blank=True, help_text="When the queue was last told.")

    class Meta:
        abstract = True


class Failed(models.Model):
    """Why it failed; all empty if it did not."""

    failure_code = models.CharField(max_length=100, blank=True, default="")
    failure_message = models.TextField(blank=True, default="")
    failure_advice = models.TextField(blank=True, default="")
    failure_is_retryable = models.BooleanField(default=False)
    failure_log = models.TextField(blank=True, default="")

    class Meta:
        abstract = True
