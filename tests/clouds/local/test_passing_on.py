from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from django_mediacloud.clouds.base import Work
from django_mediacloud.clouds.local.cloud import Adapter
from django_mediacloud.core.spec import Origin, Snapshot
from django_mediacloud.engine.sandbox import shutdown
from django_mediacloud.exceptions import EngineCrashed
from tests.media import MediaFactory


@dataclass(kw_only=True)
class Given:
    path: Path
    filename: str = "ours.mp4"
    url: str = ""
    origin: Origin = field(default_factory=Origin)

    def local_path(self) -> Path:
        return self.path


@pytest.fixture(scope="module", autouse=True)
def _no_server_left() -> Iterator[None]:
    yield
    shutdown()


def submit(operation: str, source: Path, workdir: Path, **given: Any) -> Snapshot:
    cloud = Adapter("default", {"operations": ("tests.engine.toys",)})
    parameters = cloud.capabilities.operations[operation].parameters.clean(given, bound=frozenset({"url"}))
    work = Work(
        token="t",
        operation=operation,
        parameters=parameters,
        inputs={"url": [Given(path=source)]},
        workdir=workdir,
        beat=lambda _progress: None,
    )
    return cloud.submit(work)


def test_a_film_is_delivered_from_where_it_lies(media: MediaFactory, tmp_path: Path) -> None:
    film = media.video("passed.mp4")
    inode, size_bytes = film.stat().st_ino, film.stat().st_size
    link = tmp_path / "url-0"
    link.symlink_to(film)
    snapshot = submit("video.upload.fb", link, tmp_path, access_token="t")
    [file] = snapshot.files
    assert (file.path, file.name, file.content_type) == (link, "output.mp4", "video/mp4")
    assert (film.stat().st_ino, film.stat().st_size) == (inode, size_bytes)
    assert list((tmp_path / "output").iterdir()) == []


def test_the_child_that_reads_the_film_gets_no_token(media: MediaFactory, tmp_path: Path) -> None:
    given = {"access_token": "T0KEN", "developer_key": "K3Y", "title": "Holidays"}

    snapshot = submit("toy.upload", media.video("passed.mp4"), tmp_path, **given)

    assert snapshot.values["title"] == "Holidays"
    assert "T0KEN" not in repr(snapshot)
    assert "K3Y" not in repr(snapshot)


@pytest.mark.parametrize("operation", ["toy.steal", "toy.deliver"])
def test_nothing_else_may_pass_on_a_file(operation: str, media: MediaFactory, tmp_path: Path) -> None:
    with pytest.raises(EngineCrashed, match="passed on a file"):
        submit(operation, media.video("passed.mp4"), tmp_path)
