"""Jobs, their history and their outputs."""

from __future__ import annotations

import datetime as dt
from typing import Any, Self

from django.conf import settings
from django.core.files.storage import storages
from django.db import models
from django.db.models import Q

from ..core.failure import Failure
from ..core.spec import Kind
from ..core.states import CANCELLABLE, FINAL, HELD, RETRYABLE, State
from .access import AccessKey
from .base import Failed, Leased, LeasedQuerySet, PublicModel, choices_of


class JobQuerySet(LeasedQuerySet):
    def unfinished(self) -> Self:
        return self.exclude(state__in=FINAL)

    def ready(self, now: dt.datetime) -> Self:
        """Queued and due, in the order in which they should run."""
        due = Q(run_after__isnull=True) | Q(run_after__lte=now)
        return self.filter(due, state=State.QUEUED).order_by("-priority", "id")

    def held(self) -> Self:
        return self.filter(state__in=HELD)


class Job(PublicModel, Leased, Failed):
    """State stands here and nowhere else; ``jobs`` is its only writer."""

    kind = models.CharField(max_length=16, choices=choices_of(Kind))
    cloud = models.CharField(max_length=64, help_text="Alias in MEDIACLOUD['CLOUDS'].")
    operation = models.CharField(max_length=100)
    parameters = models.JSONField(default=dict, blank=True)
    inputs = models.JSONField(default=dict, blank=True, help_text="Stored files by parameter name.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    access_key = models.ForeignKey(AccessKey, models.PROTECT, null=True, blank=True, related_name="jobs")
    priority = models.SmallIntegerField(default=0)
    # NULL where there is none: every database lets NULLs repeat under a unique key.
    idempotency_key = models.CharField(max_length=255, null=True, blank=True, unique=True)
    remote_id = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001
    callback_url = models.CharField(max_length=2000, blank=True, default="")
    hooks = models.JSONField(default=list, blank=True, help_text="core.spec.Hook: who else is told, in which words.")
    destination = models.JSONField(
        default=dict, blank=True, help_text="core.spec.Delivery: where the files go instead."
    )
    keep_s = models.FloatField(null=True, blank=True, help_text="Files go so many seconds after the end.")
    sealed = models.TextField(blank=True, default="", help_text="Secrets among the parameters, encrypted.")

    state = models.CharField(max_length=16, choices=choices_of(State), default=State.NEW)
    progress = models.FloatField(default=0.0, help_text="0 to 100.")
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    queued_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    values = models.JSONField(default=dict, blank=True, help_text="Output values.")
    work_s = models.FloatField(null=True, blank=True, help_text="Seconds of work, by the clock.")
    source_s = models.FloatField(null=True, blank=True, help_text="Seconds of source media.")

    objects = JobQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in State]), name="mediacloud_job_state_known"
            ),
            models.CheckConstraint(
                condition=Q(progress__gte=0) & Q(progress__lte=100), name="mediacloud_job_progress_percent"
            ),
            models.UniqueConstraint(fields=["cloud", "remote_id"], name="mediacloud_job_remote_once"),
        ]
        indexes = [
            models.Index(fields=["state", "-priority", "id"], name="mediacloud_job_ready"),
            models.Index(fields=["state", "lease_until"], name="mediacloud_job_lease"),
            models.Index(fields=["-created_at"], name="mediacloud_job_newest"),
            models.Index(fields=["updated_at"], name="mediacloud_job_changed"),
            models.Index(fields=["owner", "-created_at"], name="mediacloud_job_owned"),
            models.Index(fields=["access_key", "state"], name="mediacloud_job_of_key"),
            models.Index(fields=["operation", "state", "-finished_at"], name="mediacloud_job_history"),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.operation} {self.public_id} ({self.state})"

    @property
    def is_final(self) -> bool:
        return self.state in FINAL

    @property
    def can_retry(self) -> bool:
        return self.state in RETRYABLE

    @property
    def can_cancel(self) -> bool:
        return self.state in CANCELLABLE

    @property
    def token(self) -> str:
        """Ours, for this attempt: what a service is given so that it can be asked about it."""
        return f"{self.public_id.hex}-{self.attempt}"

    @property
    def failure(self) -> Failure | None:
        if not self.failure_code:
            return None
        return Failure(
            code=self.failure_code,
            message=self.failure_message,
            advice=self.failure_advice,
            is_retryable=self.failure_is_retryable,
            log=self.failure_log,
        )


class JobEvent(models.Model):
    """One line of a job's history. Written once, never changed."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="events")
    at = models.DateTimeField(auto_now_add=True)
    attempt = models.PositiveIntegerField()
    from_state = models.CharField(max_length=16, blank=True, default="")
    to_state = models.CharField(max_length=16, blank=True, default="", help_text="Empty for a mere note.")
    message = models.TextField(blank=True, default="")
    data = models.JSONField(default=dict, blank=True)

    class Meta:
        indexes = [models.Index(fields=["job", "id"], name="mediacloud_event_history")]
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.from_state} -> {self.to_state} {self.message}".strip()


class OutputQuerySet(models.QuerySet[Any]):
    def ready(self) -> Self:
        """Files that are complete and whose job succeeded: the ones to show and hand out."""
        return self.filter(is_ready=True)


class Output(models.Model):
    """A produced file. The row comes before the file, so that nothing that was ever written is forgotten."""

    job = models.ForeignKey(Job, models.CASCADE, related_name="outputs")
    attempt = models.PositiveIntegerField()
    name = models.CharField(max_length=255, help_text="Relative to the job's folder.")
    role = models.CharField(max_length=32, default="output")
    storage = models.CharField(max_length=64)
    path = models.CharField(max_length=500)
    url = models.CharField(max_length=2000, blank=True, default="", help_text="Where it was delivered to, if it was.")
    size_bytes = models.PositiveBigIntegerField(default=0)
    content_type = models.CharField(max_length=100, blank=True, default="")
    info = models.JSONField(default=dict, blank=True)
    is_ready = models.BooleanField(default=False, help_text="Whole, and its job succeeded.")
    expires_at = models.DateTimeField(null=True, blank=True, db_index=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = OutputQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "attempt", "name"], name="mediacloud_output_once")]
        indexes = [
            models.Index(fields=["-created_at"], name="mediacloud_output_newest"),
            models.Index(fields=["is_ready", "job"], name="mediacloud_output_unfinished"),
        ]
        ordering = ["id"]

    def __str__(self) -> str:
        return self.name

    @property
    def file_url(self) -> str:
        """The storage's URL of the file, or, if it was delivered to another platform, its URL there."""
        return self.url or storages[self.storage].url(self.path)
