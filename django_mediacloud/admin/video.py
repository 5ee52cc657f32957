"""Videos: upload, source and encodings."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.utils.safestring import SafeString

from .. import jobs
from ..core.states import State
from ..models import Encoding, Factory, Profile, Video
from .base import MediaAdmin
from .display import badge, pretty_json, raw_text, seconds, short_time
from .removal import RemovalMixin
from .status import encodings_of
from .submission import SubmissionForm, SubmissionMixin, address_field, text_field
from .verbs import Tally, confirmation, way_back


def profiles_field(**kwargs: Any) -> Any:
    return forms.ModelMultipleChoiceField(
        Profile.objects.order_by("name"), widget=forms.CheckboxSelectMultiple, **kwargs
    )


class VideoForm(SubmissionForm):
    title = text_field()
    file = forms.FileField(required=False, allow_empty_file=True, help_text="A file from your computer, or ...")
    source_url = address_field("Source URL", help_text="... an address from which the site fetches it.")
    profiles = profiles_field(required=False, help_text="An encoding is made with each of them.")
    factory = forms.ModelChoiceField(Factory.objects.order_by("name"), required=False)
    payload = text_field(max_length=256, help_text="Your own data, stored and returned unchanged.")
    callback_url = address_field("Callback URL", help_text="Receives a POST when each encoding has ended.")

    fieldsets = [
        (None, {"fields": ["title", "file", "source_url", "profiles"]}),
        ("More", {"fields": ["factory", "payload", "callback_url"], "classes": ["collapse"]}),
    ]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.fields["profiles"].initial = Profile.objects.filter(is_default=True)

    def submit(self, owner: Any) -> Video:
        return jobs.submit_video(**{**self.cleaned_data, "profiles": list(self.cleaned_data["profiles"])}, owner=owner)


class EncodeForm(forms.Form):
    profiles = profiles_field(error_messages={"required": "Choose at least one profile."})


def _encodings(state: State | None = None) -> Coalesce:
    """How many encodings a listed video has: counted for the rows of the page only."""
    asked = Q() if state is None else Q(job__state=state)
    rows = Encoding.objects.filter(asked, video=OuterRef("pk")).order_by().values("video")
    return Coalesce(Subquery(rows.annotate(count=Count("pk")).values("count")), 0)


@admin.register(Video)
class VideoAdmin(SubmissionMixin, RemovalMixin, MediaAdmin):
    submission_form = VideoForm
    change_form_template = "admin/mediacloud/video_change.html"
    outputs_path = "job__encoding__video"
    public_id_path = "public_id"
    actions = ["encode_selected", "retry_source_selected", "delete_selected"]
    list_display = ["name", "source", "encodings", "failure_code", "length", "size", "created"]
    list_filter = ["state"]
    search_fields = ["title", "original_filename", "source_url", "payload", "remote_id"]
    fieldsets = [
        (None, {"fields": ["title", "payload"]}),
        (
            "Source",
            {"fields": ["original_filename", "source_url", "content_type", "size", "length", "picture"]},
        ),
        ("All facts", {"fields": ["media_facts"], "classes": ["collapse"]}),
        ("Keeping", {"fields": ["public_id", "factory", "owner", "created_at", "updated_at", "encoded_at"]}),
        (
            "Technical",
            {
                "fields": [
                    "storage",
                    "path",
                    "remote_id",
                    "attempt",
                    "failures",
                    "lease_owner",
                    "lease_until",
                    "run_after",
                    "woken_at",
                    "failure_raw",
                ],
                "classes": ["collapse"],
            },
        ),
    ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [name for _, options in self.fieldsets for name in options["fields"] if name not in {"title", "payload"}]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        videos = super().get_queryset(request)
        counts = {"encoding_count": _encodings(), "succeeded_count": _encodings(State.SUCCEEDED)}
        return cast("QuerySet[Any]", videos.annotate(**counts))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        # Only what was edited: a worker may be writing the other columns.
        obj.save(update_fields=[*form.changed_data, "updated_at"])

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        video = kwargs.get("obj")
        if video is not None:
            # There is a page of its own for "another one".
            context |= {"show_save_and_add_another": False} | encodings_of(video)
        return super().render_change_form(request, context, *args, **kwargs)

    def remove(self, row: Video) -> None:
        jobs.remove_video(row)

    @admin.action(description="Encode selected videos with ...", permissions=["change"])
    def encode_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        form = EncodeForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            self._encode_each(request, queryset, list(form.cleaned_data["profiles"]))
            return way_back(request, queryset)
        return confirmation(
            self,
            request,
            queryset,
            action="encode_selected",
            title="Encode videos",
            question="Each of these videos is encoded with each of the profiles that you choose.",
            button="Encode",
            form=form,
        )

    def _encode_each(self, request: HttpRequest, videos: Iterable[Video], profiles: list[Profile]) -> None:
        tally = Tally()
        names = ", ".join(profile.name for profile in profiles)
        for video in videos:
            if tally.attempt(lambda video=video: jobs.submit_encodings(video, profiles, owner=request.user)):  # type: ignore[misc]
                self.log_change(request, video, f"Encoded with {names}.")
        tally.tell(self, request, f"submitted for {len(profiles)} encoding{'s' if len(profiles) > 1 else ''} each")

    @admin.action(description="Retry the source of selected videos", permissions=["change"])
    def retry_source_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        tally = Tally()
        for video in queryset:
            if tally.attempt(lambda video=video: jobs.retry_video(video)):  # type: ignore[misc]
                self.log_change(request, video, "Source retried.")
        tally.tell(self, request, "retried")
        return way_back(request, queryset)

    @admin.display(description="video", ordering="title")
    def name(self, video: Video) -> str:
        return str(video)

    @admin.display(description="source", ordering="state")
    def source(self, video: Video) -> SafeString:
        return badge(video.state)

    @admin.display(description="encodings")
    def encodings(self, video: Any) -> str:
        return f"{video.succeeded_count} of {video.encoding_count} done" if video.encoding_count else "-"

    @admin.display(ordering="created_at")
    def created(self, video: Video) -> str:
        return short_time(video.created_at)

    @admin.display(description="duration", ordering="duration_s")
    def length(self, video: Video) -> str:
        return seconds(video.duration_s)

    @admin.display(ordering="size_bytes")
    def size(self, video: Video) -> str:
        return "-" if video.size_bytes is None else filesizeformat(video.size_bytes)

    @admin.display(description="size as seen")
    def picture(self, video: Video) -> str:
        return f"{video.width} x {video.height} px" if video.width else "-"

    @admin.display(description="facts")
    def media_facts(self, video: Video) -> str:
        return pretty_json(video.facts)

    @admin.display(description="failure log")
    def failure_raw(self, video: Video) -> str:
        return raw_text(video.failure_log)
