"""Notifications from services, and callbacks to others."""

from __future__ import annotations

from django.contrib import admin
from django.utils.safestring import SafeString

from ..core.failure import cut
from ..models import Callback, Notification
from .base import ReadOnlyAdmin
from .display import badge, job_link, pretty_json, raw_text
from .filters import cloud_filter


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    public_id_path = "job__public_id"
    list_display = ["__str__", "cloud", "is_verified", "received_at", "applied_at", "error_shown", "job_page"]
    list_filter = [cloud_filter(), "is_verified", "received_at"]
    list_select_related = ["job"]
    search_fields = ["dedupe_key", "error"]
    fields = ["cloud", "job_page", "is_verified", "received_at", "applied_at", "error"]
    fields += ["dedupe_key", "content_type", "headers_shown", "body_shown"]

    @admin.display(description="job")
    def job_page(self, notification: Notification) -> str:
        return job_link(notification.job)

    @admin.display(description="error")
    def error_shown(self, notification: Notification) -> str:
        return cut(notification.error, 100)

    @admin.display(description="headers")
    def headers_shown(self, notification: Notification) -> str:
        return pretty_json(notification.headers)

    @admin.display(description="body")
    def body_shown(self, notification: Notification) -> str:
        return raw_text(cut(bytes(notification.body).decode("utf-8", "replace")))


@admin.register(Callback)
class CallbackAdmin(ReadOnlyAdmin):
    public_id_path = "job__public_id"
    list_display = ["event", "job_page", "url", "delivery", "tries", "last_status", "next_try_at", "created_at"]
    list_filter = ["state"]
    list_select_related = ["job"]
    search_fields = ["url", "last_error"]
    fields = ["event", "job_page", "attempt", "url", "delivery", "tries", "last_status", "last_error"]
    fields += ["next_try_at", "created_at", "delivered_at"]

    @admin.display(description="job")
    def job_page(self, callback: Callback) -> str:
        return job_link(callback.job)

    @admin.display(description="state", ordering="state")
    def delivery(self, callback: Callback) -> SafeString:
        return badge(callback.state)
