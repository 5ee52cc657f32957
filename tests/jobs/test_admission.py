"""What is refused at the door, on every database alike, and what a known key gives."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec, ProducedFile
from django_mediacloud.core.states import SourceState, State
from django_mediacloud.exceptions import IdempotencyConflict, InvalidParameters, NotAllowed, StorageError
from django_mediacloud.jobs.outputs import prepare_outputs, safe_name
from django_mediacloud.models import Job, Video

pytestmark = pytest.mark.django_db(transaction=True)


class StubbornStorage(FileSystemStorage):
    """Keeps what it has."""

    def delete(self, name: str) -> None:
        raise PermissionError(name)


@pytest.mark.parametrize("name", ["title", "payload", "source_url"])
def test_what_is_too_long_for_its_column_is_named(workshop, name):
    given = {"source_url": "http://example.com/a", name: "http://example.com/" + "x" * 3000}
    with pytest.raises(InvalidParameters) as caught:
        jobs.submit_video(profiles=[], **given)
    assert list(caught.value.errors) == [name]
    assert not Video.objects.exists()


def test_a_callback_address_that_is_too_long_is_named(workshop):
    spec = JobSpec(operation="hello", parameters={"name": "a"}, callback_url="http://example.com/" + "x" * 3000)
    with pytest.raises(InvalidParameters, match="callback_url: must have at most 2000 characters"):
        jobs.submit(spec)


def test_the_key_of_a_video_is_for_one_request(upload):
    video = upload(idempotency_key="k", title="one")
    assert upload(idempotency_key="k", title="one").pk == video.pk
    for other in ({"title": "two"}, {"title": "one", "content": b"another film"}, {"title": "one", "name": "b.mov"}):
        with pytest.raises(IdempotencyConflict):
            upload(idempotency_key="k", **other)
    assert Video.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a.mp4", "a.mp4"),
        ("../../etc/passwd", "etc/passwd"),
        ("/abs/olute.mp4", "abs/olute.mp4"),
        ("C:\\films\\a b.mov", "C_/films/a_b.mov"),
        ("720p/segment-1.ts", "720p/segment-1.ts"),
        ("..", "file"),
        ("\n", "file"),
        ("film\n.mp4", "film_.mp4"),
        ("日本.mp4", "_.mp4"),
        ("-rf", "-rf"),
        ("a" * 56 + ".mp4", "a" * 56 + ".mp4"),
        ("a" * 57 + ".mp4", "a" * 56 + ".mp4"),
        ("a." + "b" * 300, "a." + "b" * 58),
    ],
)
def test_a_name_from_outside_is_never_a_path(given, kept):
    assert safe_name(given) == kept


def test_the_longest_names_from_outside_fit_their_columns(submit, tmp_path):
    long = "/".join(["a" * 300] * 6) + ".mp4"
    files = [ProducedFile(name=long, content_type="a/b", path=tmp_path) for _ in range(12)]
    for output, _ in prepare_outputs(submit("hello", name="a"), files):
        output.full_clean()
        assert output.name.endswith(".mp4")


def test_two_names_that_become_one_stay_two_files(submit, tmp_path):
    files = [
        ProducedFile(name=name, content_type="a/b", path=tmp_path) for name in ("日.mp4", "本.mp4", "A.MP4", "a.mp4")
    ]
    names = [output.name for output, _ in prepare_outputs(submit("hello", name="a"), files)]
    assert len({name.lower() for name in names}) == 4


def test_a_failed_source_is_retried_with_what_it_took_along(upload):
    video = upload(b"broken film")
    jobs.ingest(video.pk)
    assert Job.objects.get().state == State.FAILED
    video = jobs.retry_video(video)
    assert (video.state, Job.objects.get().state) == (SourceState.WAITING, State.NEW)
    with pytest.raises(NotAllowed, match="waiting"):
        jobs.retry_video(video)


def test_what_a_storage_keeps_stays_listed(upload, settings, tmp_path):
    entry = {"BACKEND": f"{__name__}.StubbornStorage", "OPTIONS": {"location": str(tmp_path)}}
    stores = {**settings.STORAGES, "stubborn": entry}
    with override_settings(STORAGES=stores, MEDIACLOUD={**settings.MEDIACLOUD, "STORAGE": "stubborn"}):
        video = upload()
        for job in jobs.ingest(video.pk):
            jobs.run(job.pk)
        with pytest.raises(StorageError, match="did not delete"):
            jobs.remove_video(video)
        assert Video.objects.count() == 1
        assert Job.objects.get().outputs.count() == 2


def test_an_upload_that_is_refused_is_named_by_its_parameter(workshop):
    with pytest.raises(InvalidParameters) as caught:
        jobs.submit(JobSpec(operation="copy"), files={"url": ContentFile(b"", name="a.mov")})
    assert caught.value.errors == {"url": ["the file is empty"]}
