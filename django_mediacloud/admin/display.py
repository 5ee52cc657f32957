"""Renders values for the admin pages, without a query or a request."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

from django.db.models import Model
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from ..jobs import Estimate
from ..models import Job

NOTHING = "-"


def badge(state: str) -> SafeString:
    """A state as a coloured label. Its text says the same, for those who do not see colours."""
    return format_html('<span class="mc-state mc-state-{}">{}</span>', state, state.replace("_", " "))


def progress_bar(percent: float) -> SafeString:
    shown = round(percent)
    return format_html(
        '<progress class="mc-progress" max="100" value="{0}" aria-label="Progress">{0} %</progress>'
        ' <span class="mc-percent">{0} %</span>',
        shown,
    )


def seconds(value: float | None) -> str:
    """A length of time for people: ``0.4 s``, ``12 s``, ``3 min 5 s``, ``2 h 10 min``."""
    if value is None:
        return NOTHING
    if value < 10:
        return f"{value:.1f} s"
    minutes, rest = divmod(round(value), 60)
    if minutes == 0:
        return f"{rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"


def elapsed_s(job: Job) -> float | None:
    """Seconds from the start of the present attempt to its end, or to now."""
    if job.started_at is None:
        return None
    until: dt.datetime = job.finished_at or timezone.now()
    return max(0.0, (until - job.started_at).total_seconds())


def pretty_json(value: Any) -> SafeString | str:
    if not value:
        return NOTHING
    return format_html('<pre class="mc-code">{}</pre>', json.dumps(value, indent=2, ensure_ascii=False))


def raw_text(value: str) -> SafeString | str:
    return format_html('<pre class="mc-code">{}</pre>', value) if value else NOTHING


def page_url(row: Model, page: str = "change") -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_{page}", args=[row.pk])


def page_link(row: Model | None) -> SafeString | str:
    return format_html('<a href="{}">{}</a>', page_url(row), row) if row is not None else NOTHING


def job_link(job: Job | None) -> SafeString | str:
    """Shorter than the job's own words, for columns."""
    if job is None:
        return NOTHING
    return format_html('<a href="{}">{} {}</a>', page_url(job), job.operation, job.pk)


def short_time(value: dt.datetime) -> str:
    return date_format(localtime(value), "SHORT_DATETIME_FORMAT")


def expectation(estimate: Estimate) -> str:
    """Place in the queue and time left of an unfinished job, as a sentence; empty if nothing is known."""
    parts = []
    if estimate.place:
        parts.append(f"place {estimate.place} in the queue")
    if estimate.is_unattended:
        parts.append("nothing runs: is mediacloud_worker up?")
    elif estimate.place and estimate.waiting_s is not None:
        is_next = estimate.waiting_s < 1
        parts.append("starts next" if is_next else f"starts in about {seconds(estimate.waiting_s)}")
    if estimate.remaining_s is not None:
        parts.append(f"about {seconds(estimate.remaining_s)} of work left")
    sentence = ", ".join(parts)
    return sentence[:1].upper() + sentence[1:]
