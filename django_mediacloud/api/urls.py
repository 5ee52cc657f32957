"""The addresses of the REST API, to be included under a prefix of the site's choice."""

from __future__ import annotations

from django.urls import include, path
from rest_framework.permissions import IsAuthenticated
from rest_framework.routers import APIRootView, DefaultRouter

from .errors import ErrorsMixin
from .representations import NAMESPACE
from .views.jobs import EncodingViewSet, JobViewSet, ProcessViewSet, TaskViewSet
from .views.library import FactoryViewSet, ProfileViewSet
from .views.operations import OperationViewSet
from .views.outputs import DownloadView, OutputViewSet
from .views.videos import VideoViewSet


class RootView(ErrorsMixin, APIRootView):
    """The media work of this site."""

    permission_classes = [IsAuthenticated]


class Router(DefaultRouter):
    include_format_suffixes = False
    APIRootView = RootView


app_name = NAMESPACE

router = Router()
router.register("videos", VideoViewSet, basename="video")
router.register("encodings", EncodingViewSet, basename="encoding")
router.register("profiles", ProfileViewSet, basename="profile")
router.register("factories", FactoryViewSet, basename="factory")
router.register("processes", ProcessViewSet, basename="process")
router.register("tasks", TaskViewSet, basename="task")
router.register("jobs", JobViewSet, basename="job")
router.register("outputs", OutputViewSet, basename="output")
router.register("operations", OperationViewSet, basename="operation")

urlpatterns = [
    path("jobs/<str:id>/outputs/<path:name>", DownloadView.as_view(), name="job-output"),
    path(
        "operations/<str:cloud>/<str:name>/",
        OperationViewSet.as_view({"get": "show"}),
        name="operation-detail",
    ),
    path("", include(router.urls)),
]
