from __future__ import annotations

import os
import stat
from pathlib import Path

import imageio_ffmpeg
import pytest

from django_mediacloud.engine import ffmpeg, ffmpeg_program
from django_mediacloud.engine.ffmpeg import GUARD, file_url, run_ffmpeg
from django_mediacloud.engine.ffmpeg_program import find_ffmpeg, parse_version
from django_mediacloud.engine.limits import Limits
from django_mediacloud.exceptions import (
    EngineCrashed,
    EngineUnavailable,
    IncompleteMedia,
    LimitExceeded,
    UnreadableMedia,
    UnsupportedMedia,
)

from . import nasty

HARD = ("-f", "lavfi", "-i", "testsrc2=s=1280x720:d=4000", "-c:v", "libx264", "-preset", "medium")


@pytest.fixture
def fresh_choice() -> None:
    find_ffmpeg.cache_clear()
    yield
    find_ffmpeg.cache_clear()


def program(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


OLD = 'echo "ffmpeg version 4.4.2-0ubuntu0.22.04.1 Copyright"'


@pytest.mark.parametrize(
    ("line", "version"),
    [
        ("ffmpeg version 5.1.9-0+deb12u1 Copyright (c)", (5, 1, 9)),
        ("ffmpeg version n9.0.2-17-g2a571b6068-20260930 Copyright", (9, 0, 2)),
        ("ffmpeg version 7.1 Copyright", (7, 1)),
        ("ffmpeg version N-109468-gd39b34123d Copyright", (999,)),
        ("sh: not found", ()),
    ],
)
def test_versions(line: str, version: tuple[int, ...]) -> None:
    assert parse_version(line) == version


@pytest.mark.usefixtures("fresh_choice")
def test_the_variable_wins_and_must_be_usable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = imageio_ffmpeg.get_ffmpeg_exe()
    monkeypatch.setenv("MEDIACLOUD_FFMPEG", real)
    assert find_ffmpeg() == real
    for chosen in (tmp_path / "none", program(tmp_path / "old", OLD), program(tmp_path / "broken", "exit 1")):
        find_ffmpeg.cache_clear()
        monkeypatch.setenv("MEDIACLOUD_FFMPEG", str(chosen))
        with pytest.raises(EngineUnavailable):
            find_ffmpeg()


@pytest.mark.usefixtures("fresh_choice")
@pytest.mark.parametrize("body", [OLD, "exit 1", 'echo "ffmpeg version 7.1"'])
def test_a_machine_whose_ffmpeg_is_not_good_enough(body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too old, broken, or without the encoders: the one of the wheel is taken."""
    program(tmp_path / "ffmpeg", body)
    monkeypatch.delenv("MEDIACLOUD_FFMPEG", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert find_ffmpeg() == imageio_ffmpeg.get_ffmpeg_exe()


@pytest.mark.usefixtures("fresh_choice")
def test_a_machine_whose_ffmpeg_is_good(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "ffmpeg"
    own.symlink_to(imageio_ffmpeg.get_ffmpeg_exe())
    monkeypatch.delenv("MEDIACLOUD_FFMPEG", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert find_ffmpeg() == str(own)
    assert ffmpeg_program.ffmpeg_version()


def test_progress_and_result_with_a_difficult_name(tmp_path: Path) -> None:
    target = tmp_path / "-a:b %d\n.mp4"
    told: list[float] = []
    source = ["-f", "lavfi", "-i", "testsrc2=s=160x120:d=2", "-c:v", "libx264"]
    result = run_ffmpeg([*source, file_url(target)], limits=Limits(), duration_s=2, report=told.append, cwd=tmp_path)
    assert (result.frame_count, result.error_lines) == (50, 0)
    assert result.out_time_s == pytest.approx(2, abs=0.2)
    assert result.size_bytes == target.stat().st_size
    assert told[-1] > 90
    assert told == sorted(told)


def test_damage_that_the_decoders_conceal_is_counted(tmp_path: Path) -> None:
    source = nasty.n05_damaged(tmp_path)
    result = run_ffmpeg([*GUARD, "-i", file_url(source), "-f", "null", "-"], limits=Limits(), cwd=tmp_path)
    assert result.error_lines > 0
    assert str(tmp_path) not in result.log


@pytest.mark.parametrize(
    ("make", "options", "error"),
    [
        (nasty.n01_empty, (), UnreadableMedia),
        (nasty.n02_noise, (), UnreadableMedia),
        (nasty.n03_without_index, (), UnreadableMedia),
        (nasty.n12_turned, ("-map", "0:a"), UnsupportedMedia),
        (nasty.n12_turned, ("-no_such_option", "1"), EngineCrashed),
    ],
)
def test_failures(make, options: tuple[str, ...], error: type[Exception], tmp_path: Path) -> None:
    source = make(tmp_path)
    with pytest.raises(error) as caught:
        run_ffmpeg([*GUARD, "-i", file_url(source), *options, "-f", "null", "-"], limits=Limits(), cwd=tmp_path)
    assert caught.value.log
    assert str(tmp_path) not in caught.value.log + str(caught.value)


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        pytest.param({"cpu_s": 1}, "cpu_time", marks=pytest.mark.slow),
        ({"wall_s": 0.5}, "wall_time"),
        ({"output_bytes": 300_000}, "output_size"),
    ],
)
def test_limits(limits: dict[str, float], code: str, tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded) as caught:
        run_ffmpeg([*HARD, "-crf", "5", "out.mp4"], limits=Limits(**limits), cwd=tmp_path)
    assert caught.value.code == code


@pytest.mark.slow
def test_limit_of_memory(tmp_path: Path) -> None:
    """Turning a film around keeps all its frames."""
    source = ["-f", "lavfi", "-i", "testsrc2=s=1280x720:d=4000", "-vf", "reverse", "-f", "null", "-"]
    with pytest.raises(LimitExceeded) as caught:
        run_ffmpeg(source, limits=Limits(memory_bytes=1_000_000_000), cwd=tmp_path)
    assert caught.value.code == "memory"


@pytest.mark.usefixtures("fresh_choice")
def test_a_flood_of_output_stays_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flood = program(
        tmp_path / "flood", "head -c 60000000 /dev/zero | tr '\\0' 'x' >&2; yes '[error] no' | head -n 100000 >&2"
    )
    monkeypatch.setattr(ffmpeg, "find_ffmpeg", lambda: str(flood))
    result = run_ffmpeg(["-x"], limits=Limits(), cwd=tmp_path)
    assert len(result.log) < 100_000
    # The first of them ends the endless line before it.
    assert result.error_lines in (99_999, 100_000)


def test_a_report_that_raises_ends_ffmpeg(tmp_path: Path) -> None:
    def stop(_percent: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_ffmpeg([*HARD, "out.mp4"], limits=Limits(), duration_s=4000, report=stop, cwd=tmp_path)


def test_a_program_that_crashes_is_told_by_its_signal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ffmpeg, "find_ffmpeg", lambda: str(program(tmp_path / "crash", "kill -SEGV $$")))
    with pytest.raises(EngineCrashed, match="SIGSEGV"):
        run_ffmpeg(["-x"], limits=Limits(), cwd=tmp_path)


RAW = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", "64x48", "-i", "pipe:0")


def test_what_is_fed_comes_in(tmp_path: Path) -> None:
    def feed(pipe: int) -> None:
        for number in range(10):
            os.write(pipe, bytes([number]) * 64 * 48)

    result = run_ffmpeg([*RAW, "-f", "null", "-"], limits=Limits(), cwd=tmp_path, feed=feed)
    assert result.frame_count == 10


def test_a_fault_of_the_feeding_is_raised(tmp_path: Path) -> None:
    def feed(pipe: int) -> None:
        os.write(pipe, bytes(64 * 48))
        raise IncompleteMedia("The rest is missing.")

    with pytest.raises(IncompleteMedia, match="rest is missing"):
        run_ffmpeg([*RAW, "-f", "null", "-"], limits=Limits(), cwd=tmp_path, feed=feed)


@pytest.mark.slow
def test_feeding_ends_with_ffmpeg(tmp_path: Path) -> None:
    """It is killed by its limit, and the endless feeding meets a broken pipe."""
    written = 0

    def feed(pipe: int) -> None:
        nonlocal written
        while True:
            written += os.write(pipe, bytes(64 * 48))

    with pytest.raises(LimitExceeded) as caught:
        run_ffmpeg([*RAW, "-f", "null", "-"], limits=Limits(wall_s=1), cwd=tmp_path, feed=feed)
    assert caught.value.code == "wall_time"
    assert written > 0
    with pytest.raises(EngineCrashed):
        run_ffmpeg([*RAW, "-f", "nonsense", "-"], limits=Limits(), cwd=tmp_path, feed=feed)
