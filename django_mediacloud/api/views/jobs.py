from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ... import jobs
from ...core.spec import JobSpec, Kind
from ...core.states import State
from ...models import Job
from .. import filters
from ..representations import (
    EncodingDetailSerializer,
    EncodingSerializer,
    JobDetailSerializer,
    JobSerializer,
    ProcessDetailSerializer,
    ProcessSerializer,
    TaskDetailSerializer,
    TaskSerializer,
)
from ..rows import jobs_of
from ..submissions import EncodingSubmission, ProcessSubmission, TaskSubmission
from .base import Resource

STATE = filters.one_of("state", "state", lambda: list(State))
CLOUD = filters.cloud()
OPERATION = filters.word("operation", "operation")
VIDEO = filters.public_id("video", "encoding__video__public_id")
PROFILE = filters.name_or_id("profile", name_field="encoding__profile_name", id_field="encoding__profile__public_id")


class JobViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """Work of every kind, whoever does it."""

    kind: Kind | None = None
    serializer_class: Any = JobSerializer
    detail_class: Any = JobDetailSerializer
    filters: tuple[filters.Filter, ...] = (
        STATE,
        CLOUD,
        OPERATION,
        VIDEO,
        PROFILE,
        filters.one_of("kind", "kind", lambda: list(Kind)),
    )

    def get_queryset(self) -> QuerySet[Job]:
        return jobs_of(self.request.user, self.kind)

    @action(detail=True, methods=["post"])
    def retry(self, _request: Request, **_kwargs: Any) -> Response:
        """The same job once more. 409 unless it has failed or was cancelled."""
        return Response(self.shown(jobs.retry(self.get_object()).pk))

    @action(detail=True, methods=["post"])
    def cancel(self, _request: Request, **_kwargs: Any) -> Response:
        """``cancelled``, or ``cancelling`` until whoever works on it has let go. 409 if it has ended."""
        return Response(self.shown(jobs.cancel(self.get_object()).pk))

    def destroy(self, _request: Request, **_kwargs: Any) -> Response:
        """Removes a job that has ended, with its files. 409 while it goes on."""
        jobs.remove_job(self.get_object())
        return Response(status=status.HTTP_204_NO_CONTENT)


class EncodingViewSet(JobViewSet):
    """Videos through profiles. POST a ``video`` and a ``profile``."""

    kind = Kind.ENCODING
    serializer_class = EncodingSerializer
    detail_class = EncodingDetailSerializer
    submission_class = EncodingSubmission
    filters = (STATE, CLOUD, OPERATION, VIDEO, PROFILE)

    def create(self, request: Request) -> Response:
        asked = self.submitted(request)
        video, profile = asked.pop("video"), asked.pop("profile")
        # An encoding that the staff asks for belongs to whose video it is: they must see it.
        [encoding] = jobs.submit_encodings(
            video,
            [profile],
            owner=video.owner or request.user,
            idempotency_key=self.idempotency_key(request),
            **asked,
        )
        return self.created(encoding.pk)


class ProcessViewSet(JobViewSet):
    """Conversions. POST a multipart ``file`` or a ``url``, an ``output_format``, and ``options``."""

    kind = Kind.PROCESS
    serializer_class = ProcessSerializer
    detail_class = ProcessDetailSerializer
    submission_class = ProcessSubmission
    takes_files = True
    filters = (
        STATE,
        CLOUD,
        OPERATION,
        filters.public_id("factory", "process__factory__public_id"),
        filters.word("output_format", "process__output_format"),
    )

    def create(self, request: Request) -> Response:
        job = jobs.submit_process(
            **self.submitted(request), owner=request.user, idempotency_key=self.idempotency_key(request)
        )
        return self.created(job.pk)


class TaskViewSet(JobViewSet):
    """Single operations. POST an ``operation`` (see ``operations``) and its ``parameters``.

    A parameter that takes a file takes its URL, or, in a multipart form, an upload under the parameter's name.
    """

    kind = Kind.TASK
    serializer_class = TaskSerializer
    detail_class = TaskDetailSerializer
    submission_class = TaskSubmission
    takes_files = True
    filters = (STATE, CLOUD, OPERATION)

    def create(self, request: Request) -> Response:
        asked = self.submitted(request)
        metas, files = asked.pop("metas", {}), asked.pop("files")
        job = jobs.submit(
            JobSpec(kind=Kind.TASK, **asked),
            files=files,
            owner=request.user,
            idempotency_key=self.idempotency_key(request),
            metas=metas,
        )
        return self.created(job.pk)
