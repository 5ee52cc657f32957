"""Admin actions: a function of ``jobs`` for each selected row, a confirmation, and messages about the result."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse

from .. import jobs
from ..exceptions import InvalidParameters, MediaCloudError
from ..models import Job
from .base import MediaAdmin, UneditedMixin
from .display import page_url

SHOWN = 20
"""Number of selected rows that a confirmation page lists."""


@dataclass(slots=True)
class Tally:
    """How many rows a verb was done on, and why not on the others."""

    done: int = 0
    refusals: Counter[str] = field(default_factory=Counter)

    def attempt(self, verb: Callable[[], Any]) -> bool:
        """Call ``verb``; False if it was refused."""
        try:
            verb()
        except MediaCloudError as error:
            self.refusals[_reason(error)] += 1
            return False
        self.done += 1
        return True

    def tell(self, page: MediaAdmin, request: HttpRequest, done: str) -> None:
        """Messages such as "3 jobs cancelled." and "2 not cancelled: A job that is failed cannot be ..."."""
        if self.done:
            page.message_user(request, f"{_counted(page, self.done)} {done}.", messages.SUCCESS)
        for reason, count in self.refusals.items():
            page.message_user(request, f"{_counted(page, count)} not {done}: {reason}", messages.WARNING)


def _reason(error: MediaCloudError) -> str:
    if isinstance(error, InvalidParameters):
        return "; ".join(", ".join(sentences) for sentences in error.errors.values())
    return str(error)


def _counted(page: MediaAdmin, count: int) -> str:
    return f"{count} {page.opts.verbose_name if count == 1 else page.opts.verbose_name_plural}"


def confirmation(
    page: MediaAdmin, request: HttpRequest, queryset: QuerySet[Any], *, action: str, **context: Any
) -> TemplateResponse:
    """A page that asks before ``action`` is done on ``queryset``; ``context`` has ``title``, ``question``, ``button``
    and may have a ``form`` and ``is_destructive``. The answer comes back as the same action with ``confirmed``."""
    count = queryset.count()
    rows = list(queryset[:SHOWN])
    context = {
        **page.admin_site.each_context(request),
        "opts": page.opts,
        "media": page.media,
        "action": action,
        "checkbox_name": ACTION_CHECKBOX_NAME,
        "selected": request.POST.getlist(ACTION_CHECKBOX_NAME),
        "select_across": request.POST.get("select_across", "0"),
        "stay": request.POST.get("stay", ""),
        "rows": rows,
        "count": count,
        "count_more": count - len(rows),
        **context,
    }
    request.current_app = page.admin_site.name
    return TemplateResponse(request, "admin/mediacloud/confirm.html", context)


def way_back(request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
    """To the row's own page where the verb came from there, else to the list."""
    row = queryset.first() if request.POST.get("stay") else None
    return HttpResponseRedirect(page_url(row)) if row is not None else None


def job_of(row: Any) -> Job:
    """The job of an Encoding, Process or Task, or the job itself."""
    return row if isinstance(row, Job) else row.job


class JobVerbsMixin(UneditedMixin, MediaAdmin):
    """The actions retry and cancel, on a list of jobs of whatever kind."""

    @admin.action(description="Retry selected %(verbose_name_plural)s", permissions=["verb"])
    def retry_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        self._each(request, queryset, jobs.retry, "retried")
        return way_back(request, queryset)

    @admin.action(description="Cancel selected %(verbose_name_plural)s", permissions=["verb"])
    def cancel_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        if "confirmed" in request.POST:
            self._each(request, queryset, jobs.cancel, "cancelled")
            return way_back(request, queryset)
        return confirmation(
            self,
            request,
            queryset,
            action="cancel_selected",
            title=f"Cancel {self.opts.verbose_name_plural}",
            question="What runs is stopped, its unfinished files are removed. A retry starts from the beginning.",
            button="Yes, cancel them",
            is_destructive=True,
        )

    def _each(self, request: HttpRequest, rows: Iterable[Any], verb: Callable[[Job], Any], done: str) -> None:
        tally = Tally()
        for row in rows:
            job = job_of(row)
            if tally.attempt(lambda job=job: verb(job)):  # type: ignore[misc]
                self.log_change(request, row, f"{done.capitalize()}.")
        tally.tell(self, request, done)
