from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage

from django_mediacloud.models import Factory

from .conftest import Called, Start

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("toys")]


class Forgetful(FileSystemStorage):
    """Takes everything and gives back something else."""

    def _open(self, name: str, mode: str = "rb") -> Any:
        return ContentFile(b"nonsense")


def stored(settings: Any) -> list[Path]:
    return list(Path(settings.MEDIA_ROOT).rglob("check-*"))


def test_a_healthy_site(settings: Any) -> None:
    done = Called("mediacloud_check")

    assert done.exit_code == 0, done.out
    words = {tuple(line.split()[:2]) for line in done.out.splitlines()}
    assert words == {("ok", subject) for subject in ("database", "queue", "work", "engine", "storage", "cloud")}
    assert "ffmpeg" in done.out
    assert "written, read and deleted" in done.out
    assert stored(settings) == []


def test_the_embedded_engine_is_found(settings: Any) -> None:
    settings.MEDIACLOUD = {}
    done = Called("mediacloud_check", "--json")

    assert done.json["is_ok"] is True
    (cloud,) = [each for each in done.json["findings"] if each["subject"] == "cloud"]
    assert "ffmpeg" in cloud["message"]


@pytest.mark.parametrize(
    ("storage", "words"),
    [
        ({"BACKEND": "tests.management.test_check.Forgetful", "OPTIONS": {"location": "{tmp}"}}, "something else"),
        ({"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": "/proc/no"}}, "Error"),
        ({"BACKEND": "no.such.Storage"}, "cannot be used"),
    ],
)
def test_a_storage_that_does_not_work(settings: Any, tmp_path: Path, storage: dict[str, Any], words: str) -> None:
    if "{tmp}" in str(storage):
        storage = {**storage, "OPTIONS": {"location": str(tmp_path)}}
    settings.STORAGES = {**settings.STORAGES, "attic": storage}
    Factory.objects.create(name="Ours", storage="attic")

    done = Called("mediacloud_check", "--json")

    assert done.exit_code == 6
    assert done.error == "Trouble with storage attic."
    (finding,) = [each for each in done.json["findings"] if not each["is_ok"]]
    assert words in finding["message"]
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_a_cloud_that_cannot_be_loaded_is_one_line_of_trouble(settings: Any) -> None:
    clouds = settings.MEDIACLOUD["CLOUDS"]
    settings.MEDIACLOUD = {"CLOUDS": {**clouds, "lost": {"BACKEND": "no.such.cloud"}}}

    done = Called("mediacloud_check")

    assert done.exit_code == 6
    (line,) = [line for line in done.out.splitlines() if line.startswith("TROUBLE")]
    assert line.split()[:3] == ["TROUBLE", "cloud", "lost"]


def test_settings_that_are_wrong(settings: Any) -> None:
    settings.MEDIACLOUD = {"SPEED": 1}
    done = Called("mediacloud_check")

    assert done.exit_code == 6
    assert "unknown key: 'SPEED'" in done.out


def test_a_work_folder_that_is_not_there(settings: Any, tmp_path: Path) -> None:
    settings.MEDIACLOUD = {**settings.MEDIACLOUD, "WORK_DIR": str(tmp_path / "none")}

    assert Called("mediacloud_check").error == "Trouble with work folder."


def test_remote_clouds_need_no_engine(settings: Any) -> None:
    settings.MEDIACLOUD = {"CLOUDS": {"default": {"BACKEND": "tests.toys.faraway"}}}

    assert "engine" not in Called("mediacloud_check").out


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_database_without_tables_or_none_at_all(start: Start, tmp_path: Path) -> None:
    empty = start("mediacloud_check", DATABASE_URL=f"sqlite:///{tmp_path / 'empty.sqlite3'}")
    gone = start("mediacloud_check", DATABASE_URL="postgres://nobody@127.0.0.1:1/none")

    assert empty.wait() == 6, empty.text
    assert "migrations are not applied" in empty.text
    assert gone.wait() == 6, gone.text
    assert "TROUBLE  database" in gone.text
    assert "ok       storage default" in gone.text
