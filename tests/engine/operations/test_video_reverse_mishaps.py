"""``video.reverse`` and what goes wrong: files that are no film, limits, a film too long for memory, an early end."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from django_mediacloud.engine import sandbox
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.operation import Outcome
from django_mediacloud.engine.registry import get_operation
from django_mediacloud.exceptions import IncompleteMedia, LimitExceeded, UnreadableMedia, UnsupportedMedia
from tests.engine import nasty
from tests.engine.memory import peak_of
from tests.engine.processes import is_ffmpeg, wait_until
from tests.media import MediaFactory

from .work import Work, frame_times, main_file


def run_and_fail(work: Work, source: Path, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        work.run("video.reverse", source)
    assert work.left() == []


def test_files_that_are_no_film_or_not_all_of_one(work: Work, media: MediaFactory, tmp_path: Path) -> None:
    run_and_fail(work, media.audio(), UnsupportedMedia, "sound without a picture")
    run_and_fail(work, media.picture(), UnsupportedMedia, "still picture")
    run_and_fail(work, nasty.n01_empty(tmp_path), UnreadableMedia, "empty")
    run_and_fail(work, nasty.n02_noise(tmp_path), UnreadableMedia, "cannot be read")
    run_and_fail(work, nasty.n03_without_index(tmp_path), UnreadableMedia, "cannot be read")
    run_and_fail(work, nasty.n04_cut_off(tmp_path), IncompleteMedia, "ends too early: 56 of 200")
    run_and_fail(work, nasty.n18_playlist(tmp_path), UnreadableMedia, "cannot be read")


def test_a_damaged_film_loses_little(work: Work, tmp_path: Path) -> None:
    assert len(frame_times(main_file(work.run("video.reverse", nasty.n05_damaged(tmp_path))))) >= 45


def test_times_that_jump_back_are_refused(work: Work, tmp_path: Path) -> None:
    """Two transport streams one after the other."""
    one = nasty.ramp(tmp_path / "one.ts", "-f", "mpegts", duration=2)
    both = tmp_path / "both.ts"
    both.write_bytes(one.read_bytes() * 2)
    run_and_fail(work, both, UnreadableMedia, "jump back")


def test_the_frame_is_not_larger_than_allowed(work: Work, media: MediaFactory) -> None:
    with pytest.raises(LimitExceeded) as caught:
        work.run("video.reverse", media.video(), width=16_000, height=16_000, crop=True)
    assert caught.value.code == "too_many_pixels"


def test_the_disk_is_not_filled(work: Work, media: MediaFactory) -> None:
    """Two seconds of sound at 44.1 kHz are 176 kB."""
    source = media.video("tone.mp4", duration_s=2)
    work.run("video.reverse", source, limits=Limits(output_bytes=200_000))
    with pytest.raises(LimitExceeded, match="sound of 2 s needs") as caught:
        work.run("video.reverse", source, limits=Limits(output_bytes=100_000))
    assert caught.value.code == "output_size"
    assert work.left() == []


@pytest.mark.slow
def test_ffmpeg_meets_a_limit_while_frames_come(work: Work, tmp_path: Path) -> None:
    source = nasty.clip(tmp_path / "a.mp4", source="testsrc2=s=640x360:r=25:d=4")
    with pytest.raises(LimitExceeded) as caught:
        work.run("video.reverse", source, limits=Limits(output_bytes=20_000))
    assert caught.value.code == "output_size"
    assert work.left() == []


@contextmanager
def watched_children() -> Iterator[list[float]]:
    """The largest memory of any process below this one while the body runs."""
    peak = [0.0]
    is_over = threading.Event()

    def watch() -> None:
        while not is_over.wait(0.005):
            for process in psutil.Process(os.getpid()).children(recursive=True):
                # Its own highest mark: on a busy machine the moment of the peak may be missed.
                peak[0] = max(peak[0], peak_of(process.pid))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        is_over.set()
        thread.join()


def run_in_sandbox(source: Path, folder: Path, on_tick: sandbox.OnTick = lambda _progress: None) -> Outcome:
    folder.mkdir()
    return sandbox.run_operation(
        "video.reverse",
        parameters=get_operation("video.reverse").info.parameters.clean({}, bound=frozenset({"url"})),
        inputs={"url": [source]},
        workdir=folder,
        limits=Limits(threads=2),
        on_tick=on_tick,
    )


@pytest.mark.slow
def test_memory_does_not_grow_with_the_length(media: MediaFactory, tmp_path: Path) -> None:
    """360p, one group of pictures for all of it: 35 MB of frames each 4 s."""
    films = [
        media.video(
            f"{duration_s}.mp4",
            duration_s=duration_s,
            size=(640, 360),
            options=(*nasty.H264, "-g", "9999", "-keyint_min", "9999", "-c:a", "aac"),
        )
        for duration_s in (10, 40)
    ]
    with watched_children() as naive:
        nasty.ffmpeg(tmp_path / "naive.mp4", "-i", f"file:{films[1]}", "-vf", "reverse", *nasty.H264)
    assert naive[0] > 345e6
    peaks = []
    for film in films:
        with watched_children() as peak:
            run_in_sandbox(film, tmp_path / f"work-{film.stem}")
        peaks.append(peak[0])
    assert peaks[1] - peaks[0] < 30e6
    assert peaks[1] < naive[0] / 2


@pytest.mark.slow
def test_it_dies_when_told_to(media: MediaFactory, tmp_path: Path) -> None:
    source = media.video("long.mp4", duration_s=60, size=(640, 360), options=nasty.H264)

    class Stop(Exception):
        pass

    def stop(progress: float | None) -> None:
        if progress and progress > 6:
            raise Stop

    with pytest.raises(Stop):
        run_in_sandbox(source, tmp_path / "work", stop)
    wait_until(lambda: not any(map(is_ffmpeg, psutil.Process().children(recursive=True))))
