from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from django_mediacloud.engine.beats import RATE_HZ, find_beats
from django_mediacloud.engine.beats.metre import find_bars
from django_mediacloud.engine.beats.onsets import find_onsets
from django_mediacloud.engine.beats.spectrum import FRAME_RATE_HZ, spectrum_of
from django_mediacloud.engine.beats.tracking import track_beats
from tests.engine.memory import peak_growth

from . import development
from .evaluation import evaluate, f_measure
from .practice import practice_piece
from .score import record


def clicks(times: np.ndarray, duration_s: float, *, noise: float = 0.0) -> np.ndarray:
    """A short beep of 1 kHz at each of ``times``."""
    samples = np.random.default_rng(3).normal(0, noise, round(duration_s * RATE_HZ)) if noise else None
    if samples is None:
        samples = np.zeros(round(duration_s * RATE_HZ))
    length = 1100
    beep = 0.6 * np.sin(2 * np.pi * 1000 * np.arange(length) / RATE_HZ) * np.exp(-np.arange(length) / 250)
    for time_s in times:
        begin = round(time_s * RATE_HZ)
        samples[begin : begin + length] += beep[: len(samples) - begin]
    return samples.astype(np.float32)


def babble(seed: int) -> np.ndarray:
    """Half a minute of syllables as of speech: voiced or hissing, each of another length, with pauses."""
    chance = np.random.default_rng(seed)
    samples = np.zeros(30 * RATE_HZ)
    begin = 0
    while begin < 29 * RATE_HZ:
        length = int(chance.uniform(0.08, 0.28) * RATE_HZ)
        pitch_hz, formant_hz = chance.uniform(90, 180), chance.uniform(400, 1500)
        phase = 2 * np.pi * pitch_hz * np.arange(length) / RATE_HZ
        voice = sum(
            np.exp(-(((overtone * pitch_hz - formant_hz) / 600) ** 2)) * np.sin(overtone * phase)
            for overtone in range(1, 20)
        )
        hiss = chance.normal(size=length) if chance.random() < 0.4 else 0
        samples[begin : begin + length] += np.hanning(length) * (voice + hiss) * chance.uniform(0.1, 0.3)
        pause_s = chance.uniform(0.2, 0.9) if chance.random() < 0.15 else 0
        begin += int(length * chance.uniform(0.7, 1.1) + pause_s * RATE_HZ)
    return samples.astype(np.float32)


@pytest.mark.parametrize("number", [3, 11])
def test_beats_and_bars_of_a_piece(number: int) -> None:
    (result,) = evaluate([development.PIECES[number]])
    assert result.beats > 0.9
    assert result.downbeats > 0.9


@pytest.mark.parametrize("number", [7, 8], ids=["slower and slower", "suddenly faster"])
def test_beats_follow_the_tempo_of_a_piece(number: int) -> None:
    (result,) = evaluate([development.PIECES[number]])
    assert result.beats > 0.98


def test_a_piece_without_two_beats_alike_is_music() -> None:
    """Its pattern comes back after some bars only."""
    recording = record(practice_piece(5093))
    assert f_measure(recording.beats, find_beats([recording.samples]).beats) > 0.95


def test_the_crack_of_a_sound_cut_off_is_no_beat() -> None:
    times = np.arange(0.5, 20.1, 0.5)
    samples = clicks(times, 22)
    samples += (0.2 * np.sin(2 * np.pi * 440 * np.arange(len(samples)) / RATE_HZ)).astype(np.float32)
    assert find_beats([samples]).beats[-1] == pytest.approx(times[-1], abs=0.07)


@pytest.mark.parametrize(
    ("bpm", "noise"), [((120, 120), 0.0), ((97, 97), 0.02), ((100, 130), 0.0)], ids=["120", "97 in noise", "drift"]
)
def test_a_metronome(bpm: tuple[int, int], noise: float) -> None:
    pace = np.linspace(*bpm, 60)
    times = 0.5 + np.concatenate([[0], np.cumsum(60 / pace)])
    found = find_beats([clicks(times, times[-1] + 1, noise=noise)])
    assert f_measure(times, found.beats) > 0.97


def test_a_change_of_notes_is_told_when_it_happens() -> None:
    """Not before, though the long window that tells notes apart has it in sight earlier."""
    pitches_hz = 220 * 2 ** (np.array([0, 4, 7, 12, 9, 5, 2, 7, 0]) / 12)
    phase = 2 * np.pi * np.cumsum(np.repeat(pitches_hz, RATE_HZ)) / RATE_HZ
    onsets = find_onsets(spectrum_of([(0.4 * np.sin(phase)).astype(np.float32)]))
    assert onsets is not None
    changes = np.round(np.arange(1, 9) * FRAME_RATE_HZ).astype(int)
    offsets = np.arange(-20, 21)
    around = np.mean([onsets.accents[change + offsets, -1] for change in changes], axis=0)
    assert abs(offsets[around.argmax()]) <= 2


@pytest.mark.parametrize(
    "samples",
    [
        np.zeros(20 * RATE_HZ, np.float32),
        np.random.default_rng(1).normal(0, 1e-4, 20 * RATE_HZ).astype(np.float32),
        np.random.default_rng(1).normal(0, 0.1, 20 * RATE_HZ).astype(np.float32),
        (0.5 * np.sin(2 * np.pi * 440 * np.arange(20 * RATE_HZ) / RATE_HZ)).astype(np.float32),
        np.full(20 * RATE_HZ, np.nan, np.float32),
        babble(1),
        babble(2),
        np.zeros(0, np.float32),
        np.ones(1, np.float32),
    ],
    ids=["silence", "hum of silence", "noise", "tone", "not a number", "speech", "speech 2", "nothing", "one sample"],
)
def test_what_is_no_music_has_no_beats(samples: np.ndarray) -> None:
    found = find_beats([samples])
    assert found.beats == ()
    assert found.downbeats == ()
    assert found.duration_s == pytest.approx(len(samples) / RATE_HZ)


@pytest.mark.parametrize("length_s", [0.05, 0.3, 0.9, 1.3, 1.8, 2.3, 3.0, 3.7])
def test_sounds_of_a_few_beats(length_s: float) -> None:
    """Shorter than what the tracker looks at otherwise."""
    length = round(length_s * RATE_HZ)
    tone = (0.5 * np.sin(2 * np.pi * 440 * np.arange(length) / RATE_HZ)).astype(np.float32)
    struck = clicks(np.arange(0.1, length_s, 0.5), 5)[:length]
    for samples in (tone, struck, tone + struck):
        found = find_beats([samples])
        assert all(0 <= beat <= length_s for beat in found.beats)
        assert len(found.beats) <= 1 + 4 * length_s
        assert set(found.downbeats) <= set(found.beats)


def test_damaged_samples_among_good_ones_do_no_harm() -> None:
    times = np.arange(0.5, 29, 0.5)
    samples = clicks(times, 30)
    samples[100_000:100_200] = np.inf
    samples[200_000] = np.nan
    assert f_measure(times, find_beats([samples]).beats) > 0.95


@pytest.mark.slow
def test_sections_of_a_long_sound_join_without_a_seam() -> None:
    times = np.arange(0.3, 700, 0.5)
    found = find_beats(np.array_split(clicks(times, 701), 300))
    steps = np.diff(found.beats)
    assert steps.min() > 0.4
    assert steps.max() < 0.6
    assert f_measure(times, found.beats) > 0.99


@pytest.mark.slow
def test_memory_stays_small_however_long_the_sound_is() -> None:
    second = clicks(np.array([0.1, 0.6]), 1)

    def hour() -> Iterator[np.ndarray]:
        return itertools.repeat(second, 1800)

    find_beats([second] * 20)
    # Half an hour: the samples alone would be 159 MB.
    assert peak_growth(lambda: find_beats(hour())) < 60_000_000


def test_progress_rises_to_the_end() -> None:
    told: list[float] = []
    find_beats([clicks(np.arange(0, 9, 0.5), 10)] * 3, expected_s=30, report=told.append)
    assert told == sorted(told)
    assert told[0] == pytest.approx(1 / 6)
    assert told[-1] == 1


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 9000), max_size=8))
def test_a_spectrum_is_the_same_however_the_samples_come(cuts: list[int]) -> None:
    samples = np.random.default_rng(5).normal(0, 0.1, 9000).astype(np.float32)
    whole, parts = spectrum_of([samples]), spectrum_of(np.split(samples, sorted(cuts)))
    np.testing.assert_allclose(whole.bands, parts.bands, rtol=2e-3)
    np.testing.assert_allclose(whole.chroma, parts.chroma, rtol=1e-4)
    assert len(whole.bands) == 9000 // 256 + 1


@given(length=st.sampled_from([3, 4]), first=st.integers(0, 3), count=st.integers(16, 40))
def test_bars_of_clear_odds(length: int, first: int, count: int) -> None:
    is_first = np.arange(count) % length == first % length
    bars = find_bars(np.where(is_first, 3.0, -3.0))
    assert bars.beats_per_bar == length
    assert bars.is_downbeat.tolist() == is_first.tolist()


@settings(deadline=None)
@given(interval=st.integers(30, 60), first=st.integers(0, 29))
def test_tracking_finds_evenly_spaced_peaks(interval: int, first: int) -> None:
    salience = np.full(1200, -0.1, np.float32)
    salience[first::interval] = 2
    beats = track_beats(salience, 60 * RATE_HZ / 256 / 42, octaves=0.6)
    peaks = np.arange(first, 1200, interval)
    inner = beats[(beats >= peaks[0]) & (beats <= peaks[-1])]
    assert inner.tolist() == peaks.tolist()
