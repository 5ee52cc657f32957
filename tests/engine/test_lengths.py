"""A file is as long as what a player plays of it, whatever else lies in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from django_mediacloud.engine.probe import probe
from django_mediacloud.exceptions import IncompleteMedia

from . import nasty
from .operations.work import Work

PICTURE = ("-f", "lavfi", "-i", nasty.BARS)
CODECS = (*nasty.H264, "-c:a", "aac")


def tone(seconds: float) -> tuple[str, ...]:
    return ("-f", "lavfi", "-i", f"sine=frequency=440:duration={seconds}")


def subtitled(path: Path, codec: str) -> Path:
    """2 s of film whose subtitle stays for 10."""
    words = path.with_suffix(".srt")
    words.write_text("1\n00:00:00,000 --> 00:00:10,000\nThe end\n\n")
    return nasty.ffmpeg(path, *PICTURE, *tone(2), "-i", f"file:{words}", *CODECS, "-c:s", codec)


def commented(path: Path, *options: str) -> Path:
    """2 s of film, with a second sound of 10 s."""
    return nasty.ffmpeg(
        path, *PICTURE, *tone(2), *tone(10), "-map", "0", "-map", "1", "-map", "2", *CODECS,
        "-disposition:a:0", "default", "-disposition:a:1", "0", *options,
    )  # fmt: skip


FILMS = {
    "subtitles in Matroska": lambda folder: subtitled(folder / "film.mkv", "srt"),
    "subtitles in MP4": lambda folder: subtitled(folder / "film.mp4", "mov_text"),
    "two sounds in Matroska": lambda folder: commented(folder / "film.mkv"),
    "two sounds in MP4": lambda folder: commented(folder / "film.mp4"),
    "two sounds in Matroska as broadcast": lambda folder: commented(folder / "film.mkv", "-live", "1"),
}


@pytest.mark.parametrize("kind", FILMS)
def test_a_film_is_as_long_as_it_is_played(kind: str, tmp_path: Path) -> None:
    film = FILMS[kind](tmp_path)
    assert probe(film).duration_s == pytest.approx(2.0, abs=0.05)
    work = Work(tmp_path)
    for name in ("video.convert", "video.reverse"):
        assert work.run(name, film).values["duration"] == pytest.approx(2.0, abs=0.05)
    assert work.run("audio.convert", film).values["duration"] == pytest.approx(2.0, abs=0.05)
    assert work.run("video.strip", film, count=3).values["duration"] == pytest.approx(2.0, abs=0.05)


@pytest.mark.parametrize("name", ["sound.m4a", "sound.mka"])
def test_a_sound_is_as_long_as_its_first_track(name: str, tmp_path: Path) -> None:
    sound = nasty.ffmpeg(tmp_path / name, *tone(2), *tone(10), "-map", "0", "-map", "1", "-c:a", "aac")
    work = Work(tmp_path)
    assert work.run("audio.info", sound).values["duration"] == pytest.approx(2.0, abs=0.05)
    assert work.run("audio.convert", sound).values["duration"] == pytest.approx(2.0, abs=0.05)
    assert work.run("audio.waveform", sound).values["duration"] == pytest.approx(2.0, abs=0.05)


def test_one_that_is_cut_off_is_still_found_out(tmp_path: Path) -> None:
    whole = commented(tmp_path / "film.mp4", "-movflags", "+faststart").read_bytes()
    film = tmp_path / "cut.mp4"
    film.write_bytes(whole[: len(whole) // 4])
    assert probe(film).duration_s == pytest.approx(2.0, abs=0.05)
    with pytest.raises(IncompleteMedia):
        Work(tmp_path).run("video.convert", film)
