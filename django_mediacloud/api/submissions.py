"""Serializers of requests. ``jobs`` checks whether parameters fit their operation."""

from __future__ import annotations

from typing import Any

from django.core.files.storage import storages
from django.core.files.uploadedfile import UploadedFile
from rest_framework import serializers

from ..models import Factory, Profile, Video
from ..models.job import Job
from .fields import CloudField, KnownFieldsOnly, ObjectField, ProfileField, ProfilesField, ReferenceField
from .rows import factories_of, own_videos


def _length(model: Any, field: str) -> int:
    return int(model._meta.get_field(field).max_length)


class CallbackUrlField(serializers.CharField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, allow_blank=True, max_length=_length(Job, "callback_url"), **kwargs)


class FactoryField(ReferenceField):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(noun="factory", rows=factories_of, required=False, allow_null=True, **kwargs)


class VideoSubmission(KnownFieldsOnly):
    file = serializers.FileField(required=False, allow_empty_file=True, use_url=False)
    source_url = serializers.CharField(required=False, allow_blank=True, max_length=_length(Video, "source_url"))
    profiles = ProfilesField(required=False, help_text="Without them, the profiles that are marked as default.")
    factory = FactoryField()
    title = serializers.CharField(required=False, allow_blank=True, max_length=_length(Video, "title"))
    payload = serializers.CharField(required=False, allow_blank=True, max_length=_length(Video, "payload"))
    callback_url = CallbackUrlField()
    priority = serializers.IntegerField(required=False)


class EncodingSubmission(KnownFieldsOnly):
    video = ReferenceField(noun="video", rows=own_videos)
    profile = ProfileField()
    callback_url = CallbackUrlField()
    priority = serializers.IntegerField(required=False)


class ProcessSubmission(KnownFieldsOnly):
    file = serializers.FileField(required=False, allow_empty_file=True, use_url=False)
    url = serializers.CharField(required=False, allow_blank=True, max_length=_length(Video, "source_url"))
    output_format = serializers.CharField(max_length=32)
    input_format = serializers.CharField(required=False, allow_blank=True, max_length=32)
    options = ObjectField(required=False)
    cloud = CloudField(required=False, allow_blank=False)
    factory = FactoryField()
    callback_url = CallbackUrlField()


class TaskSubmission(KnownFieldsOnly):
    operation = serializers.CharField(max_length=_length(Job, "operation"))
    parameters = ObjectField(required=False)
    cloud = CloudField(required=False)
    callback_url = CallbackUrlField()
    priority = serializers.IntegerField(required=False)
    metas = ObjectField(required=False)

    def may_take(self, value: Any) -> bool:
        return isinstance(value, UploadedFile)

    def to_internal_value(self, data: Any) -> Any:
        """With ``files``: the uploads that are no field, each under the name of the parameter that takes it."""
        values = super().to_internal_value(data)
        files = {name: data[name] for name in data if name not in self.fields and self.may_take(data[name])}
        return values | {"files": files}


class LibrarySerializer(KnownFieldsOnly, serializers.ModelSerializer[Any]):
    """A row of the library, read and written."""

    id = serializers.UUIDField(source="public_id", read_only=True)


class ProfileSerializer(LibrarySerializer):
    cloud = CloudField(default="default")
    factory = FactoryField()
    parameters = ObjectField(required=False)

    class Meta:
        model = Profile
        fields = [
            "id",
            "name",
            "title",
            "factory",
            "cloud",
            "operation",
            "parameters",
            "preset_name",
            "is_default",
            "created_at",
            "updated_at",
        ]
        read_only_fields = ["created_at", "updated_at"]

    def validate(self, attrs: Any) -> Any:
        """What a profile says must fit its operation: the model's own check."""
        known = {field: getattr(self.instance, field) for field in self._checked} if self.instance else {}
        given = {field: attrs[field] for field in self._checked if field in attrs}
        Profile(**{**known, **given}).clean()
        return attrs

    _checked = ("cloud", "operation", "parameters")


class FactorySerializer(LibrarySerializer):
    cloud = CloudField(required=False)

    class Meta:
        model = Factory
        fields = ["id", "name", "cloud", "storage", "created_at", "updated_at"]
        read_only_fields = ["created_at", "updated_at"]

    def validate_storage(self, alias: str) -> str:
        if alias not in storages.backends:
            raise serializers.ValidationError("must be one of: " + ", ".join(sorted(storages.backends)))
        return alias
