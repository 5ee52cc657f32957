from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import mixins, status
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from ... import jobs
from ...core.states import SourceState
from ...models import Video
from .. import filters
from ..representations import VideoDetailSerializer, VideoSerializer
from ..rows import videos_of
from ..submissions import VideoSubmission
from .base import Resource


class VideoViewSet(mixins.ListModelMixin, mixins.RetrieveModelMixin, Resource):
    """Source files. POST a multipart ``file`` or a ``source_url``, with ``profiles`` to encode it by."""

    serializer_class = VideoSerializer
    detail_class = VideoDetailSerializer
    submission_class = VideoSubmission
    takes_files = True
    filters = (
        filters.one_of("state", "state", lambda: list(SourceState)),
        filters.public_id("factory", "factory__public_id"),
    )

    def get_queryset(self) -> QuerySet[Video]:
        return videos_of(self.request.user)

    def create(self, request: Request) -> Response:
        video = jobs.submit_video(
            **self.submitted(request), owner=request.user, idempotency_key=self.idempotency_key(request)
        )
        return self.created(video.pk)

    def destroy(self, _request: Request, **_kwargs: Any) -> Response:
        """Removes the video with all its encodings and files. 409 while encodings are still being stopped."""
        video = self.get_object()
        jobs.remove_video(video)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @action(detail=True, methods=["post"])
    def retry(self, _request: Request, **_kwargs: Any) -> Response:
        """Tries a source that has failed again, and the encodings that failed with it."""
        video = self.get_object()
        jobs.retry_video(video)
        return Response(self.shown(video.pk))
