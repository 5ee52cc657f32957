"""Encodings, processes and tasks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from .. import jobs
from ..clouds.registry import all_operations, cloud_aliases, get_cloud
from ..core.capabilities import OperationInfo
from ..core.spec import Kind
from ..models import Encoding, Factory, Process, Task
from .base import MediaAdmin
from .display import job_link, page_link, pretty_json
from .filters import cloud_filter, operation_filter
from .job import JobPagesMixin, job_columns
from .submission import ObjectField, SubmissionForm, SubmissionMixin, address_field, text_field
from .task_form import TaskForm


class KindAdmin(JobPagesMixin, MediaAdmin):
    """One kind of job: its own fields, and those of its job that an editor wants to see."""

    public_id_path = "job__public_id"
    list_select_related = ["job"]
    list_filter = ["job__state", cloud_filter("job__cloud"), operation_filter("job__operation")]
    own_fields: list[str] = []

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        of_job = ["job_page", "cloud", "operation", "parameters", "values"]
        return [(None, {"fields": [*self.own_fields, *of_job]})]

    @admin.display(description="job")
    def job_page(self, row: Any) -> str:
        return job_link(row.job)

    @admin.display
    def cloud(self, row: Any) -> str:
        return str(row.job.cloud)

    @admin.display
    def operation(self, row: Any) -> str:
        return str(row.job.operation)

    @admin.display
    def parameters(self, row: Any) -> str:
        return pretty_json(row.job.parameters)

    @admin.display
    def values(self, row: Any) -> str:
        return pretty_json(row.job.values)


@admin.register(Encoding)
class EncodingAdmin(KindAdmin):
    list_display = ["__str__", "video", "profile_name", *job_columns("job__")]
    list_select_related = ["job", "video"]
    search_fields = ["video__title", "video__original_filename", "profile_name", "job__remote_id"]
    own_fields = ["video_page", "profile_page", "profile_name"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        # Encodings are made on the page of videos.
        return False

    @admin.display(description="video")
    def video_page(self, encoding: Encoding) -> str:
        return page_link(encoding.video)

    @admin.display(description="profile")
    def profile_page(self, encoding: Encoding) -> str:
        return page_link(encoding.profile)


class ProcessForm(SubmissionForm):
    file = forms.FileField(required=False, allow_empty_file=True, help_text="A file from your computer, or ...")
    url = address_field("URL", help_text="... an address from which the site fetches it.")
    target = forms.ChoiceField(label="Output format")
    options = ObjectField(required=False, help_text="More parameters of the conversion, as a JSON object.")
    input_format = text_field(max_length=32, help_text="Format of the source, if its name does not tell.")
    factory = forms.ModelChoiceField(Factory.objects.order_by("name"), required=False)
    callback_url = address_field("Callback URL", help_text="Receives a POST when the process has ended.")

    places = {"format": "target", "output_format": "target"}
    other_place = "options"
    fieldsets = [
        (None, {"fields": ["file", "url", "target"]}),
        ("More", {"fields": ["options", "input_format", "factory", "callback_url"], "classes": ["collapse"]}),
    ]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.fields["target"].choices = _formats()  # type: ignore[attr-defined]

    def submit(self, owner: Any) -> Process:
        data = dict(self.cleaned_data)
        cloud, _, output_format = data.pop("target").partition(":")
        return jobs.submit_process(**data, cloud=cloud, output_format=output_format, owner=owner).process


def _formats() -> list[tuple[str, list[tuple[str, str]]]]:
    """Cloud by cloud, what it can convert to; the values are ``cloud:format``."""
    found = {cloud: sorted(get_cloud(cloud).capabilities.formats) for cloud in cloud_aliases()}
    return [(cloud, [(f"{cloud}:{name}", name) for name in names]) for cloud, names in found.items() if names]


@admin.register(Process)
class ProcessAdmin(SubmissionMixin, KindAdmin):
    submission_form = ProcessForm
    list_display = ["__str__", *job_columns("job__")]
    search_fields = ["filename", "input_format", "output_format", "job__remote_id"]
    own_fields = ["filename", "input_format", "output_format", "factory"]


@admin.register(Task)
class TaskAdmin(SubmissionMixin, KindAdmin):
    """Adding one begins with a choice of operation, in the query string; its form is drawn from what it declares."""

    list_display = ["__str__", *job_columns("job__")]
    search_fields = ["job__operation", "job__remote_id"]
    own_fields = ["metas_shown"]

    @admin.display(description="metas")
    def metas_shown(self, task: Task) -> str:
        return pretty_json(task.metas)

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        asked = request.GET.get("cloud", ""), request.GET.get("operation", "")
        if self.has_add_permission(request) and asked not in _task_operations():
            return self._choose(request)
        return super().add_view(request, form_url, extra_context)

    def make_form(self, request: HttpRequest, *args: Any) -> SubmissionForm:
        cloud, name = request.GET["cloud"], request.GET["operation"]
        return TaskForm(*args, cloud=cloud, operation=_task_operations()[cloud, name])

    def show_form(
        self, request: HttpRequest, form: SubmissionForm, extra_context: dict[str, Any] | None
    ) -> HttpResponse:
        operation = _task_operations()[request.GET["cloud"], request.GET["operation"]]
        more = {"title": f"Add task: {operation.name}", "description": operation.summary, "operation": operation}
        return super().show_form(request, form, {**more, **(extra_context or {})})

    def _choose(self, request: HttpRequest) -> HttpResponse:
        clouds: dict[str, list[OperationInfo]] = {}
        for (cloud, _), operation in _task_operations().items():
            clouds.setdefault(cloud, []).append(operation)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": "Add task: choose an operation",
            "media": self.media,
            "clouds": clouds,
            "has_view_permission": self.has_view_permission(request),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/mediacloud/choose_operation.html", context)


def _task_operations() -> dict[tuple[str, str], OperationInfo]:
    return {
        (cloud, name): operation
        for cloud, operations in all_operations().items()
        for name, operation in operations.items()
        if Kind.TASK in operation.kinds
    }
