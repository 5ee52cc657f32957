from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from django_mediacloud.models import Encoding, Job, Output, Video


@pytest.fixture
def job(db):
    job = Job.objects.create(kind="encoding", cloud="default", operation="media.encode", state="succeeded")
    Encoding.objects.create(job=job, video=Video.objects.create(title="A film"), profile_name="h264")
    return job


def make_output(job, name, **columns):
    return Output.objects.create(job=job, attempt=1, name=name, **{"storage": "default", "is_ready": True, **columns})


def test_ready_outputs_are_those_to_show(job):
    whole = make_output(job, "whole.mp4")
    make_output(job, "unfinished.mp4", is_ready=False)

    assert list(job.outputs.ready()) == list(Output.objects.ready()) == [whole]


def test_a_video_has_the_outputs_of_all_its_encodings_and_of_no_other_video(job, django_assert_num_queries):
    video = job.encoding.video
    again = Job.objects.create(kind="encoding", cloud="default", operation="video.thumb", state="succeeded")
    Encoding.objects.create(job=again, video=video, profile_name="thumbnail")
    stranger = Job.objects.create(kind="encoding", cloud="default", operation="media.encode", state="succeeded")
    Encoding.objects.create(job=stranger, video=Video.objects.create(title="Another"), profile_name="h264")
    found = [make_output(job, "output.mp4"), make_output(again, "output.jpg")]
    make_output(again, "unfinished.jpg", is_ready=False)
    make_output(stranger, "output.mp4")

    with django_assert_num_queries(1):
        assert list(video.outputs.ready()) == found


def test_the_url_of_a_file_is_the_storages(job):
    path = default_storage.save("models/output.mp4", ContentFile(b"film"))

    assert make_output(job, "output.mp4", path=path).file_url == default_storage.url(path)


def test_the_url_of_a_delivered_file_is_the_platforms(job):
    delivered = make_output(job, "output.mp4", storage="", url="https://www.youtube.com/watch?v=1")

    assert delivered.file_url == "https://www.youtube.com/watch?v=1"
