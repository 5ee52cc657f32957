"""Querysets of the rows that a user may see, with all that their serializers read: no query for each row."""

from __future__ import annotations

from typing import Any

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from ..core.spec import Kind
from ..models import Encoding, Factory, Job, Output, Profile, Video

SEGMENT = "segment"
"""Role of the segments of a stream. They are left out of a job: its playlist names them."""

_BESIDE = {
    Kind.ENCODING: ("encoding__video", "encoding__profile"),
    Kind.PROCESS: ("process__factory",),
    Kind.TASK: ("task",),
}


def jobs_of(user: Any, kind: Kind | None = None) -> QuerySet[Job]:
    rows = Job.objects.visible_to(user)
    if kind is not None:
        rows = rows.filter(kind=kind).select_related(*_BESIDE[kind])
    shown = _present(Output.objects.exclude(role=SEGMENT)).order_by("id")
    return rows.prefetch_related(Prefetch("outputs", queryset=shown, to_attr="shown_outputs"))


def outputs_of(user: Any) -> QuerySet[Output]:
    rows = _present(Output.objects.select_related("job"))
    return rows if user.is_staff else rows.filter(job__owner=user)


def _present(outputs: QuerySet[Output]) -> QuerySet[Output]:
    """Those of jobs that succeeded, before they expire."""
    return outputs.filter(Q(expires_at__isnull=True) | Q(expires_at__gt=timezone.now()), is_ready=True)


def videos_of(user: Any) -> QuerySet[Video]:
    encodings = Encoding.objects.select_related("job").order_by("job_id")
    return Video.objects.visible_to(user).select_related("factory").prefetch_related(Prefetch("encodings", encodings))


def own_videos(user: Any) -> QuerySet[Video]:
    """Videos that a user may refer to, without the relations of ``videos_of``."""
    return Video.objects.visible_to(user)


def profiles_of(_user: Any) -> QuerySet[Profile]:
    return Profile.objects.select_related("factory")


def factories_of(_user: Any) -> QuerySet[Factory]:
    return Factory.objects.all()
