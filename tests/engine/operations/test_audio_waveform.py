from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.operation import Outcome
from django_mediacloud.engine.operations.audio_waveform import _Peaks
from django_mediacloud.engine.registry import get_operation
from django_mediacloud.engine.sound import Block
from django_mediacloud.exceptions import IncompleteMedia, LimitExceeded, UnreadableMedia, UnsupportedMedia
from tests.engine import nasty
from tests.engine.test_sound import wav
from tests.media import MediaFactory, RealMedia

from .work import Work, main_file

FULL = 32767


def pixels(outcome: Outcome) -> Any:
    """Height x width x 3."""
    (file,) = outcome.files
    assert (file.role, file.content_type) == ("output", outcome.values["content_type"])
    with Image.open(main_file(outcome)) as picture:
        assert picture.size == (outcome.values["width"], outcome.values["height"])
        assert picture.get_format_mimetype() == file.content_type
        return np.asarray(picture.convert("RGB"), int)


def wave(outcome: Outcome) -> list[tuple[int, int]]:
    """The top and the bottom row of each column that is black on white; a column has no hole."""
    is_black = pixels(outcome).sum(axis=2) < 384
    spans = []
    for column in is_black.T:
        (rows,) = np.nonzero(column)
        assert list(rows) == list(range(rows[0], rows[-1] + 1))
        spans.append((int(rows[0]), int(rows[-1])))
    return spans


def test_by_default(work: Work, media: MediaFactory) -> None:
    outcome = work.run("audio.waveform", media.audio(duration_s=2))
    assert dict(outcome.values) == {
        "duration": pytest.approx(2, abs=0.06),
        "width": 1024,
        "height": 60,
        "content_type": "image/jpeg",
    }
    assert outcome.files[0].name == "output.jpg"
    assert outcome.source_s == outcome.values["duration"]
    assert work.left() == ["output.jpg"]
    assert work.progress[-1] == 100
    colors = pixels(outcome).reshape(-1, 3)
    assert (colors.min(), colors.max()) == (0, 255)


def test_defaults_are_those_of_the_service() -> None:
    assert get_operation("audio.waveform").info.parameters.clean({"url": "https://example.com/a.mp3"}) == {
        "url": "https://example.com/a.mp3", "width": 1024, "height": 60, "vmargin": 0, "fill": "#000000",
        "background": "#FFFFFF", "start": 0.0, "end": None, "format": "jpeg",
    }  # fmt: skip


def test_a_column_shows_the_range_of_its_time(work: Work, tmp_path: Path) -> None:
    """Four quarters: full scale, the upper half, a single sample, silence."""
    samples = np.zeros((8000, 1))
    samples[0:2000:2], samples[1:2000:2] = FULL, -32768
    samples[2000:4000:2] = FULL
    samples[4500] = -16384
    outcome = work.run("audio.waveform", wav(tmp_path / "a.wav", samples), width=8, height=101, format="png")
    assert wave(outcome) == [(0, 100), (0, 100), (0, 50), (0, 50), (50, 75), (50, 50), (50, 50), (50, 50)]
    with_margin = work.run(
        "audio.waveform", tmp_path / "a.wav", width=8, height=101, vmargin=25, format="png"
    )  # 51 rows are left
    assert wave(with_margin) == [(25, 75), (25, 75), (25, 50), (25, 50), (50, 63), (50, 50), (50, 50), (50, 50)]


def test_borders_are_exact(work: Work, tmp_path: Path) -> None:
    """Each of 10 columns of 800 samples has one loud sample: the first, or the last, of its time."""
    for place in (0, 799):
        samples = np.zeros((8000, 1))
        for column in range(1, 10, 2):
            samples[800 * column + place] = FULL
        source = wav(tmp_path / f"{place}.wav", samples)
        outcome = work.run("audio.waveform", source, width=10, height=11, format="png")
        assert wave(outcome) == [(5, 5), (0, 5)] * 5
        part = work.run("audio.waveform", source, width=3, height=11, start=0.3, end=0.6, format="png")
        assert wave(part) == [(0, 5), (5, 5), (0, 5)]


def test_fewer_samples_than_columns(work: Work, tmp_path: Path) -> None:
    """Each sample stands as long as it sounds."""
    source = wav(tmp_path / "short.wav", np.array([[FULL], [-32768], [0], [FULL]]))
    outcome = work.run("audio.waveform", source, width=12, height=3, format="png")
    assert wave(outcome) == [(0, 0)] * 3 + [(2, 2)] * 3 + [(1, 1)] * 3 + [(0, 0)] * 3
    zoomed = work.run("audio.waveform", source, width=6, height=3, start=0.5 / 8000, end=1.5 / 8000, format="png")
    assert wave(zoomed) == [(0, 0)] * 3 + [(2, 2)] * 3
    one = wav(tmp_path / "one.wav", np.array([[FULL]]))
    assert wave(work.run("audio.waveform", one, width=5, height=3, format="png")) == [(0, 0)] * 5


def test_colors(work: Work, tmp_path: Path) -> None:
    source = wav(tmp_path / "a.wav", np.array([[0]] * 100))
    for format_name, slack in (("png", 0), ("jpeg", 12)):
        outcome = work.run(
            "audio.waveform", source, width=16, height=17, fill="#F80", background="#102030", format=format_name
        )
        picture = pixels(outcome)
        assert picture[0, 8] == pytest.approx((0x10, 0x20, 0x30), abs=slack)
        if format_name == "png":
            assert tuple(picture[8, 8]) == (0xFF, 0x88, 0)


def test_opposite_phases_do_not_cancel_out(work: Work, media: MediaFactory) -> None:
    source = media.draw(
        "opposite.wav", "-f", "lavfi", "-i", "aevalsrc=0.9*sin(880*PI*t)|-0.9*sin(880*PI*t):s=44100:d=1"
    )
    assert set(wave(work.run("audio.waveform", source, width=20, height=101, format="png"))) == {(5, 95)}


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("surround.m4a", ("-af", "volume=8,aformat=channel_layouts=5.1")),
        ("surround.flac", ("-af", "volume=8,aformat=channel_layouts=7.1")),
        ("low.wav", ("-af", "volume=8", "-ar", "8000")),
        ("high.flac", ("-af", "volume=8", "-ar", "96000")),
        ("bytes.wav", ("-af", "volume=8", "-c:a", "pcm_u8", "-ac", "1")),
        ("float.wav", ("-af", "volume=8", "-c:a", "pcm_f64le")),
        ("plain.mp3", ("-af", "volume=8", "-q:a", "5", "-write_xing", "0")),
        ("live.mka", ("-af", "volume=8", "-live", "1")),
        ("late.mka", ("-af", "volume=8", "-output_ts_offset", "10")),
        ("late.ts", ("-af", "volume=8", "-c:a", "aac", "-output_ts_offset", "10")),
    ],
)
def test_all_kinds_of_sound(work: Work, media: MediaFactory, name: str, options: tuple[str, ...]) -> None:
    """A loud tone fills the picture from the first to the last column."""
    outcome = work.run("audio.waveform", media.audio(name, options=options), width=40, height=101, format="png")
    assert outcome.values["duration"] == pytest.approx(2, abs=0.08)
    spans = wave(outcome)
    assert all(top < 25 and bottom > 75 for top, bottom in spans[1:-2])


def test_the_sound_of_a_film_stands_at_its_time(work: Work, tmp_path: Path, real_media: RealMedia) -> None:
    film = nasty.ffmpeg(
        tmp_path / "film.mkv",
        *("-f", "lavfi", "-i", "testsrc2=s=64x48:d=4", "-itsoffset", "1", "-f", "lavfi", "-i", "sine=d=1"),
        *("-map", "0:v", "-map", "1:a", "-c:a", "pcm_s16le"),
    )
    outcome = work.run("audio.waveform", film, width=8, height=101, format="png")
    assert outcome.values["duration"] == pytest.approx(4, abs=0.05)
    assert [bottom > top for top, bottom in wave(outcome)] == [False, False, True, True, False, False, False, False]
    quiet = work.run("audio.waveform", film, width=8, height=101, start=2.5, format="png")
    assert set(wave(quiet)) == {(50, 50)}
    real = work.run("audio.waveform", real_media.movie, height=101, format="png")
    assert len(set(wave(real))) > 20


def test_from_start_to_end(work: Work, media: MediaFactory) -> None:
    """Loud from 1 s to 1.5 s."""
    source = media.draw(
        "burst.mp3", "-f", "lavfi", "-i", "aevalsrc='if(between(t,1,1.5),0.8*sin(2*PI*500*t),0)':s=44100:d=2"
    )
    for start, end, loud in (
        (0, None, [False] * 10 + [True] * 5 + [False] * 5),
        (0.5, 1.5, [False] * 10 + [True] * 10),
        (1.05, 1.45, [True] * 20),
        (1.6, 1.9, [False] * 20),
        (1.25, 60, [True] * 7 + [False] * 13),
    ):
        outcome = work.run("audio.waveform", source, width=20, height=101, start=start, end=end, format="png")
        assert outcome.values["duration"] == pytest.approx(2, abs=0.06)
        found = [bottom - top > 40 for top, bottom in wave(outcome)]
        assert sum(one != other for one, other in zip(found, loud, strict=True)) <= 1


def test_start_behind_the_end_of_the_sound(work: Work, media: MediaFactory) -> None:
    for end in (None, 80):
        with pytest.raises(UnsupportedMedia, match=r"only 2\.\d s long, so it has nothing at 70 s"):
            work.run("audio.waveform", media.audio("tone.wav"), start=70, end=end)
        assert work.left() == []


def test_a_header_that_lies_about_the_length(work: Work, tmp_path: Path) -> None:
    """The number of frames in an MP3's Xing header, and a Matroska file's duration, made wrong."""
    source = nasty.ffmpeg(tmp_path / "a.mp3", "-f", "lavfi", "-i", "sine=d=4,volume=8", "-q:a", "5")
    plain = wave(work.run("audio.waveform", source, width=50, height=101, format="png"))
    data = source.read_bytes()
    place = data.index(b"Xing") + 8
    for frames in (20, 20_000):
        source.write_bytes(data[:place] + frames.to_bytes(4, "big") + data[place + 4 :])
        outcome = work.run("audio.waveform", source, width=50, height=101, format="png")
        assert outcome.values["duration"] == pytest.approx(4, abs=0.1)
        assert sum(one != other for one, other in zip(plain, wave(outcome), strict=True)) <= 4

    film = nasty.ffmpeg(tmp_path / "a.mka", "-f", "lavfi", "-i", "sine=d=4,volume=8", "-c:a", "pcm_s16le")
    data = film.read_bytes()
    place = data.index(b"\x44\x89\x88") + 3
    film.write_bytes(data[:place] + np.array(1000.0, ">f8").tobytes() + data[place + 8 :])
    outcome = work.run("audio.waveform", film, width=50, height=101, format="png")
    assert outcome.values["duration"] == pytest.approx(4, abs=0.01)
    assert all(bottom > top for top, bottom in wave(outcome))


def test_what_is_cut_off_or_has_no_sound(work: Work, media: MediaFactory, tmp_path: Path) -> None:
    whole = nasty.ffmpeg(tmp_path / "whole.flac", "-f", "lavfi", "-i", "anoisesrc=d=4").read_bytes()
    cut = tmp_path / "cut.flac"
    cut.write_bytes(whole[: len(whole) // 2])
    for source, error in (
        (cut, IncompleteMedia),
        (media.video(has_sound=False), UnsupportedMedia),
        (media.picture(), UnsupportedMedia),
        (nasty.n29_no_samples(tmp_path), UnreadableMedia),
        (nasty.n02_noise(tmp_path), UnreadableMedia),
    ):
        with pytest.raises(error):
            work.run("audio.waveform", source)
        assert work.left() == []
    # What is there can be drawn.
    assert work.run("audio.waveform", cut, end=1).values["duration"] == pytest.approx(4)


def test_no_number_is_too_wild(work: Work, tmp_path: Path) -> None:
    samples = np.array([[np.nan], [np.inf], [1e30], [-np.inf]] * 100, np.float32)
    outcome = work.run(
        "audio.waveform", wav(tmp_path / "wild.wav", samples, is_float=True), width=10, height=11, format="png"
    )
    assert wave(outcome) == [(0, 10)] * 10
    nothing = wav(tmp_path / "nan.wav", np.full((400, 1), np.nan), is_float=True)
    assert wave(work.run("audio.waveform", nothing, width=10, height=11, format="png")) == [(5, 5)] * 10


def test_a_picture_larger_than_allowed_is_not_begun(work: Work, media: MediaFactory) -> None:
    with pytest.raises(LimitExceeded) as caught:
        work.run("audio.waveform", media.audio(), limits=Limits(pixels=61_439))
    assert caught.value.code == "too_many_pixels"
    assert work.run("audio.waveform", media.audio(), width=1, height=1, format="png").values["width"] == 1


@settings(max_examples=60, deadline=None)
@given(
    count=st.integers(1, 400),
    width=st.integers(1, 300),
    start=st.integers(0, 399),
    length=st.floats(0.3, 450),
    cuts=st.lists(st.integers(1, 399), max_size=6),
    channels=st.integers(1, 3),
    seed=st.integers(0, 1000),
)
def test_blocks_of_any_size_give_the_same_peaks(
    count: int, width: int, start: int, length: float, cuts: list[int], channels: int, seed: int
) -> None:
    """Against a plain loop over columns and samples."""
    rate = 1000
    samples = np.random.default_rng(seed).uniform(-1, 1, (count, channels)).astype(np.float32)
    peaks = _Peaks(start / rate, (start + length) / rate, width)
    borders = sorted({0, count, *(cut for cut in cuts if cut < count)})
    for begin, end in pairwise(borders):
        peaks.add(Block(samples=samples[begin:end], begin=begin, rate_hz=rate))
    expected = np.zeros((101, width), np.uint8)
    for column in range(width):
        first = int(start + length * column / width + 1e-6)
        behind = max(first + 1, int(start + length * (column + 1) / width + 1e-6))
        part = samples[first:behind]
        high, low = (part.max(), part.min()) if part.size else (0, 0)
        expected[int(np.round((1 - high) * 50)) : int(np.round((1 - low) * 50)) + 1, column] = 1
    assert np.abs(peaks.draw(101, 0).astype(int) - expected).sum(axis=0).max() <= 1
