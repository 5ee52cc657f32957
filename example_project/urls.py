from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.urls import include, path, re_path

from . import views

urlpatterns = [
    path("", views.home),
    path("admin/", admin.site.urls),
    path("api/", include("django_mediacloud.api.urls")),
    path("healthz", views.healthz),
    path("stupeflix/", include("django_mediacloud.clouds.stupeflix.server.urls")),
    path("hooks/", include("django_mediacloud.webhooks")),
    # The same at the root, for old clients that know only a host and a port.
    path("", include("django_mediacloud.clouds.stupeflix.server.urls", namespace="stupeflix_at_the_root")),
    re_path(f"^{settings.MEDIA_URL.strip('/')}/(?P<path>.+)$", views.media),
]
