from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponseBase
from rest_framework import mixins
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from ...core.ids import parse_id
from ...exceptions import StorageError
from ...models import Output
from ...serving import MISSING, download
from .. import filters
from ..errors import ErrorsMixin
from ..representations import OutputSerializer
from ..rows import outputs_of
from ..text import is_storable
from .base import Resource


class OutputViewSet(mixins.ListModelMixin, Resource):
    """Produced files. Each is downloaded from its ``url``, which is made of its job's id and its name."""

    serializer_class = OutputSerializer
    filters = (
        filters.public_id("job", "job__public_id"),
        filters.public_id("video", "job__encoding__video__public_id"),
        filters.cloud("job__cloud"),
        filters.word("operation", "job__operation"),
        filters.word("role", "role"),
    )

    def get_queryset(self) -> QuerySet[Output]:
        return outputs_of(self.request.user)


class DownloadView(ErrorsMixin, APIView):
    """The bytes of an output, whole or by ``Range``."""

    permission_classes = [IsAuthenticated]

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:
        # A player that accepts nothing but films must get its film: the file's type is what it is.
        return super().perform_content_negotiation(request, force=True)

    def get(self, request: Request, id: str, name: str) -> HttpResponseBase:
        try:
            public_id = parse_id(id)
        except ValueError:
            raise Http404 from None
        if not is_storable(name):
            raise Http404
        output = outputs_of(request.user).filter(job__public_id=public_id, name=name).order_by("-attempt").first()
        if output is None:
            raise Http404
        try:
            return download(request._request, output)
        except StorageError as error:
            if error.code == MISSING:
                raise NotFound(str(error)) from error
            raise
