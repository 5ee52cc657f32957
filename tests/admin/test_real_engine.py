"""The main job through the admin, with the embedded engine: preset, upload, encode, thumbnail, download."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from PIL import Image

from django_mediacloud import jobs
from django_mediacloud.core.states import State
from django_mediacloud.models import Output, Profile, Task, Video

from .conftest import page, text_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


def read(client, output):
    return b"".join(client.get(page("output", "download", output.pk)).streaming_content)


@override_settings(MEDIACLOUD={"CLOUDS": {"default": {"BACKEND": "django_mediacloud.clouds.local"}}})
def test_a_film_goes_in_and_files_come_out(admin_client, media):
    add = f"{page('profile', 'add')}?preset=h264"
    form = admin_client.get(add).context["adminform"].form
    wanted = ("name", "title", "cloud", "operation", "parameters")
    admin_client.post(add, {name: form[name].value() for name in wanted})
    profile = Profile.objects.get()
    assert (profile.name, profile.preset_name) == ("h264", "h264")

    film = media.video(duration_s=1).read_bytes()
    admin_client.post(page("video", "add"), {"file": SimpleUploadedFile("clip.mp4", film), "profiles": [profile.pk]})
    video = Video.objects.get()
    [job] = jobs.ingest(video.pk)
    jobs.run(job.pk)
    shown = text_of(admin_client.get(page("video", "change", video.pk)))
    for words in ("160 x 120 px", "1.0 s", "succeeded", "output.mp4"):
        assert words in shown
    assert read(admin_client, Output.objects.get(job=job))[4:8] == b"ftyp"

    add = f"{page('task', 'add')}?cloud=default&operation=video.thumb"
    admin_client.post(add, {"upload-url": SimpleUploadedFile("clip.mp4", film)})
    task = Task.objects.get()
    jobs.run(task.pk)
    task.job.refresh_from_db()
    assert task.job.state == State.SUCCEEDED
    assert Image.open(BytesIO(read(admin_client, task.job.outputs.get()))).format == "JPEG"
