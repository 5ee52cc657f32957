from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.serializers import BaseSerializer
from rest_framework.viewsets import GenericViewSet

from ...conf import config
from ...core.ids import parse_id
from ...exceptions import InvalidParameters
from ..errors import ErrorsMixin
from ..filters import Filter, QueryFilters
from ..pagination import NewestFirst
from ..parsing import PARSERS
from ..representations import NAMESPACE

ENVELOPE_BYTES = 1024 * 1024
"""Allowed size of a multipart body beyond the file itself."""


class Resource(ErrorsMixin, GenericViewSet[Any]):
    """Rows by public id, in any notation. Those that a user may not see are a 404."""

    lookup_field = "public_id"
    lookup_url_kwarg = "id"
    parser_classes = PARSERS
    permission_classes = [IsAuthenticated]
    pagination_class = NewestFirst
    filter_backends = [QueryFilters]
    filters: tuple[Filter, ...] = ()
    detail_class: type[BaseSerializer[Any]] | None = None
    submission_class: type[BaseSerializer[Any]] | None = None
    takes_files = False

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        # Before anything reads the body, logging in by session included.
        self._refuse_large(request)
        super().initial(request, *args, **kwargs)

    def _refuse_large(self, request: Request) -> None:
        """An upload that will be refused for its size is not even received."""
        length = request.META.get("CONTENT_LENGTH") or "0"
        limit = config().max_upload_bytes
        if self.takes_files and length.isdigit() and int(length) > limit + ENVELOPE_BYTES:
            raise InvalidParameters({"file": [f"the file has more than {limit} bytes"]})

    def get_object(self) -> Any:
        try:
            public_id = parse_id(self.kwargs["id"])
        except ValueError:
            raise Http404 from None
        found = self.get_queryset().filter(public_id=public_id).first()
        if found is None:
            raise Http404
        self.check_object_permissions(self.request, found)
        return found

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        if self.action == "create" and self.submission_class is not None:
            return self.submission_class
        if self.action != "list" and self.detail_class is not None:
            return self.detail_class
        return super().get_serializer_class()

    def submitted(self, request: Request) -> dict[str, Any]:
        """The checked body of a submission, without what was left blank."""
        serializer = self.get_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return {name: value for name, value in serializer.validated_data.items() if value not in (None, "")}

    def idempotency_key(self, request: Request) -> str:
        return request.headers.get("Idempotency-Key", "").strip()

    def created(self, pk: int) -> Response:
        """201 with the representation of the row, and its URL in ``Location``."""
        shown = self.shown(pk)
        address = reverse(f"{NAMESPACE}:{self.basename}-detail", kwargs={"id": shown["id"]}, request=self.request)
        return Response(shown, status=status.HTTP_201_CREATED, headers={"Location": address})

    def shown(self, pk: int) -> Any:
        """The row as it stands now, in full."""
        row = self.get_queryset().filter(pk=pk).first()
        if row is None:
            raise Http404
        shown_by = self.detail_class or super().get_serializer_class()
        return shown_by(row, context=self.get_serializer_context()).data
