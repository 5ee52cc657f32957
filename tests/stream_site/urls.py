"""``/<page>?job=1&job=2`` with primary keys, and perhaps ``&client=name``.

Every page asks the database first, as a page that checks a key would.
"""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.urls import path

from django_mediacloud.models import Job, Output
from django_mediacloud.serving import download
from django_mediacloud.serving.parts import respond_in_parts
from django_mediacloud.serving.streams import respond_when_done, stream
from django_mediacloud.serving.watching import wait_async
from example_project.views import healthz

PART_BYTES = 32 * 1024 * 1024
"""More than any socket keeps for a client that does not read."""


def described(job: Job) -> dict[str, object]:
    return {"pk": job.pk, "n": job.values.get("n", 0), "state": job.state}


def first_line(jobs: list[Job]) -> bytes:
    return json.dumps([described(job) for job in jobs]).encode() + b"\n"


def line(job: Job) -> bytes:
    return json.dumps(described(job)).encode() + b"\n"


def line_or_fault(job: Job) -> bytes:
    return line(job) if job.state == "running" else b"%d" % (1 / 0)


def line_by_query(job: Job) -> bytes:
    return line(Job.objects.get(pk=job.pk))


def asked(request: HttpRequest) -> list[int]:
    pks = [int(word) for word in request.GET.getlist("job")]
    found = set(Job.objects.filter(pk__in=pks).values_list("pk", flat=True))
    return [pk for pk in pks if pk in found]


def streaming(render: Callable[[Job], bytes]) -> Callable[[HttpRequest], HttpResponseBase]:
    def view(request: HttpRequest) -> HttpResponseBase:
        return stream(request, asked(request), first_line, render, client=request.GET.get("client"))

    return view


def done(request: HttpRequest) -> HttpResponseBase:
    return respond_when_done(request, asked(request), first_line, client=request.GET.get("client"))


def in_parts(request: HttpRequest) -> HttpResponseBase:
    """Three of them."""
    counted = (b"%d" % Job.objects.count() + b" " * PART_BYTES for _ in range(3))
    return respond_in_parts(request, counted, content_type="text/plain")


def file(request: HttpRequest) -> HttpResponseBase:
    return download(request, Output.objects.select_related("job").get())


async def waited(request: HttpRequest) -> HttpResponseBase:
    jobs = await wait_async([int(word) for word in request.GET.getlist("job")], max_s=30)
    return JsonResponse([described(job) for job in jobs], safe=False)


urlpatterns = [
    path("stream", streaming(line)),
    path("broken", streaming(line_or_fault)),
    path("asking", streaming(line_by_query)),
    path("done", done),
    path("parts", in_parts),
    path("file", file),
    path("waited", waited),
    path("healthz", healthz),
]
