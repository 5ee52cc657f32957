"""The server at the root of a host: most old clients know only a host and a port."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("django_mediacloud.clouds.stupeflix.server.urls"))]
