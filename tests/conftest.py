from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from .databases import NO_DATABASE
from .media import MediaFactory, RealMedia

_DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "admin_client", "admin_user", "site_environment"}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that run on one database only (``tests/databases.py``) must have none."""
    for item in items:
        folder = item.path.relative_to(config.rootpath).as_posix()
        if folder.startswith(tuple(f"{name}/" for name in NO_DATABASE)) and (
            item.get_closest_marker("django_db") or _DATABASE_FIXTURES & set(getattr(item, "fixturenames", ()))
        ):
            raise pytest.UsageError(f"{item.nodeid} uses the database; tests of this folder must not.")


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> MediaFactory:
    """Draws small media files: ``media.video(duration_s=1)``, ``media.audio()``, ``media.picture("a.jpg")``."""
    return MediaFactory(tmp_path_factory.mktemp("media"))


@pytest.fixture(scope="session")
def real_media() -> RealMedia:
    """``real_media.movie`` and ``real_media.photo``: paths of files that are not synthetic."""
    return RealMedia()


@pytest.fixture
def site_environment(transactional_db: None, tmp_path: Path) -> dict[str, str]:
    """The environment in which a process of its own sees the database and the files of this test."""
    environ = {name: value for name, value in os.environ.items() if name != "TEST_DATABASE_URL"}
    return environ | {
        "DJANGO_SETTINGS_MODULE": "example_project.settings",
        "DATABASE_URL": database_url(connection.settings_dict),
        "MEDIACLOUD_HOME": str(tmp_path / "home"),
        "MEDIA_ROOT": str(settings.MEDIA_ROOT),
        "SECRET_KEY": settings.SECRET_KEY,
        "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
        "PYTHONUNBUFFERED": "1",
    }


def database_url(entry: dict[str, Any]) -> str:
    """The ``DATABASE_URL`` of an entry of ``DATABASES``."""
    scheme = {"sqlite3": "sqlite", "postgresql": "postgres", "mysql": "mysql"}[entry["ENGINE"].rpartition(".")[2]]
    name = quote(str(entry["NAME"]))
    if scheme == "sqlite":
        return f"sqlite:///{name}"
    account = quote(entry["USER"], safe="") + (f":{quote(entry['PASSWORD'], safe='')}" if entry["PASSWORD"] else "")
    port = f":{entry['PORT']}" if entry["PORT"] else ""
    return f"{scheme}://{account}@{quote(entry['HOST'], safe='')}{port}/{name}"
