"""The job behind every encoding, process and task, and the pages of these three kinds."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString

from .. import jobs
from ..core.spec import Kind
from ..models import Encoding, Job, JobEvent, Process, Task
from .display import badge, elapsed_s, page_link, pretty_json, progress_bar, raw_text, seconds, short_time
from .filters import cloud_filter, operation_filter
from .removal import RemovalMixin
from .status import MAX_EVENTS, history_of, status_of
from .verbs import JobVerbsMixin, job_of

if TYPE_CHECKING:
    TabularInline = admin.TabularInline[JobEvent, Job]
    InlineFormSet = BaseInlineFormSet[JobEvent, Job, Any]
else:
    TabularInline = admin.TabularInline
    InlineFormSet = BaseInlineFormSet


def job_columns(path: str = "") -> list[Callable[[Any], Any]]:
    """The columns of a list of jobs; ``path`` leads from the listed row to its job, as in an ORM lookup."""

    @admin.display(description="state", ordering=f"{path}state")
    def state(row: Any) -> SafeString:
        return badge(job_of(row).state)

    @admin.display(description="progress", ordering=f"{path}progress")
    def progress(row: Any) -> SafeString:
        return progress_bar(job_of(row).progress)

    @admin.display(description="cloud", ordering=f"{path}cloud")
    def cloud(row: Any) -> str:
        return job_of(row).cloud

    @admin.display(description="operation", ordering=f"{path}operation")
    def operation(row: Any) -> str:
        return job_of(row).operation

    @admin.display(description="failure", ordering=f"{path}failure_code")
    def failure(row: Any) -> str:
        return job_of(row).failure_code

    @admin.display(description="created", ordering=f"{path}created_at")
    def created(row: Any) -> str:
        return short_time(job_of(row).created_at)

    @admin.display(description="duration")
    def duration(row: Any) -> str:
        return seconds(elapsed_s(job_of(row)))

    return [operation, state, progress, failure, created, duration, cloud]


class JobPagesMixin(JobVerbsMixin, RemovalMixin):
    """Lists and pages of jobs of whatever kind."""

    change_form_template = "admin/mediacloud/job_change.html"
    actions = ["retry_selected", "cancel_selected", "delete_selected"]

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        row = kwargs.get("obj")
        if row is not None:
            job = job_of(row)
            context |= status_of(job) | {"events": history_of(job), "can_act": self.has_verb_permission(request)}
        return super().render_change_form(request, context, *args, **kwargs)

    def remove(self, row: Any) -> None:
        jobs.remove_job(job_of(row))


class LatestEvents(InlineFormSet):
    """A job that was polled for days has thousands of events: the page shows the end of its history."""

    _latest: QuerySet[JobEvent] | None = None

    def get_queryset(self) -> QuerySet[JobEvent]:
        if self._latest is None:
            self._latest = super().get_queryset().order_by("-id")[:MAX_EVENTS]
        return self._latest


class JobEventInline(TabularInline):
    model = JobEvent
    formset = LatestEvents
    template = "admin/mediacloud/events_inline.html"
    verbose_name_plural = "history"
    extra = 0
    max_num = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # Who may see a job may see its history.
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def _kind_row(job: Job) -> Encoding | Process | Task | None:
    """The row beside ``job`` that says what it works on."""
    return getattr(job, {Kind.ENCODING: "encoding", Kind.PROCESS: "process", Kind.TASK: "task"}[Kind(job.kind)], None)


@admin.register(Job)
class JobAdmin(JobPagesMixin):
    public_id_path = "public_id"
    list_display = ["name", *job_columns(), "kind"]
    list_filter = ["state", "kind", cloud_filter(), operation_filter()]
    list_select_related = ["encoding__video", "process", "task"]
    search_fields = [
        "remote_id",
        "encoding__video__title",
        "encoding__video__original_filename",
        "encoding__profile_name",
        "process__filename",
    ]
    inlines = [JobEventInline]
    fieldsets = [
        (None, {"fields": ["subject", "kind", "public_id", "cloud", "operation", "parameters_shown", "inputs_shown"]}),
        ("Result", {"fields": ["values_shown", "work", "source"]}),
        ("Times", {"fields": ["created_at", "queued_at", "started_at", "finished_at", "updated_at"]}),
        ("Submission", {"fields": ["owner", "priority", "callback_url", "idempotency_key"]}),
        (
            "Technical",
            {
                "fields": [
                    "remote_id",
                    "attempt",
                    "failures",
                    "lease_owner",
                    "lease_until",
                    "heartbeat_at",
                    "run_after",
                    "woken_at",
                    "failure_raw",
                ],
                "classes": ["collapse"],
            },
        ),
    ]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description="job", ordering="id")
    def name(self, job: Job) -> str:
        row = _kind_row(job)
        return f"{row.video}: {row.profile_name}" if isinstance(row, Encoding) else str(row or job)

    @admin.display(description="works on")
    def subject(self, job: Job) -> str | SafeString:
        row = _kind_row(job)
        return page_link(row.video if isinstance(row, Encoding) else row)

    @admin.display(description="parameters")
    def parameters_shown(self, job: Job) -> str:
        return pretty_json(job.parameters)

    @admin.display(description="inputs")
    def inputs_shown(self, job: Job) -> str:
        return pretty_json(job.inputs)

    @admin.display(description="values")
    def values_shown(self, job: Job) -> str:
        return pretty_json(job.values)

    @admin.display(description="work")
    def work(self, job: Job) -> str:
        return seconds(job.work_s)

    @admin.display(description="source media")
    def source(self, job: Job) -> str:
        return seconds(job.source_s)

    @admin.display(description="failure log")
    def failure_raw(self, job: Job) -> str:
        return raw_text(job.failure_log)
