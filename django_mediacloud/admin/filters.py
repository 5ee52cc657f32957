"""Filters whose choices come from the settings and the registry, never from a scan of the table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from ..clouds.registry import all_operations, cloud_aliases
from ..exceptions import MediaCloudError


class _WordFilter(SimpleListFilter):
    path: str = ""

    def words(self) -> Iterable[str]:
        raise NotImplementedError

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        # A word that is asked for but no longer in the settings can still be seen and taken back.
        asked = request.GET.get(self.parameter_name or "")
        return [(word, word) for word in sorted({*self.words(), *([asked] if asked else [])})]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.path: self.value()}) if self.value() else queryset


class _CloudFilter(_WordFilter):
    title = "cloud"
    parameter_name = "cloud"

    def words(self) -> Iterable[str]:
        return cloud_aliases()


class _OperationFilter(_WordFilter):
    title = "operation"
    parameter_name = "operation"

    def words(self) -> Iterable[str]:
        try:
            return {name for operations in all_operations().values() for name in operations}
        except MediaCloudError:
            # A cloud that cannot be loaded is a system check error; the list must open all the same.
            return ()


def cloud_filter(path: str = "cloud") -> type[SimpleListFilter]:
    """A filter by cloud; ``path`` leads from the listed row to the column."""
    return type("CloudFilter", (_CloudFilter,), {"path": path})


def operation_filter(path: str = "operation") -> type[SimpleListFilter]:
    """A filter by operation; ``path`` leads from the listed row to the column."""
    return type("OperationFilter", (_OperationFilter,), {"path": path})


class StandingFilter(SimpleListFilter):
    """Access keys that are good, or are not any more."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> list[tuple[str, str]]:
        return [("valid", "valid"), ("revoked", "revoked")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(revoked_at__isnull=self.value() == "valid") if self.value() else queryset
