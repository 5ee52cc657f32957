"""Serializers of responses. Fields are listed one by one, so that a new column of a model is not exposed by accident.

The querysets of ``rows.py`` have read all that is shown in lists: rendering one needs no query, storage or service.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from rest_framework import serializers
from rest_framework.reverse import reverse

from ..jobs import estimate
from ..models import Job, Output, Video

NAMESPACE = "mediacloud_api"
MAX_EVENTS = 200


class OutputSerializer(serializers.Serializer[Output]):
    """A produced file. Its address keeps its name's folders, so that a playlist finds its segments beside it."""

    job = serializers.UUIDField(source="job.public_id", read_only=True)
    name = serializers.CharField(read_only=True)
    role = serializers.CharField(read_only=True)
    url = serializers.SerializerMethodField()
    size_bytes = serializers.IntegerField(read_only=True)
    content_type = serializers.CharField(read_only=True)
    info = serializers.JSONField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True)

    def get_url(self, output: Output) -> str:
        kwargs = {"id": output.job.public_id, "name": output.name}
        return reverse(f"{NAMESPACE}:job-output", kwargs=kwargs, request=self.context["request"])


class FailureSerializer(serializers.Serializer[Any]):
    """Why a job or a source failed; null if it did not."""

    code = serializers.CharField(source="failure_code", read_only=True)
    message = serializers.CharField(source="failure_message", read_only=True)
    advice = serializers.CharField(source="failure_advice", read_only=True)
    is_retryable = serializers.BooleanField(source="failure_is_retryable", read_only=True)

    def to_representation(self, instance: Any) -> Any:
        return super().to_representation(instance) if instance.failure_code else None


class FailureWithLogSerializer(FailureSerializer):
    log = serializers.CharField(source="failure_log", read_only=True)


class EventSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField(read_only=True)
    attempt = serializers.IntegerField(read_only=True)
    from_state = serializers.CharField(read_only=True)
    to_state = serializers.CharField(read_only=True)
    message = serializers.CharField(read_only=True)


class JobSerializer(serializers.Serializer[Job]):
    """``outputs`` leaves out the segments of a stream, of which there may be thousands: see ``outputs_url``."""

    id = serializers.UUIDField(source="public_id", read_only=True)
    kind = serializers.CharField(read_only=True)
    cloud = serializers.CharField(read_only=True)
    operation = serializers.CharField(read_only=True)
    parameters = serializers.JSONField(read_only=True)
    priority = serializers.IntegerField(read_only=True)
    callback_url = serializers.CharField(read_only=True)
    state = serializers.CharField(read_only=True)
    progress = serializers.FloatField(read_only=True)
    attempt = serializers.IntegerField(read_only=True)
    failure = FailureSerializer(source="*", read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    queued_at = serializers.DateTimeField(read_only=True)
    started_at = serializers.DateTimeField(read_only=True)
    finished_at = serializers.DateTimeField(read_only=True)
    work_s = serializers.FloatField(read_only=True)
    values = serializers.JSONField(read_only=True)
    outputs = OutputSerializer(source="shown_outputs", many=True, read_only=True)
    outputs_url = serializers.SerializerMethodField()

    def get_outputs_url(self, job: Job) -> str:
        return f"{reverse(f'{NAMESPACE}:output-list', request=self.context['request'])}?job={job.public_id}"


class JobDetailSerializer(JobSerializer):
    """With what takes queries of its own. ``events`` has the latest ones, oldest first."""

    failure = FailureWithLogSerializer(source="*", read_only=True)
    estimate = serializers.SerializerMethodField()
    events = serializers.SerializerMethodField()

    def get_estimate(self, job: Job) -> dict[str, Any]:
        return dataclasses.asdict(estimate(job))

    def get_events(self, job: Job) -> Any:
        latest = list(job.events.order_by("-id")[:MAX_EVENTS])
        return EventSerializer(reversed(latest), many=True).data


class EncodingSerializer(serializers.Serializer[Job]):
    id = serializers.UUIDField(source="public_id", read_only=True)
    video = serializers.UUIDField(source="encoding.video.public_id", read_only=True)
    profile = serializers.UUIDField(source="encoding.profile.public_id", allow_null=True, read_only=True)
    profile_name = serializers.CharField(source="encoding.profile_name", read_only=True)
    job: serializers.BaseSerializer[Job] = JobSerializer(source="*", read_only=True)


class EncodingDetailSerializer(EncodingSerializer):
    job = JobDetailSerializer(source="*", read_only=True)


class ProcessSerializer(serializers.Serializer[Job]):
    id = serializers.UUIDField(source="public_id", read_only=True)
    factory = serializers.UUIDField(source="process.factory.public_id", allow_null=True, read_only=True)
    filename = serializers.CharField(source="process.filename", read_only=True)
    input_format = serializers.CharField(source="process.input_format", read_only=True)
    output_format = serializers.CharField(source="process.output_format", read_only=True)
    job: serializers.BaseSerializer[Job] = JobSerializer(source="*", read_only=True)


class ProcessDetailSerializer(ProcessSerializer):
    job = JobDetailSerializer(source="*", read_only=True)


class TaskSerializer(serializers.Serializer[Job]):
    id = serializers.UUIDField(source="public_id", read_only=True)
    metas = serializers.JSONField(source="task.metas", read_only=True)
    job: serializers.BaseSerializer[Job] = JobSerializer(source="*", read_only=True)


class TaskDetailSerializer(TaskSerializer):
    job = JobDetailSerializer(source="*", read_only=True)


class VideoEncodingSerializer(serializers.Serializer[Any]):
    """An encoding, in short, beside its video."""

    id = serializers.UUIDField(source="job.public_id", read_only=True)
    profile_name = serializers.CharField(read_only=True)
    state = serializers.CharField(source="job.state", read_only=True)
    progress = serializers.FloatField(source="job.progress", read_only=True)


class VideoSerializer(serializers.Serializer[Video]):
    id = serializers.UUIDField(source="public_id", read_only=True)
    title = serializers.CharField(read_only=True)
    original_filename = serializers.CharField(read_only=True)
    source_url = serializers.CharField(read_only=True)
    payload = serializers.CharField(read_only=True)
    factory = serializers.UUIDField(source="factory.public_id", allow_null=True, read_only=True)
    state = serializers.CharField(read_only=True)
    failure = FailureSerializer(source="*", read_only=True)
    size_bytes = serializers.IntegerField(read_only=True)
    content_type = serializers.CharField(read_only=True)
    duration_s = serializers.FloatField(read_only=True)
    width = serializers.IntegerField(read_only=True)
    height = serializers.IntegerField(read_only=True)
    created_at = serializers.DateTimeField(read_only=True)
    encoded_at = serializers.DateTimeField(read_only=True)
    encodings = VideoEncodingSerializer(many=True, read_only=True)


class VideoDetailSerializer(VideoSerializer):
    failure = FailureWithLogSerializer(source="*", read_only=True)
    info = serializers.JSONField(source="facts", read_only=True)
