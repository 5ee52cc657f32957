"""The example site: its settings by environment, its probe, and ``serve.py`` as a whole."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import django
import psutil
import pytest
import requests
from django.db import connection
from django.test import Client

from .management.conftest import is_alive, wait_until
from .ports import free_port

ROOT = Path(__file__).resolve().parent.parent
MANAGE = ROOT / "example_project" / "manage.py"
WORKERS = 1
SHOW = """
import json
from django.conf import settings
from django.core.files.storage import storages
entry = settings.DATABASES["default"]
print(json.dumps({
    "engine": entry["ENGINE"], "name": str(entry["NAME"]), "options": entry.get("OPTIONS", {}),
    "debug": settings.DEBUG, "key": settings.SECRET_KEY, "hosts": settings.ALLOWED_HOSTS,
    "media_root": str(settings.MEDIA_ROOT), "storage": type(storages["default"]).__name__,
    "tasks": settings.TASKS["default"]["BACKEND"], "apps": settings.INSTALLED_APPS,
    "mediacloud": settings.MEDIACLOUD,
}))
"""


def run(arguments: list[str], environ: dict[str, str], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "VIRTUAL_ENV"}}
    return subprocess.run(
        arguments, env=inherited | environ, cwd=cwd, capture_output=True, text=True, check=False, timeout=240
    )


def shell(script: str, environ: dict[str, str], cwd: Path = ROOT) -> str:
    """What ``script`` prints when it runs in a process of its own, inside the site that ``environ`` describes."""
    done = run([sys.executable, str(MANAGE), "shell", "--no-imports", "-v", "0", "-c", script], environ, cwd)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def select(query: str) -> str:
    return f"from django.db import connection as c; k = c.cursor(); k.execute({query!r}); print(k.fetchone()[0])"


def show_settings(tmp_path: Path, **environ: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(shell(SHOW, {"MEDIACLOUD_HOME": str(tmp_path)} | environ, cwd=tmp_path))
    return found


def test_nothing_has_to_be_set(tmp_path: Path) -> None:
    found = show_settings(tmp_path)

    assert found["engine"] == "django.db.backends.sqlite3"
    assert found["name"] == str(tmp_path / "db.sqlite3")
    assert found["options"]["transaction_mode"] == "IMMEDIATE"
    assert found["options"]["timeout"] == 20
    assert found["debug"] is False
    assert "*" not in found["hosts"]
    assert found["media_root"] == str(tmp_path / "media")
    assert found["storage"] == "FileSystemStorage"
    assert found["tasks"] == "django_tasks_db.DatabaseBackend"
    assert found["mediacloud"]["FETCH"] == {"ALLOW": []}
    assert ("django_tasks" in found["apps"]) is (django.VERSION < (6, 0))


def test_the_secret_key_is_drawn_once_and_is_nobody_elses(tmp_path: Path) -> None:
    first, second = show_settings(tmp_path)["key"], show_settings(tmp_path)["key"]

    assert first == second
    assert len(first) >= 50
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert show_settings(tmp_path, SECRET_KEY="given")["key"] == "given"


@pytest.mark.parametrize(
    ("url", "engine", "name", "options"),
    [
        ("postgres://u:p%40ss@db.example/site", "postgresql", "site", {}),
        ("mysql://u@127.0.0.1:3306/site", "mysql", "site", {"charset": "utf8mb4"}),
    ],
)
def test_database_url(tmp_path: Path, url: str, engine: str, name: str, options: dict[str, Any]) -> None:
    found = show_settings(tmp_path, DATABASE_URL=url)

    assert found["engine"] == f"django.db.backends.{engine}"
    assert found["name"] == name
    assert found["options"] == options


def test_postgres_connections_come_from_a_pool_where_asked(tmp_path: Path) -> None:
    found = show_settings(tmp_path, DATABASE_URL="postgres://db.example/site", DATABASE_POOL="1")

    assert found["options"]["pool"]["max_size"] == 8


def test_files_go_to_s3_where_a_bucket_is_named(tmp_path: Path) -> None:
    assert show_settings(tmp_path, AWS_STORAGE_BUCKET_NAME="films")["storage"] == "S3Storage"


def test_queue_lists_and_flags(tmp_path: Path) -> None:
    environ = {
        "MEDIACLOUD_QUEUE": "immediate",
        "MEDIACLOUD_FETCH_ALLOW": "media.internal, 10.0.0.0/8",
        "MEDIA_ROOT": str(tmp_path / "elsewhere"),
        "ALLOWED_HOSTS": "a.example,b.example",
        "DEBUG": "yes",
    }
    found = show_settings(tmp_path, **environ)

    assert found["tasks"].endswith(".backends.immediate.ImmediateBackend")
    assert found["mediacloud"]["FETCH"]["ALLOW"] == ["media.internal", "10.0.0.0/8"]
    assert found["media_root"] == str(tmp_path / "elsewhere")
    assert found["hosts"] == ["a.example", "b.example"]
    assert found["debug"] is True


@pytest.mark.parametrize(("name", "value"), [("MEDIACLOUD_QUEUE", "carrier-pigeon"), ("DEBUG", "perhaps")])
def test_a_value_that_means_nothing_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    done = run([sys.executable, str(MANAGE), "check"], {"MEDIACLOUD_HOME": str(tmp_path), name: value})

    assert done.returncode != 0
    assert name in done.stderr


def test_sqlite_is_in_wal_mode_and_its_path_may_hold_any_character(tmp_path: Path) -> None:
    home = tmp_path / "a folder? 100% #1"
    assert shell(select("PRAGMA journal_mode"), {"MEDIACLOUD_HOME": str(home)}) == "wal"
    assert (home / "db.sqlite3").exists()


@pytest.mark.django_db
def test_healthz_asks_the_database(client: Client) -> None:
    answer = client.get("/healthz")

    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}
    assert "no-cache" in answer["Cache-Control"]


def test_healthz_says_so_when_the_database_is_gone(tmp_path: Path) -> None:
    script = "from django.test import Client; a = Client().get('/healthz'); print(a.status_code, a.json()['status'])"
    url = "postgres://nobody@127.0.0.1:1/none"
    environ = {"MEDIACLOUD_HOME": str(tmp_path), "DATABASE_URL": url, "ALLOWED_HOSTS": "testserver"}

    assert shell(script, environ) == "503 no database"


@pytest.mark.django_db
@pytest.mark.parametrize("is_looked_for", [False, True], ids=["as the site has it", "as the tests have it"])
def test_the_admin_has_its_style_sheet(client: Client, settings: Any, is_looked_for: bool) -> None:
    settings.WHITENOISE_AUTOREFRESH = is_looked_for
    answer = client.get("/static/admin/css/base.css")

    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/css")
    assert b"body" in answer.content
    assert (
        client.get("/static/admin/css/base.css", headers={"If-Modified-Since": answer["Last-Modified"]}).status_code
        == 304
    )


@pytest.mark.django_db
def test_an_uploaded_page_cannot_act_in_the_sites_name(client: Client, settings: Any) -> None:
    page = Path(settings.MEDIA_ROOT) / "evil.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("<script>alert(1)</script>", encoding="utf-8")
    answer = client.get("/media/evil.html")

    assert answer.status_code == 200
    assert answer["Content-Security-Policy"] == "sandbox"
    assert client.get("/media/../db.sqlite3").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_another_process_sees_the_database_of_the_test(site_environment: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE seen_by_all (number integer)")
        try:
            cursor.execute("INSERT INTO seen_by_all VALUES (42)")
            assert shell(select("SELECT number FROM seen_by_all"), site_environment) == "42"
        finally:
            cursor.execute("DROP TABLE seen_by_all")


def serve(port: int, environ: dict[str, str], workers: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(ROOT / "example_project" / "serve.py"), "--port", str(port)]
    command += ["--workers", str(workers)]
    return subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def lines_until(process: subprocess.Popen[str], start: str) -> list[str]:
    """What the process prints up to the line that begins with ``start``, or to its end."""
    assert process.stdout is not None
    seen: list[str] = []
    for line in process.stdout:
        seen.append(line)
        if line.startswith(start):
            break
    return seen


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_runs_the_site_until_it_is_told_to_stop(site_environment: dict[str, str], number: signal.Signals) -> None:
    port = free_port()
    process = serve(port, site_environment, workers=WORKERS)
    try:
        seen = lines_until(process, "Ready:")
        assert seen[-1].startswith(f"Ready: http://127.0.0.1:{port}/"), seen
        family = psutil.Process(process.pid).children(recursive=True)
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=60).json() == {"status": "ok"}
        assert requests.get(f"http://127.0.0.1:{port}/static/admin/css/base.css", timeout=60).status_code == 200
        assert "csrfmiddlewaretoken" in requests.get(f"http://127.0.0.1:{port}/admin/", timeout=60).text
        process.send_signal(number)
        rest, _ = process.communicate(timeout=240)
        assert process.returncode == 0, rest
        assert "Traceback" not in rest
    finally:
        process.kill()
    assert len(family) > WORKERS
    wait_until(lambda: not any(map(is_alive, family)))


@pytest.mark.slow
def test_serve_names_a_port_that_is_taken(site_environment: dict[str, str]) -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        process = serve(port, site_environment, workers=0)
        output, _ = process.communicate(timeout=240)

    assert process.returncode == 2
    assert f"Port {port}" in output


@pytest.mark.slow
def test_serve_ends_when_a_part_of_it_dies(site_environment: dict[str, str]) -> None:
    process = serve(free_port(), site_environment, workers=0)
    try:
        lines_until(process, "Ready:")
        (web,) = psutil.Process(process.pid).children()
        web.kill()
        output, _ = process.communicate(timeout=240)
    finally:
        process.kill()

    assert process.returncode == 1
    assert "The web server ended" in output
