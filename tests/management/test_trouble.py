"""A database that cannot be used, a reader who has gone, Ctrl-C: a sentence and an exit code, and never a trace."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from django_mediacloud.models import AccessKey

from .conftest import ROOT, Called, Start

EVERY_COMMAND = [
    ("mediacloud_submit", "https://example.com/film.mp4", "--operation", "video.info", "--cloud", "engine"),
    ("mediacloud_submit", "https://example.com/film.mp4", "--profile", "h264"),
    ("mediacloud_retry", "--failed"),
    ("mediacloud_cancel", "06c56a4c-9ea2-4533-bc5f-6e20f34358c3"),
    ("mediacloud_sweep", "--json"),
    ("mediacloud_purge",),
    ("mediacloud_profiles", "dump"),
    ("mediacloud_profiles", "presets", "--load"),
    ("mediacloud_accesskey", "create", "--for", "stupeflix"),
    ("mediacloud_accesskey", "list", "--json"),
]


def run(environ: dict[str, str], *arguments: str, **more: Any) -> subprocess.CompletedProcess[str]:
    """A command as a shell would start it: what it prints waits in a buffer."""
    environ = {name: value for name, value in environ.items() if name != "PYTHONUNBUFFERED"}
    told = {"stdout": subprocess.PIPE, **more}
    return subprocess.run(
        [sys.executable, "-m", "django", *arguments],
        cwd=ROOT,
        env={**environ, "DJANGO_SETTINGS_MODULE": "tests.management.toy_settings"},
        stderr=subprocess.PIPE,
        text=True,
        timeout=240,
        check=False,
        **told,
    )


@pytest.mark.parametrize("arguments", EVERY_COMMAND, ids=lambda arguments: " ".join(arguments[:2]))
def test_a_database_without_tables(arguments: tuple[str, ...], site_environment: Any, tmp_path: Path) -> None:
    done = run({**site_environment, "DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3"}, *arguments)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.endswith("migrations are not applied. Run manage.py migrate.\n")
    assert done.stderr.count("\n") == 1


def test_a_database_that_is_not_there(site_environment: Any, tmp_path: Path) -> None:
    done = run({**site_environment, "DATABASE_URL": f"sqlite:///{tmp_path}/no/such/file"}, "mediacloud_purge")

    assert done.returncode == 1
    assert "The database cannot be used: unable to open database file. Check that" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_worker_says_what_its_database_lacks(start: Start, tmp_path: Path) -> None:
    worker = start("mediacloud_worker", DATABASE_URL=f"sqlite:///{tmp_path}/empty.sqlite3")
    worker.await_line("The sweeper waits: ")
    worker.await_line("ended with exit code 1")
    worker.process.send_signal(signal.SIGTERM)

    assert worker.wait() == 0
    assert "migrations are not applied. Run manage.py migrate." in worker.text
    assert "Traceback" not in worker.text


@pytest.fixture
def read_only(transactional_db: None) -> Iterator[None]:
    """The database takes nothing on this connection."""
    on, off = {
        "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        "postgresql": ("SET default_transaction_read_only = on", "SET default_transaction_read_only = off"),
        "mysql": ("SET SESSION TRANSACTION READ ONLY", "SET SESSION TRANSACTION READ WRITE"),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(on)
    yield
    with connection.cursor() as cursor:
        cursor.execute(off)


WORDS = ": No such file or directory. Make it, let the worker's user write to it, or name another"


def test_a_worker_without_a_folder_to_work_in_takes_no_job(start: Start, tmp_path: Path) -> None:
    worker = start("mediacloud_worker", MEDIACLOUD_WORK_DIR=f"{tmp_path}/none")

    assert worker.wait() == 1
    assert f"{tmp_path}/none{WORDS}" in worker.text
    assert "Starting" not in worker.text


@pytest.mark.django_db
def test_the_check_says_what_the_work_folder_lacks(settings: Any, tmp_path: Path) -> None:
    settings.MEDIACLOUD = {"WORK_DIR": f"{tmp_path}/none"}

    assert f"{tmp_path}/none{WORDS}" in Called("mediacloud_check").out


def test_a_user_who_may_only_read(read_only: None, toys: None) -> None:
    done = Called("mediacloud_accesskey", "create", "--for", "stupeflix")

    assert (done.exit_code, done.out) == (1, "")
    assert done.error.startswith("The database refused: ")
    assert "may write" in done.error
    assert not AccessKey.objects.exists()


def test_the_check_finds_that_a_user_may_only_read(read_only: None, toys: None) -> None:
    done = Called("mediacloud_check")

    assert done.exit_code == 6
    assert done.error == "Trouble with database default."
    assert "TROUBLE  database default     The database refused: " in done.out


@pytest.mark.parametrize("arguments", [("presets",), ("dump",)])
def test_a_reader_who_has_gone_is_no_failure(arguments: tuple[str, ...], site_environment: Any) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = run(site_environment, "mediacloud_profiles", *arguments, stdout=writing)
    os.close(writing)

    assert (done.returncode, done.stderr) == (0, "")


def test_an_output_that_is_closed_is_no_failure(site_environment: Any) -> None:
    done = run(site_environment, "mediacloud_purge", stdout=None, preexec_fn=lambda: os.close(1))

    assert (done.returncode, done.stderr) == (0, "")


def test_an_output_that_takes_nothing_is_a_failure(site_environment: Any) -> None:
    with Path("/dev/full").open("w") as full:
        done = run(site_environment, "mediacloud_accesskey", "create", "--for", "stupeflix", "--json", stdout=full)

    assert done.returncode == 1
    assert done.stderr == "CommandError: The output cannot be written: No space left on device.\n"


def test_ctrl_c_while_waiting(start: Start, tmp_path: Path) -> None:
    (tmp_path / "film").write_bytes(b"film")
    arguments = ["--operation", "video.info", "--cloud", "engine", "--wait"]
    # A shell that runs the tests in the background has them ignore Ctrl-C, and they would hand that on.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    submit = start("mediacloud_submit", str(tmp_path / "film"), *arguments)
    signal.signal(signal.SIGINT, before)
    submit.await_line("queued")
    submit.process.send_signal(signal.SIGINT)

    assert submit.wait() == 130
    assert "Interrupted; what was submitted goes on." in submit.text
    assert "Traceback" not in submit.text
