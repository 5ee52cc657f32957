"""Two gigabytes in and out, in a process that hardly grows."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest
from django.core.files.storage import FileSystemStorage, storages
from django.core.files.uploadedfile import TemporaryUploadedFile

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.core.states import SourceState, State
from django_mediacloud.jobs.purge import remove_job, remove_video
from django_mediacloud.models import Job
from tests.servers import Generated, LocalServer, Reply

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.big]

SIZE = 2 * 1024**3
MAX_GROWTH = 64 * 1024**2


class CopyingStorage(FileSystemStorage):
    """Takes a file as a store across the network does: chunk by chunk, never by moving it."""

    def _save(self, name: str, content: object) -> str:
        target = Path(self.path(name))
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("wb") as file:
            for chunk in content.chunks():
                file.write(chunk)
        return name


@pytest.fixture
def copying(settings, tmp_path):
    entry = {"BACKEND": f"{__name__}.CopyingStorage", "OPTIONS": {"location": str(tmp_path / "store")}}
    settings.STORAGES = {**settings.STORAGES, "copying": entry}
    settings.MEDIACLOUD = {**settings.MEDIACLOUD, "STORAGE": "copying"}


@contextmanager
def hardly_growing() -> Iterator[None]:
    """The body must not let this process grow by 64 MB at any moment."""
    process = psutil.Process()
    before = peak = process.memory_info().rss
    is_over = threading.Event()

    def watch() -> None:
        nonlocal peak
        while not is_over.wait(0.01):
            peak = max(peak, process.memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
    assert peak - before < MAX_GROWTH, f"grew by {(peak - before) / 1e6:.0f} MB"


@pytest.fixture
def big_upload() -> Iterator[TemporaryUploadedFile]:
    """What Django's upload handler makes of a large file in a request, which closes it at its end."""
    with closing(TemporaryUploadedFile("big.mov", "video/quicktime", SIZE, None)) as upload:
        upload.file.truncate(SIZE)
        yield upload


@pytest.mark.parametrize("store", ["default", "copying"])
def test_an_upload(workshop, big_upload, store, request):
    if store == "copying":
        request.getfixturevalue("copying")
    with hardly_growing():
        video = jobs.submit_video(file=big_upload, profiles=[])
        jobs.ingest(video.pk)
    video.refresh_from_db()
    assert (video.state, video.size_bytes) == (SourceState.READY, SIZE)
    assert storages[video.storage].size(video.path) == SIZE
    remove_video(video)


def test_a_url(workshop):
    with LocalServer({"/big": Reply(body=Generated(size=SIZE))}) as server, hardly_growing():
        video = jobs.submit_video(source_url=server.url("/big"), profiles=[])
        jobs.ingest(video.pk)
    video.refresh_from_db()
    assert (video.state, video.size_bytes) == (SourceState.READY, SIZE)
    remove_video(video)


@pytest.mark.parametrize("store", ["default", "copying"])
def test_an_output(workshop, store, request):
    if store == "copying":
        request.getfixturevalue("copying")
    job = jobs.submit(JobSpec(operation="blank", parameters={"size": SIZE}))
    with hardly_growing():
        jobs.run(job.pk)
    job.refresh_from_db()
    assert job.state == State.SUCCEEDED
    [output] = job.outputs.all()
    assert output.size_bytes == SIZE
    assert storages[output.storage].size(output.path) == SIZE
    remove_job(job)
    assert not Job.objects.exists()


def test_the_watch_would_see_a_growth():
    def grow() -> None:
        with hardly_growing():
            kept = b"x" * (200 * 1024**2)
            threading.Event().wait(0.2)
            del kept

    with pytest.raises(AssertionError, match="grew by"):
        grow()
