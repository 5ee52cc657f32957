"""The paths of the Toy Jobs API::

path("toyservice/1.0/", include("django_mediacloud.clouds.toyservice.server.urls"))
"""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "mediacloud_toyservice"
urlpatterns = [
    path("jobs", views.create, name="create"),
    path("jobs/<str:id>", views.status),
    path("jobs/<str:id>/changes", views.changes),
    path("files/<str:id>/<str:name>", views.file),
]
