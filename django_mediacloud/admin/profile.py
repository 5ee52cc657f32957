"""Factories and profiles."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest, HttpResponse

from .. import jobs
from ..clouds.registry import all_operations, cloud_aliases, get_operation
from ..core.capabilities import OperationInfo
from ..core.spec import Kind
from ..engine.encoding.presets import load_presets
from ..exceptions import MediaCloudError
from ..models import Factory, Profile
from .base import MediaAdmin
from .filters import cloud_filter, operation_filter
from .parameter_fields import parameter_rows
from .submission import ObjectField

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class ChoosingForm(ModelForm):
    """Columns that hold a name from the settings become a choice among these names."""

    def offer(self, field: str, words: Any) -> None:
        if field not in self.fields:
            return  # the page is for looking only
        # A name that is gone from the settings stays until somebody chooses another one.
        present = getattr(self.instance, field) if self.instance.pk else None
        choices = sorted({*words, *([present] if present else [])})
        known = self.fields[field]
        self.fields[field] = forms.ChoiceField(
            choices=[(word, word) for word in choices], label=known.label, help_text=known.help_text
        )


class FactoryForm(ChoosingForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("cloud", cloud_aliases())
        self.offer("storage", [alias for alias in settings.STORAGES if alias != "staticfiles"])


@admin.register(Factory)
class FactoryAdmin(MediaAdmin):
    form = FactoryForm
    public_id_path = "public_id"
    list_display = ["name", "cloud", "storage", "remote_id", "created_at"]
    list_filter = [cloud_filter()]
    search_fields = ["name", "remote_id"]
    fields = ["name", "cloud", "storage", "owner", "public_id", "remote_id", "created_at", "updated_at"]
    readonly_fields = ["public_id", "remote_id", "created_at", "updated_at"]
    raw_id_fields = ["owner"]


class ProfileForm(ChoosingForm):
    parameters = ObjectField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("cloud", cloud_aliases())
        self.offer("operation", _encoders())


def _encoders() -> set[str]:
    """The operations of all clouds that a video can be sent through."""
    return {
        name
        for operations in all_operations().values()
        for name, operation in operations.items()
        if Kind.ENCODING in operation.kinds
    }


def _operation_of(form: Any) -> OperationInfo | None:
    """What the page shows now, to explain its parameters; None if the cloud does not have it."""
    cloud, name = (
        form[field].value() if field in form.fields else getattr(form.instance, field)
        for field in ("cloud", "operation")
    )
    try:
        return get_operation(cloud or "", name or "")
    except MediaCloudError:
        return None


@admin.register(Profile)
class ProfileAdmin(MediaAdmin):
    form = ProfileForm
    public_id_path = "public_id"
    change_form_template = "admin/mediacloud/profile_change.html"
    list_display = ["name", "title", "cloud", "operation", "preset_name", "is_default", "factory"]
    list_filter = [cloud_filter(), operation_filter(), "is_default"]
    list_select_related = ["factory"]
    search_fields = ["name", "title", "preset_name", "remote_id"]
    fieldsets = [
        (None, {"fields": ["name", "title", "is_default", "cloud", "operation", "parameters"]}),
        ("More", {"fields": ["factory", "preset_name", "public_id", "remote_id", "created_at", "updated_at"]}),
    ]
    readonly_fields = ["preset_name", "public_id", "remote_id", "created_at", "updated_at"]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        """``?preset=h264`` fills the form with that preset."""
        initial: dict[str, Any] = dict(super().get_changeform_initial_data(request))
        name = request.GET.get("preset", "")
        if name in load_presets():
            profile = jobs.profile_from_preset(name)
            wanted = ["name", "title", "cloud", "operation", "parameters"]
            initial |= {field: getattr(profile, field) for field in wanted}
        return initial

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not change and request.GET.get("preset", "") in load_presets():
            obj.preset_name = request.GET["preset"]
        super().save_model(request, obj, form, change)

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = context["adminform"].form
        operation = _operation_of(form)
        context |= {
            "presets": load_presets().values(),
            "operation": operation,
            "parameters": parameter_rows(operation) if operation else [],
        }
        return super().render_change_form(request, context, *args, **kwargs)
