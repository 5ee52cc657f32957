"""Notifications from services, and callbacks to others."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from ..core.states import CallbackState
from .base import choices_of
from .job import Job


class Notification(models.Model):
    """A message from a service, stored as it came before anything is made of it."""

    cloud = models.CharField(max_length=64)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="notifications")
    dedupe_key = models.CharField(max_length=200, unique=True, help_text="The same message twice is one row.")
    content_type = models.CharField(max_length=200, blank=True, default="")
    headers = models.JSONField(default=dict, blank=True, help_text="Without credentials.")
    body = models.BinaryField(default=bytes)
    is_verified = models.BooleanField(default=False, help_text="Signed, and the signature holds.")
    received_at = models.DateTimeField(auto_now_add=True)
    applied_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["applied_at", "received_at"], name="mediacloud_notification_todo")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.cloud} {self.received_at:%Y-%m-%d %H:%M:%S}"


class Callback(models.Model):
    """A POST that this site owes to a ``callback_url``: written with the state change, sent until it is accepted."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="callbacks")
    event = models.CharField(max_length=32)
    attempt = models.PositiveIntegerField(help_text="The job's attempt that it tells of.")
    url = models.CharField(max_length=2000)
    protocol = models.CharField(max_length=64, blank=True, default="", help_text="Whose words; empty: this app's own.")
    state = models.CharField(max_length=16, choices=choices_of(CallbackState), default=CallbackState.PENDING)
    tries = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    last_status = models.PositiveIntegerField(null=True, blank=True)
    last_error = models.TextField(blank=True, default="")
    created_at = models.DateTimeField(auto_now_add=True)
    delivered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in CallbackState]), name="mediacloud_callback_state_known"
            ),
            models.UniqueConstraint(fields=["job", "attempt", "event", "protocol"], name="mediacloud_callback_once"),
        ]
        indexes = [models.Index(fields=["state", "next_try_at"], name="mediacloud_callback_due")]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.event} of job {self.job_id}"
