"""Base classes of the admin pages: constant numbers of queries, search by public id, read-only rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from ..core.ids import parse_id

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin[Any]
else:
    ModelAdmin = admin.ModelAdmin


class MediaAdmin(ModelAdmin):
    """``public_id_path`` is the lookup from the row to its public id, which can be searched for in any notation."""

    public_id_path: str = ""
    # The number of all rows beside that of the filtered ones is a second count of a table that may be large.
    show_full_result_count = False

    class Media:
        css = {"all": ["mediacloud/admin.css"]}

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Without read-only fields on the page that adds a row."""
        fieldsets = super().get_fieldsets(request, obj)
        if obj is not None:
            return fieldsets
        hidden = set(self.get_readonly_fields(request, obj))
        shown = [
            (title, {**options, "fields": [field for field in options["fields"] if field not in hidden]})
            for title, options in fieldsets
        ]
        return [fieldset for fieldset in shown if fieldset[1]["fields"]]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if self.public_id_path:
            try:
                public_id = parse_id(search_term.strip())
            except ValueError:
                pass
            else:
                return queryset.filter(**{self.public_id_path: public_id}), False
        return super().get_search_results(request, queryset, search_term)


class UneditedMixin(ModelAdmin):
    """Rows that cannot be edited. Actions change them, and need the model's change permission."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_view_permission(request, obj) or self.has_verb_permission(request)

    def has_verb_permission(self, request: HttpRequest) -> bool:
        return super().has_change_permission(request)


class ReadOnlyAdmin(UneditedMixin, MediaAdmin):
    """Rows that only the program writes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
