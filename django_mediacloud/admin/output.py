"""Produced files, and their download."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.defaultfilters import filesizeformat
from django.urls import path
from django.utils.html import format_html

from ..exceptions import StorageError
from ..models import Output
from ..serving import download
from .base import ReadOnlyAdmin
from .display import NOTHING, job_link, page_url, pretty_json, short_time


@admin.register(Output)
class OutputAdmin(ReadOnlyAdmin):
    public_id_path = "job__public_id"
    list_display = ["name", "job_page", "role", "size", "content_type", "is_ready", "created", "file"]
    list_filter = ["is_ready", "created_at", "expires_at"]
    list_select_related = ["job"]
    search_fields = ["name", "path", "content_type"]
    ordering = ["-id"]
    fields = ["name", "file", "job_page", "attempt", "role", "size", "content_type", "is_ready", "info_shown"]
    fields += ["storage", "path", "url", "created_at", "expires_at"]

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.download_view)
        return [path("<int:pk>/download/", view, name="mediacloud_output_download"), *super().get_urls()]

    def download_view(self, request: HttpRequest, pk: int) -> HttpResponseBase:
        output = get_object_or_404(Output, pk=pk, is_ready=True)
        if not self.has_view_permission(request, output):
            raise PermissionDenied
        try:
            return download(request, output, is_saved=True)
        except StorageError as error:
            self.message_user(request, str(error), messages.ERROR)
            return HttpResponseRedirect(page_url(output))

    @admin.display(description="job", ordering="job")
    def job_page(self, output: Output) -> str:
        return job_link(output.job)

    @admin.display(ordering="created_at")
    def created(self, output: Output) -> str:
        return short_time(output.created_at)

    @admin.display(ordering="size_bytes")
    def size(self, output: Output) -> str:
        return filesizeformat(output.size_bytes)

    @admin.display(description="file")
    def file(self, output: Output) -> str:
        if not output.is_ready:
            return NOTHING
        label = f"Download {output.name}"
        return format_html('<a href="{}" aria-label="{}">Download</a>', page_url(output, "download"), label)

    @admin.display(description="facts")
    def info_shown(self, output: Output) -> str:
        return pretty_json(output.info)
