"""A movie through upload, profiles and worker, with every output checked: ``make demo [FILE=movie.mp4]``.

Without a file the engine draws a clip. Everything happens as on a real site: the file is stored, a worker that runs as
a process of its own takes it in and encodes it, and each file that comes out is probed. Exit code 0 if all is right.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MANAGE = str(ROOT / "example_project" / "manage.py")
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "example_project.settings")
os.environ.setdefault("LOG_LEVEL", "WARNING")

import django  # noqa: E402

django.setup()

from django.contrib.auth import get_user_model  # noqa: E402
from django.core.files import File  # noqa: E402
from django.core.management import call_command  # noqa: E402

from django_mediacloud import jobs  # noqa: E402
from django_mediacloud.core.states import FINAL, SourceState, State  # noqa: E402
from django_mediacloud.engine.ffmpeg import run_ffmpeg  # noqa: E402
from django_mediacloud.engine.limits import Limits  # noqa: E402
from django_mediacloud.models import Job, Video  # noqa: E402
from example_project.report import check_output, print_table  # noqa: E402

PRESETS = ("h264", "webm", "mp3", "aac", "hls.variant.playlist", "thumbnail", "sprite")
SILENT_PRESETS = frozenset({"mp3", "aac"})
PASSWORD = "demo"  # the demo's own database, on this machine


def main() -> int:
    call_command("migrate", verbosity=0, interactive=False)
    owner = _admin_user()
    with tempfile.TemporaryDirectory(prefix="mediacloud-demo-") as folder:
        source = Path(sys.argv[1]).expanduser() if len(sys.argv) > 1 else _drawn_clip(Path(folder))
        if not source.is_file():
            print(f"There is no file {source}.", file=sys.stderr)
            return 2
        with source.open("rb") as content:
            video = jobs.submit_video(
                file=File(content, name=source.name), profiles=jobs.install_presets(PRESETS), owner=owner
            )
    print(f"{source.name}: {video.size_bytes} bytes stored as video {video.public_id}")
    with _worker():
        _wait(video)
    return _report(video)


def _admin_user() -> object:
    users = get_user_model()
    user = users.objects.filter(username="admin").first()
    if user is None:
        user = users.objects.create_superuser("admin", "admin@example.com", PASSWORD)
        print(f'Admin user "admin" with the password "{PASSWORD}".')
    return user


def _drawn_clip(folder: Path) -> Path:
    """Eight seconds of moving bars with a counter, and a tone."""
    arguments = ["-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=25:duration=8"]
    arguments += ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=8"]
    arguments += ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-c:a", "aac", "-f", "mp4"]
    run_ffmpeg([*arguments, "sample.mp4"], limits=Limits(), cwd=folder)
    return folder / "sample.mp4"


@contextmanager
def _worker() -> Iterator[None]:
    command = [sys.executable, MANAGE, "mediacloud_worker", "--processes", "1", "--verbosity", "0"]
    worker = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    try:
        yield
    finally:
        worker.terminate()
        worker.wait(60)


def _wait(video: Video) -> None:
    """Until the source has failed or every encoding has come to its end, saying how far it is."""
    said = ""
    while True:
        video.refresh_from_db()
        rows = list(Job.objects.filter(encoding__video=video).select_related("encoding").order_by("pk"))
        running = [f"{job.encoding.profile_name} {job.progress:.0f} %" for job in rows if job.state == State.RUNNING]
        line = f"  {sum(job.is_final for job in rows)} of {len(rows)} done  {' '.join(running)}"
        if line != said:
            print(f"\r{line:<78}" if sys.stdout.isatty() else line, end="" if sys.stdout.isatty() else "\n", flush=True)
            said = line
        if video.state == SourceState.FAILED or all(job.state in FINAL for job in rows):
            print()
            return
        time.sleep(0.5)


def _report(video: Video) -> int:
    if video.state == SourceState.FAILED:
        print(f"The source failed: {video.failure_message} {video.failure_advice}", file=sys.stderr)
        return 1
    info = video.info
    has_sound = info is not None and info.audio is not None
    rows, problems = [], []
    for job in Job.objects.filter(encoding__video=video).select_related("encoding").order_by("pk"):
        name = job.encoding.profile_name
        if job.state != State.SUCCEEDED:
            if not (name in SILENT_PRESETS and not has_sound):
                problems.append(f"{name}: {job.state}: {job.failure_message}")
            continue
        shown, found = check_output(job, video)
        rows += shown
        problems += found
    print_table(rows)
    for problem in problems:
        print(f"WRONG {problem}", file=sys.stderr)
    print("All outputs are right." if not problems else f"{len(problems)} problems.")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
