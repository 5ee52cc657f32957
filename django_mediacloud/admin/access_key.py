"""Access keys for clients of old services: created by a form, shown once, revoked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth import get_user_model
from django.core.validators import MaxValueValidator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString

from ..access import MAX_LIMIT, clean_referrers, issue, kind_of, revoke, services
from ..clouds.registry import cloud_aliases
from ..exceptions import InvalidParameters
from ..models import AccessKey
from .base import MediaAdmin
from .display import badge
from .filters import StandingFilter
from .profile import ChoosingForm
from .submission import text_field
from .verbs import confirmation, way_back

_LIMITS: list[Any] = ["max_unfinished", "max_per_minute", "keep_days"]


class ReferrersField(forms.CharField):
    """Hosts, one in each line. The cleaned value is a list."""

    widget = AdminTextareaWidget(attrs={"rows": 3})

    def __init__(self) -> None:
        super().__init__(
            required=False,
            help_text="Sites whose pages may use the public key, one in each line: example.com, or *.example.com.",
        )

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        try:
            return clean_referrers(super().clean(value).split())
        except InvalidParameters as error:
            raise forms.ValidationError(error.errors["referrers"]) from error


class AccessKeyForm(ChoosingForm):
    """A key that is there, or, without one, what a new one is to be."""

    name = text_field(max_length=200, help_text="A note on who uses it, and where.")
    referrers = ReferrersField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offer("service", services())
        self.offer("cloud", cloud_aliases())
        for name in self.fields.keys() & set(_LIMITS):
            # Django asks for what fits the column, and that is more on some databases than on others.
            self.fields[name].validators.append(MaxValueValidator(MAX_LIMIT))

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        service = data.get("service") or self.instance.service
        if data.get("referrers") and service and not kind_of(service).has_referrers:
            self.add_error("referrers", f"{kind_of(service).title} knows no referrers")
        return data


@admin.register(AccessKey)
class AccessKeyAdmin(MediaAdmin):
    form = AccessKeyForm
    change_form_template = "admin/mediacloud/accesskey_change.html"
    public_id_path = "public_id"
    list_display = ["__str__", "service", "owner", "standing", "use_count", "refused_count", "last_used_at"]
    list_filter = ["service", StandingFilter, "last_used_at"]
    list_select_related = ["owner"]
    search_fields = ["name", "public_key"]
    raw_id_fields = ["owner"]
    actions = ["revoke_selected"]
    fieldsets = [
        (None, {"fields": ["service", "name", "owner", "cloud", "public_key", "standing", "referrers"]}),
        ("Limits", {"fields": _LIMITS}),
        ("Use", {"fields": ["use_count", "last_used_at", "refused_count", "last_refused_at", "created_at"]}),
    ]
    readonly_fields = ["public_key", "standing", "use_count", "last_used_at", "refused_count", "last_refused_at"]
    readonly_fields += ["created_at", "revoked_at"]

    def get_search_fields(self, request: HttpRequest) -> list[str]:
        # Not every site's users have a username.
        return [*self.search_fields, f"owner__{get_user_model().USERNAME_FIELD}"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        # Of which service the credentials are cannot be changed: they are spelled as that one's.
        return [*self.readonly_fields, "service"] if obj is not None else self.readonly_fields

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # The row says whose jobs are whose. A key is revoked.
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if change:
            # Only what was edited: meanwhile the key may be used, or revoked.
            obj.save(update_fields=[*form.changed_data, "updated_at"])
            return
        data = form.cleaned_data
        # What is left as it was offered is not asked for: the account may have a lifetime of files.
        names = ["owner", "name", "cloud", "referrers", *(name for name in _LIMITS if name in form.changed_data)]
        issued = issue(data["service"], **{name: data[name] for name in names})
        # Django goes on with the row that it was given.
        for field in obj._meta.concrete_fields:
            setattr(obj, field.attname, getattr(issued.key, field.attname))
        obj._state.adding = False
        obj.issued = issued

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """The credentials, in this answer and nowhere else: a message would lie in a cookie until it is shown."""
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "The new key",
            "media": self.media,
            "key": obj,
            "credentials": obj.issued.credentials,
            "has_view_permission": self.has_view_permission(request),
        }
        request.current_app = self.admin_site.name
        answer = TemplateResponse(request, "admin/mediacloud/accesskey_issued.html", context)
        answer["Cache-Control"] = "no-store"
        return answer

    @admin.display(description="state")
    def standing(self, key: AccessKey) -> SafeString:
        return badge("revoked" if key.revoked_at else "valid")

    @admin.action(description="Revoke selected %(verbose_name_plural)s", permissions=["change"])
    def revoke_selected(self, request: HttpRequest, queryset: QuerySet[AccessKey]) -> HttpResponse | None:
        if "confirmed" not in request.POST:
            return confirmation(
                self,
                request,
                queryset,
                action="revoke_selected",
                title="Revoke access keys",
                question="Programs that use them are refused from now on. This cannot be undone.",
                button="Yes, revoke them",
                is_destructive=True,
            )
        revoked = [key for key in queryset if revoke(key)]
        for key in revoked:
            self.log_change(request, key, "Revoked.")
        self.message_user(request, f"{len(revoked)} revoked.")
        back: HttpResponse | HttpResponseRedirect | None = way_back(request, queryset)
        return back
