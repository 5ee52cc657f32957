"""The example site's pages, and the toy service's protocol beside them."""

from __future__ import annotations

from django.urls import include, path

from example_project.urls import urlpatterns as example_urls

urlpatterns = [
    *example_urls,
    path("toyservice/1.0/", include("django_mediacloud.clouds.toyservice.server.urls")),
]
