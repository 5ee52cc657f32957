"""Access keys for clients of old services."""

from __future__ import annotations

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from .base import OwnedQuerySet, PublicModel


class AccessKeyQuerySet(OwnedQuerySet):
    def valid(self) -> Self:
        return self.filter(revoked_at__isnull=True)

    def of_account(self, key: AccessKey) -> Self:
        """The keys that share an account with ``key``: those of its owner for the same service, or it alone."""
        same = Q(service=key.service, owner=key.owner_id) if key.owner_id else Q(pk=key.pk)
        return self.filter(same)


def end_with_owner(collector: Any, field: Any, keys: models.QuerySet[Any], using: str) -> None:
    """``on_delete``: the keys of a user who goes would stay behind as keys that nobody owns. They are revoked, too.

    Not a signal: a user who is deleted as a proxy model sends that one's.
    """
    # First, while they are still found by their owner.
    collector.add_field_update(
        AccessKey._meta.get_field("revoked_at"), timezone.now(), keys.filter(revoked_at__isnull=True)
    )
    models.SET_NULL(collector, field, keys, using)


class AccessKey(PublicModel):
    """Credentials for one service's protocol. Of the secret only a digest is kept: it is shown once, when it is made.

    The rows stay when they are revoked: they tell whose jobs are whose.
    """

    service = models.CharField(max_length=64, help_text="The cloud whose protocol is spoken.")
    name = models.CharField(max_length=200, blank=True, default="", help_text="For people: who uses it, and where.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, end_with_owner, null=True, blank=True, related_name="+")
    cloud = models.CharField(max_length=64, default="default", help_text="Who does the work: MEDIACLOUD['CLOUDS'].")
    # NULL where the service knows no public part: every database lets NULLs repeat under a unique key.
    public_key = models.CharField(max_length=64, null=True, blank=True)  # noqa: DJ001
    secret_digest = models.CharField(max_length=64, unique=True, editable=False)
    referrers = models.JSONField(
        default=list, blank=True, help_text="Hosts whose pages may use the public key, such as example.com."
    )
    max_unfinished = models.PositiveIntegerField(default=1_000, help_text="Jobs that may wait or run at once.")
    max_per_minute = models.PositiveIntegerField(default=600, help_text="Jobs that may be made in a minute.")
    keep_days = models.PositiveIntegerField(default=0, help_text="Files go after so many days; 0: they stay.")
    revoked_at = models.DateTimeField(null=True, blank=True)

    use_count = models.PositiveBigIntegerField(default=0)
    last_used_at = models.DateTimeField(null=True, blank=True)
    refused_count = models.PositiveBigIntegerField(default=0, help_text="Wrong page, revoked, or over a limit.")
    last_refused_at = models.DateTimeField(null=True, blank=True)
    minute = models.PositiveBigIntegerField(default=0, help_text="The minute that minute_count counts, since 1970.")
    minute_count = models.PositiveIntegerField(default=0)

    objects = AccessKeyQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "public_key"], name="mediacloud_accesskey_public_once")
        ]
        indexes = [models.Index(fields=["service", "owner"], name="mediacloud_accesskey_account")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.name or f"{self.service} {self.public_key or self.public_id}"
