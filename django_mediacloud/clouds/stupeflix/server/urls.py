"""The paths of the Tasks API. Mount them under a prefix, by host name, or at the root::

    path("stupeflix/", include("django_mediacloud.clouds.stupeflix.server.urls"))

Clients are then given ``https://example.com/stupeflix/v2/`` as their base address.
"""

from __future__ import annotations

from django.urls import path, re_path

from .. import wire
from . import files, lizard, storage, tasks

app_name = "mediacloud_stupeflix"
_V2 = {"version": "v2"}
_FAMILIES = "|".join(sorted({name.partition(".")[0] for name in wire.TASKS if "." in name}))
_TARGET = rf"(?:{_FAMILIES})\.[a-z.]+|hello|[A-Z2-7]{{26}}"
"""Names of tasks, and keys: nothing of another server that is mounted at the same root looks so."""


def _both(route: str, view: object) -> list[object]:
    return [path(f"{version}/{route}", view, {"version": version}) for version in ("v1", "v2")]  # type: ignore[call-overload]


urlpatterns = [
    path("v2/", tasks.offered, _V2, name="offered"),
    *_both("create", tasks.create),
    *_both("create_stream", tasks.create_stream),
    *_both("status", tasks.status),
    *_both("status_stream", tasks.status_stream),
    *_both("stream", tasks.status_stream),
    *_both("create_file", files.create_file),
    *_both("create_file/", files.create_file),
    *_both("create_file/<str:filename>", files.create_file),
    *_both("file", files.file),
    *_both("file/", files.file),
    *_both("file/<str:filename>", files.file),
    re_path(r"^v2/storage/files(?:/(?P<path>.*))?$", storage.files, _V2),
    path("v2/storage/expiration", storage.expiration, _V2),
    path("storage/<str:key>/<str:name>", files.stored_file),
    re_path(rf"^(?P<target>{_TARGET})/(?P<filename>[^/]*)$", lizard.task, {"version": "v1"}),
]
