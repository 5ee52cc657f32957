"""Factories, videos and profiles."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q

from ..clouds.registry import get_operation
from ..core.media import MediaInfo
from ..core.spec import Kind, StoredFile
from ..core.states import SourceState
from ..exceptions import InvalidParameters, MediaCloudError
from .base import Failed, Leased, LeasedQuerySet, OwnedQuerySet, PublicModel, choices_of
from .job import Output, OutputQuerySet


# django-stubs tells managers apart by the class of their querysets: each model needs one of its own.
class FactoryQuerySet(OwnedQuerySet):
    pass


class VideoQuerySet(LeasedQuerySet):
    pass


class Factory(PublicModel):
    """Groups videos and profiles: which cloud encodes them, and which storage keeps their files."""

    name = models.CharField(max_length=200)
    cloud = models.CharField(max_length=64, default="default", help_text="Alias in MEDIACLOUD['CLOUDS'].")
    storage = models.CharField(max_length=64, default="default", help_text="Alias in STORAGES.")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    remote_id = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001

    objects = FactoryQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cloud", "remote_id"], name="mediacloud_factory_remote_once")]
        ordering = ["name"]
        verbose_name_plural = "factories"

    def __str__(self) -> str:
        return self.name


class Profile(PublicModel):
    """How a video is to be encoded: an operation and its parameters, under a name."""

    name = models.CharField(max_length=100, unique=True, validators=[RegexValidator(r"\A[A-Za-z0-9][A-Za-z0-9._-]*\Z")])
    title = models.CharField(max_length=200, blank=True, default="")
    factory = models.ForeignKey(Factory, models.CASCADE, null=True, blank=True, related_name="profiles")
    cloud = models.CharField(max_length=64, default="default", help_text="Whose operation this is.")
    operation = models.CharField(max_length=100, default="media.encode")
    parameters = models.JSONField(default=dict, blank=True)
    preset_name = models.CharField(max_length=100, blank=True, default="", help_text="The preset that it came from.")
    is_default = models.BooleanField(default=False, help_text="Used where a submission names no profile.")
    remote_id = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001

    class Meta:
        constraints = [models.UniqueConstraint(fields=["cloud", "remote_id"], name="mediacloud_profile_remote_once")]
        ordering = ["name"]

    def __str__(self) -> str:
        return self.title or self.name

    def clean(self) -> None:
        """Check the parameters against what the operation declares. An operation that takes secrets is refused, since
        the database, the admin and the API show a profile's parameters."""
        try:
            operation = get_operation(self.cloud, self.operation)
            if secrets := [item.name for item in operation.parameters if item.is_secret]:
                words = f"{self.operation} takes secrets ({', '.join(secrets)}), and a profile keeps none"
                raise ValidationError({"operation": words})
            operation.parameters.clean(self.parameters, bound=frozenset({"url"}))
        except InvalidParameters as error:
            sentences = [f"{name}: {', '.join(messages)}" for name, messages in error.errors.items()]
            raise ValidationError({"parameters": sentences}) from error
        except MediaCloudError as error:
            raise ValidationError({"operation": str(error)}) from error
        if Kind.ENCODING not in operation.kinds:
            raise ValidationError({"operation": f"{self.operation} makes no encodings"})


class Video(PublicModel, Leased, Failed):
    """A source file: video, audio or an image."""

    factory = models.ForeignKey(Factory, models.PROTECT, null=True, blank=True, related_name="videos")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+")
    title = models.CharField(max_length=300, blank=True, default="")
    original_filename = models.CharField(max_length=300, blank=True, default="")
    source_url = models.CharField(max_length=2000, blank=True, default="")
    payload = models.CharField(max_length=256, blank=True, default="", help_text="The submitter's own words.")
    storage = models.CharField(max_length=64, default="default")
    path = models.CharField(max_length=500, blank=True, default="")
    size_bytes = models.PositiveBigIntegerField(null=True, blank=True)
    content_type = models.CharField(max_length=100, blank=True, default="")
    state = models.CharField(max_length=16, choices=choices_of(SourceState), default=SourceState.WAITING)
    duration_s = models.FloatField(null=True, blank=True)
    width = models.PositiveIntegerField(null=True, blank=True, help_text="As seen: upright, in square pixels.")
    height = models.PositiveIntegerField(null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True, help_text="core.media.MediaInfo")
    encoded_at = models.DateTimeField(null=True, blank=True, help_text="When the last of its encodings ended.")
    idempotency_key = models.CharField(max_length=255, null=True, blank=True, unique=True)
    remote_id = models.CharField(max_length=200, null=True, blank=True)  # noqa: DJ001

    objects = VideoQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[state.value for state in SourceState]), name="mediacloud_video_state_known"
            ),
            models.UniqueConstraint(fields=["factory", "remote_id"], name="mediacloud_video_remote_once"),
        ]
        indexes = [
            models.Index(fields=["state", "lease_until"], name="mediacloud_video_lease"),
            models.Index(fields=["-created_at"], name="mediacloud_video_newest"),
            models.Index(fields=["owner", "-created_at"], name="mediacloud_video_owned"),
        ]
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title or self.original_filename or str(self.public_id)

    @property
    def info(self) -> MediaInfo | None:
        facts: dict[str, Any] = self.facts
        return MediaInfo.from_dict(facts) if facts else None

    @property
    def outputs(self) -> OutputQuerySet:
        """The produced files of all its encodings, as ``job.outputs`` are those of one job."""
        return Output.objects.filter(job__encoding__video=self)

    @property
    def stored_file(self) -> StoredFile:
        return StoredFile(
            storage=self.storage,
            path=self.path,
            filename=self.original_filename,
            size_bytes=self.size_bytes,
            content_type=self.content_type,
        )
