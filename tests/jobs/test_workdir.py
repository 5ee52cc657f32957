"""Folders for work in progress, with real processes that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from django_mediacloud.jobs import workdir

HOLD = """
import sys, django
django.setup()
from django_mediacloud.jobs.workdir import open_workdir
with open_workdir() as folder:
    (folder / "half").write_text("x")
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def work_dir(settings: Any, tmp_path: Path) -> Path:
    settings.MEDIACLOUD = {"WORK_DIR": str(tmp_path)}
    return tmp_path


def age(folder: Path) -> None:
    past = time.time() - 2 * workdir.YOUNG_S
    os.utime(folder, (past, past))


def test_a_folder_is_there_for_its_work_only(work_dir: Path) -> None:
    with workdir.open_workdir() as folder:
        (folder / "a").mkdir()
        (folder / "a" / "file").write_text("x")
        age(folder)
        assert workdir.remove_abandoned() == 0
        assert (folder / "a" / "file").exists()
    assert list(work_dir.iterdir()) == []


def test_what_a_killed_process_left_is_removed(work_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    environ = os.environ | {
        "DJANGO_SETTINGS_MODULE": "example_project.settings",
        "MEDIACLOUD_HOME": str(tmp_path_factory.mktemp("home")),
        "MEDIACLOUD_WORK_DIR": str(work_dir),
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-c", HOLD]
    with subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        age(folder)
        assert workdir.remove_abandoned() == 0
        process.send_signal(signal.SIGKILL)
    assert (folder / "half").exists()

    assert workdir.remove_abandoned() == 1
    assert not folder.exists()


def test_one_without_a_lock_is_given_time_to_get_it(work_dir: Path) -> None:
    folder = work_dir / f"{workdir.PREFIX}x"
    folder.mkdir()
    assert workdir.remove_abandoned() == 0
    age(folder)
    assert workdir.remove_abandoned() == 1


def test_what_is_not_ours_stays(work_dir: Path) -> None:
    other, file = work_dir / "mediacloud-other", work_dir / f"{workdir.PREFIX}file"
    other.mkdir()
    file.write_text("x")
    for path in (other, file):
        age(path)

    assert workdir.remove_abandoned() == 0
    assert other.exists()
    assert file.exists()
