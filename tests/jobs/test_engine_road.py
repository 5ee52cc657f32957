"""The road with the real engine: encodes that end well, that are cancelled, and that meet a truncated film."""

from __future__ import annotations

import threading

import psutil
import pytest
from django.core.files import File
from django.test import override_settings

from django_mediacloud import jobs
from django_mediacloud.core.states import SourceState, State
from django_mediacloud.engine.sandbox import shutdown
from django_mediacloud.models import Job, Output, Profile
from tests.engine.processes import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

LOCAL = {"default": {"BACKEND": "django_mediacloud.clouds.local"}}


@pytest.fixture
def work_dir(tmp_path):
    folder = tmp_path / "work"
    folder.mkdir()
    with override_settings(MEDIACLOUD={"CLOUDS": LOCAL, "WORK_DIR": str(folder)}):
        yield folder


def take_in(path, *profiles):
    with path.open("rb") as content:
        video = jobs.submit_video(file=File(content, name=path.name), profiles=list(profiles))
    jobs.ingest(video.pk)
    video.refresh_from_db()
    return video


def descendants():
    """The commands of all that works below this process."""
    found, of_engine = [], []
    for process in psutil.Process().children(recursive=True):
        try:
            command = " ".join(process.cmdline())
        except psutil.Error:
            continue
        (of_engine if "forkserver" in command else found).append(command)
    # The fork server itself stays, and one child that waits for the next piece of work.
    return found + of_engine[2:]


def test_a_film_becomes_what_its_profiles_say(work_dir, media):
    video = take_in(media.video(duration_s=1), *jobs.install_presets(["h264", "mp3", "thumbnail"]))
    assert (video.state, video.width, video.height, video.content_type) == (SourceState.READY, 160, 120, "video/mp4")
    for job in Job.objects.order_by("pk"):
        jobs.run(job.pk)
        job.refresh_from_db()
        assert job.state == State.SUCCEEDED, job.failure
        assert job.work_s > 0
    assert video.encodings.count() == 3
    assert Output.objects.filter(is_ready=True, role="thumbnail").count() == 7
    assert list(work_dir.iterdir()) == []


def test_a_cancel_in_mid_encode_soon_leaves_no_process_and_no_file(work_dir, media):
    shutdown()  # The fork servers of other tests, with the children that wait in them.
    slow = Profile.objects.create(
        name="slow",
        parameters={"extname": ".webm", "video_codec": "vp9", "width": 1280, "height": 720, "upscale": True},
    )
    video = take_in(media.video("long.mp4", duration_s=10, size=(320, 240)), slow)
    job = Job.objects.get(encoding__video=video)
    thread = threading.Thread(target=jobs.run, args=(job.pk,))
    thread.start()
    wait_until(lambda: any("libvpx" in command for command in descendants()))
    jobs.cancel(job)
    # Two seconds, where the machine has nothing else to do; to the end of the encode it would be minutes.
    thread.join(240)
    assert not thread.is_alive()
    wait_until(lambda: descendants() == [])
    assert list(work_dir.iterdir()) == []
    job.refresh_from_db()
    assert job.state == State.CANCELLED
    assert not Output.objects.exists()


def test_a_truncated_film_is_a_failure_with_advice(work_dir, media, tmp_path):
    whole = media.video("fast.mp4", duration_s=4, options=("-pix_fmt", "yuv420p", "-movflags", "+faststart"))
    half = tmp_path / "half.mp4"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    video = take_in(half, *jobs.install_presets(["h264"]))
    job = Job.objects.get(encoding__video=video)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.failure_code) == (State.FAILED, "incomplete_media")
    assert job.failure_advice
    assert not Output.objects.exists()


def test_what_is_no_media_fails_at_the_door_with_its_encodings(work_dir, tmp_path):
    path = tmp_path / "film.mp4"
    path.write_bytes(bytes(range(256)) * 8)
    video = take_in(path, *jobs.install_presets(["h264"]))
    assert (video.state, video.failure_code) == (SourceState.FAILED, "unreadable_media")
    assert Job.objects.get().failure_code == "source_failed"
