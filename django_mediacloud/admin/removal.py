"""Deletion with the functions of ``jobs``: files before rows, and never under a running worker."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from copy import copy
from typing import Any

from django.contrib import admin
from django.contrib.admin.actions import delete_selected as ask_for_deletion
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from ..exceptions import StorageError
from ..models import Output
from .base import MediaAdmin
from .display import page_url
from .verbs import SHOWN, Tally


class RemovalMixin(MediaAdmin):
    """Replaces Django's deletion. ``outputs_path`` is the lookup from an Output to the listed row."""

    outputs_path = "job"

    def remove(self, row: Any) -> None:
        """Remove one row with all that belongs to it; ``NotAllowed`` if its state forbids it."""
        raise NotImplementedError

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._remove_each(request, [obj])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        self._remove_each(request, queryset)

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Django's confirmation, but not its transaction: a removal may be refused, files cannot be rolled back, and a
        removal that waits for a cancelled job must not roll back the cancel."""
        row = self.get_object(request, unquote(object_id)) if request.method == "POST" else None
        if row is None:
            return super().delete_view(request, object_id, extra_context)
        if not self.has_delete_permission(request, row):
            raise PermissionDenied
        own_page = page_url(row)
        self.delete_model(request, row)
        listing = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return HttpResponseRedirect(own_page if self.get_object(request, unquote(object_id)) else listing)

    @admin.action(description="Delete selected %(verbose_name_plural)s", permissions=["delete"])
    def delete_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if request.POST.get("post"):
            self.delete_queryset(request, queryset)
            return None
        return ask_for_deletion(self, request, queryset)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """The numbers of what would be deleted: the related rows of a job are too many to be listed."""
        rows = list(objs)
        total = len(rows)
        named = [str(row) for row in rows[:SHOWN]] + ([f"... and {total - SHOWN} more"] if total > SHOWN else [])
        outputs = Output.objects.filter(**{f"{self.outputs_path}__in": [row.pk for row in rows]}).count()
        counts = Counter({str(self.opts.verbose_name_plural): total, "output files": outputs})
        is_allowed = all(self.has_delete_permission(request, row) for row in rows)
        return named, counts, set() if is_allowed else {str(self.opts.verbose_name)}, []

    def _remove_each(self, request: HttpRequest, rows: Iterable[Any]) -> None:
        tally, removed = Tally(), []
        for row in rows:
            # A row that is gone has no primary key any more, and the log wants it.
            kept = copy(row)
            if tally.attempt(lambda row=row: self._remove_whole(row)):  # type: ignore[misc]
                removed.append(kept)
        if removed:
            self.log_deletions(request, removed)  # type: ignore[arg-type]
        tally.tell(self, request, "deleted")

    def _remove_whole(self, row: Any) -> None:
        pk = row.pk
        self.remove(row)
        if self.model.objects.filter(pk=pk).exists():
            raise StorageError("The storage did not delete a file; delete it again later.")
