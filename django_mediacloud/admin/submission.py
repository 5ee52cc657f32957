"""Add pages that submit: their own form in place of a model form, and a function of ``jobs`` in place of ``save``."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.widgets import AdminTextareaWidget, AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from ..exceptions import InvalidParameters, MediaCloudError
from .base import MediaAdmin
from .display import page_url
from .parameter_fields import AddressInput

Fieldsets = Sequence[tuple[str | None, dict[str, Any]]]


def text_field(label: str | None = None, *, max_length: int = 300, help_text: str = "") -> forms.CharField:
    return forms.CharField(
        required=False, max_length=max_length, label=label, help_text=help_text, widget=AdminTextInputWidget
    )


def address_field(label: str, *, help_text: str = "") -> forms.CharField:
    """A URL, validated by ``jobs``."""
    return forms.CharField(required=False, max_length=2000, label=label, help_text=help_text, widget=AddressInput)


class ObjectField(forms.JSONField):
    """A JSON object, laid out to be read and edited. Empty means ``{}``."""

    widget = AdminTextareaWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.widget.attrs["class"] = "vLargeTextField mc-json"

    def prepare_value(self, value: Any) -> Any:
        return json.dumps(value, indent=2, ensure_ascii=False) if isinstance(value, dict) else value

    def clean(self, value: Any) -> Any:
        cleaned = super().clean(value)
        if cleaned in self.empty_values:
            return {}
        if not isinstance(cleaned, dict):
            raise forms.ValidationError("must be a JSON object, such as {}", code="invalid")
        return cleaned


class SubmissionForm(forms.Form):
    """``places`` maps names in errors of ``jobs`` to fields of the form. All others go to ``other_place``."""

    places: Mapping[str, str] = {}
    other_place: str | None = None
    fieldsets: Fieldsets = ()
    required_css_class = "required"

    def submit(self, owner: Any) -> Model:
        """Submit the form's data and return the new row. Raises what ``jobs`` raises; then nothing is stored."""
        raise NotImplementedError

    def refuse(self, error: MediaCloudError) -> None:
        """Add the messages of an error to the fields that it names."""
        if not isinstance(error, InvalidParameters):
            self.add_error(None, error.full_message)
            return
        for name, sentences in error.errors.items():
            place = self.places.get(name, name)
            for sentence in sentences:
                if place in self.fields:
                    self.add_error(place, sentence)
                else:
                    self.add_error(self.other_place, f"{name}: {sentence}")


class SubmissionMixin(MediaAdmin):
    """``submission_form`` is the form of the "add" page."""

    submission_form: type[SubmissionForm] = SubmissionForm
    submission_template = "admin/mediacloud/submit.html"

    def make_form(self, request: HttpRequest, *args: Any) -> SubmissionForm:
        return self.submission_form(*args)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = self.make_form(request, *([request.POST, request.FILES] if request.method == "POST" else []))
        if form.is_bound and form.is_valid() and (row := self._submit(request, form)) is not None:
            return HttpResponseRedirect(page_url(row))
        return self.show_form(request, form, extra_context)

    def _submit(self, request: HttpRequest, form: SubmissionForm) -> Model | None:
        try:
            row = form.submit(request.user)
        except MediaCloudError as error:
            form.refuse(error)
            return None
        self.log_addition(request, row, "Submitted.")
        self.message_user(request, f"The {self.opts.verbose_name} was submitted.", messages.SUCCESS)
        return row

    def show_form(
        self, request: HttpRequest, form: SubmissionForm, extra_context: dict[str, Any] | None
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"Add {self.opts.verbose_name}",
            "form": form,
            "adminform": AdminForm(form, form.fieldsets, {}, model_admin=self),  # type: ignore[arg-type]
            "media": self.media + form.media,
            "has_view_permission": self.has_view_permission(request),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, self.submission_template, context)
