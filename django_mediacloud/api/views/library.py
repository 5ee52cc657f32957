from __future__ import annotations

from typing import Any

from django.db.models import ProtectedError, QuerySet
from rest_framework.viewsets import ModelViewSet

from ...exceptions import NotAllowed
from ...models import Factory, Profile
from .. import filters
from ..permissions import StaffWrites
from ..rows import factories_of, profiles_of
from ..submissions import FactorySerializer, ProfileSerializer
from .base import Resource


class LibraryResource(Resource, ModelViewSet[Any]):
    permission_classes = [StaffWrites]


class ProfileViewSet(LibraryResource):
    """How videos are to be encoded: an operation and its parameters, under a name."""

    serializer_class = ProfileSerializer
    filters = (
        filters.cloud(),
        filters.word("name", "name"),
        filters.word("operation", "operation"),
        filters.public_id("factory", "factory__public_id"),
    )

    def get_queryset(self) -> QuerySet[Profile]:
        return profiles_of(self.request.user)


class FactoryViewSet(LibraryResource):
    """Which cloud works, and which storage keeps what comes in and goes out."""

    serializer_class = FactorySerializer
    filters = (filters.cloud(),)

    def get_queryset(self) -> QuerySet[Factory]:
        return factories_of(self.request.user)

    def perform_create(self, serializer: Any) -> None:
        serializer.save(owner=self.request.user)

    def perform_destroy(self, instance: Factory) -> None:
        try:
            instance.delete()
        except ProtectedError:
            raise NotAllowed(
                "The factory has videos and cannot be removed.", advice="Remove its videos first."
            ) from None
