from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import hypothesis
import pytest
from django.conf import settings
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import OperationalError, connection

from .databases import NO_DATABASE
from .media import MediaFactory, RealMedia

# Of ``live_server``: the head of an answer would wait for the acknowledgement of its first line, 40 ms.
WSGIRequestHandler.disable_nagle_algorithm = True
# How long an example takes is a matter of what else the machine does.
hypothesis.settings.register_profile("suite", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("suite")
_DATABASE_FIXTURES = {"db", "transactional_db", "live_server", "admin_client", "admin_user", "site_environment"}


def pytest_configure(config: pytest.Config) -> None:
    """OpenBLAS's kernels for wide registers also reckon with what lies beside the numbers, and throw that away: NumPy
    sees the processor's flags of it, and warns of an "invalid value" where all are finite (numpy#24067)."""
    config.addinivalue_line("filterwarnings", "ignore:.* encountered in matmul:RuntimeWarning")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that run on one database only (``tests/databases.py``) must have none. What takes long begins first."""
    for item in items:
        folder = item.path.relative_to(config.rootpath).as_posix()
        if folder.startswith(tuple(f"{name}/" for name in NO_DATABASE)) and (
            item.get_closest_marker("django_db") or _DATABASE_FIXTURES & set(getattr(item, "fixturenames", ()))
        ):
            raise pytest.UsageError(f"{item.nodeid} uses the database; tests of this folder must not.")
    if hasattr(config, "workerinput"):
        # Several processes share the files: none shall be alone with a long one at the end.
        long = {item.path for item in items if item.get_closest_marker("slow") or item.get_closest_marker("big")}
        items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The threads of a server that has just ended may hold connections: PostgreSQL keeps such a database, and MariaDB
    waits for them before it drops one."""
    yield
    if connection.vendor == "sqlite":
        return
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            return
        cursor.execute("SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()")
        for (number,) in cursor.fetchall():
            # It may have gone by itself meanwhile.
            with suppress(OperationalError):
                cursor.execute(f"KILL {number:d}")


@pytest.fixture(scope="session")
def media(tmp_path_factory: pytest.TempPathFactory) -> MediaFactory:
    """Draws small media files: ``media.video(duration_s=1)``, ``media.audio()``, ``media.picture("a.jpg")``."""
    return MediaFactory(tmp_path_factory.mktemp("media"))


@pytest.fixture(scope="session")
def real_media() -> RealMedia:
    """``real_media.movie`` and ``real_media.photo``: paths of files that are not synthetic."""
    return RealMedia()


@pytest.fixture
def one_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute in which the tasks of access keys are counted does not turn during the test."""
    now = time.time()
    monkeypatch.setattr("django_mediacloud.access.usage.time", SimpleNamespace(time=lambda: now))


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
