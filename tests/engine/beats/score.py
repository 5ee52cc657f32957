"""Written music to sound: bars of chords and patterns, played by General MIDI instruments like a person would.

The sound font comes with ``pretty_midi`` and the synthesiser is that of ``symusic``: nothing of the machine is needed.
"""

from __future__ import annotations

import random
import re
import wave
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np
import symusic

RATE_HZ = 22_050
_SOUND_FONT = resources.files("pretty_midi") / "TimGM6mb.sf2"
_ROOTS = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_TONES = {"": (0, 4, 7), "m": (0, 3, 7), "7": (0, 4, 7, 10), "m7": (0, 3, 7, 10), "j7": (0, 4, 7, 11), "o": (0, 3, 6)}
_STEPS_PER_BEAT = 48
_DRUMS = {
    "k": 36, "s": 38, "h": 42, "o": 46, "r": 51, "x": 37, "c": 49, "t": 45, "b": 70, "w": 39, "g": 56, "u": 63, "l": 75,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """``pattern`` fills one bar, or several when parted by spaces: a digit is a tone of the chord from below (``3``
    and up in the next octave), ``X`` the whole chord, ``.`` holds on, ``-`` is a rest. ``|`` parts patterns of which
    each pass takes another."""

    program: int
    pattern: str
    octave: int = 4
    velocity: int = 80
    spread_s: float = 0.0
    """How long the fingers take over a chord."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tune:
    """``notes`` are ``pitch:beats`` parted by spaces, ``r`` for a rest: ``E4:1 F4:0.5 r:2``."""

    program: int
    notes: str
    velocity: int = 95
    shift: int = 0


def in_units(notes: str, unit: float) -> str:
    """Words as in a ``Tune``, but counted in ``unit`` beats: ``E5`` is one of them, ``E5:2`` two."""
    words = (word.partition(":") for word in notes.split())
    return " ".join(f"{name}:{float(count or 1) * unit}" for name, _, count in words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Melody:
    """Made up by chance: ``rhythms`` are patterns of ``x`` and ``.`` for one bar; on the beat, a tone of the chord."""

    program: int
    rhythms: Sequence[str]
    octave: int = 5
    velocity: int = 92


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """``chords`` has one word a bar, ``C,G7`` for two in a bar; played ``times`` times. ``tempo`` is beats a minute
    from a beat on: one that follows after ``~`` is reached evenly. ``drums`` are patterns of one bar, by instrument."""

    name: str
    bpm: float
    beats_per_bar: int
    chords: str
    times: int = 1
    parts: Sequence[Part | Tune | Melody] = ()
    drums: Mapping[str, str] = field(default_factory=dict)
    drums_from_bar: int = 0
    pickup_beats: int = 0
    swing: float = 0.5
    """Where in the beat its second half begins: 2/3 swings."""
    tempo: Sequence[tuple[int, float]] = ()
    """Further tempi: from bar ``n`` on; a negative bar means reached evenly until bar ``-n``."""
    silent_bars: Sequence[int] = ()
    looseness_s: float = 0.006
    seed: int = 1

    @property
    def bars(self) -> list[str]:
        return self.chords.split() * self.times


@dataclass(frozen=True, slots=True)
class Note:
    program: int
    pitch: int
    begin: float
    length: float
    velocity: int
    delay_s: float = 0.0


DRUM_KIT = -1


def clock_of(piece: Piece) -> np.ndarray:
    """Seconds at every step (``_STEPS_PER_BEAT`` to a beat), from the first beat of the pickup on."""
    beats = piece.pickup_beats + (len(piece.bars) + 2) * piece.beats_per_bar
    bpm = np.full(beats * _STEPS_PER_BEAT, piece.bpm)
    for bar, target in piece.tempo:
        begin = (piece.pickup_beats + abs(bar) * piece.beats_per_bar) * _STEPS_PER_BEAT
        if bar < 0:
            ramp = slice(begin - 4 * piece.beats_per_bar * _STEPS_PER_BEAT, begin)
            bpm[ramp] = np.linspace(bpm[ramp.start], target, ramp.stop - ramp.start)
        bpm[begin:] = target
    return np.concatenate([[0.0], np.cumsum(60 / bpm / _STEPS_PER_BEAT)]) + 0.4


def seconds(piece: Piece, clock: np.ndarray, beat: float) -> float:
    """When ``beat`` falls, counted from the first beat of the pickup."""
    whole = np.floor(beat)
    part = beat - whole
    if piece.swing != 0.5:
        part = part * 2 * piece.swing if part < 0.5 else piece.swing + (part - 0.5) * 2 * (1 - piece.swing)
    return float(np.interp((whole + part) * _STEPS_PER_BEAT, np.arange(len(clock)), clock))


def chord_tones(name: str) -> list[int]:
    """Semitones above C, from the root up."""
    match = re.fullmatch(r"([A-G])([#b]?)(m7|j7|m|7|o)?", name)
    assert match, name
    root = _ROOTS[match[1]] + {"#": 1, "b": -1, "": 0}[match[2]]
    return [root % 12 + tone for tone in _TONES[match[3] or ""]]


def _chord_at(bar: str, place: float) -> list[int]:
    names = bar.split(",")
    return chord_tones(names[min(int(place * len(names) + 1e-9), len(names) - 1)])


def _held(pattern: str) -> Iterator[tuple[int, int, str]]:
    """Where each note of ``pattern`` begins, how many places it lasts, and its sign."""
    for place, sign in enumerate(pattern):
        if sign not in ".-":
            rest = re.match(r"\.*", pattern[place + 1 :])
            yield place, 1 + (rest.end() if rest else 0), sign


def _play_part(piece: Piece, part: Part, chance: random.Random) -> Iterator[Note]:
    passes = [words.split() for words in part.pattern.split("|")]
    turn, queue = 0, []
    for number, bar in enumerate(piece.bars):
        if not queue:
            queue, turn = list(passes[turn % len(passes)]), turn + 1
        pattern = queue.pop(0)
        if number in piece.silent_bars:
            continue
        unit = piece.beats_per_bar / len(pattern)
        first = piece.pickup_beats + number * piece.beats_per_bar
        for place, count, sign in _held(pattern):
            tones = _chord_at(bar, place / len(pattern))
            base = 12 * (part.octave + 1)
            accent = 8 if place == 0 else 0
            if sign == "X":
                pitches = [base + tone for tone in tones]
            else:
                index = int(sign)
                pitches = [base + tones[index % len(tones)] + 12 * (index // len(tones))]
            for string, pitch in enumerate(pitches):
                velocity = part.velocity + accent + chance.randint(-8, 8)
                delay_s = part.spread_s * string
                yield Note(part.program, pitch, first + place * unit, count * unit * 0.95, velocity, delay_s)


def _play_melody(piece: Piece, part: Melody, chance: random.Random) -> Iterator[Note]:
    pitch = 12 * (part.octave + 1) + 4
    for number, bar in enumerate(piece.bars):
        if number in piece.silent_bars:
            continue
        pattern = chance.choice(part.rhythms)
        unit = piece.beats_per_bar / len(pattern)
        first = piece.pickup_beats + number * piece.beats_per_bar
        for place, count, _ in _held(pattern):
            tones = {tone % 12 for tone in _chord_at(bar, place / len(pattern))}
            is_on_beat = (place * unit) % 1 == 0
            scale = tones if is_on_beat or chance.random() < 0.4 else tones | {0, 2, 4, 5, 7, 9, 11}
            near = [one for one in range(pitch - 7, pitch + 8) if one % 12 in scale and one != pitch]
            centre = 12 * (part.octave + 1) + 5
            pitch = min(near, key=lambda one: abs(one - pitch) + 0.5 * abs(one - centre) + chance.random() * 5)
            velocity = part.velocity + (6 if is_on_beat else 0) + chance.randint(-8, 8)
            yield Note(part.program, pitch, first + place * unit, count * unit * 0.93, velocity)


def _play_tune(part: Tune, chance: random.Random) -> Iterator[Note]:
    beat = 0.0
    for word in part.notes.split():
        name, _, length = word.partition(":")
        beats = float(length)
        match = re.fullmatch(r"([A-G])([#b]?)(\d)", name)
        if match:
            semitone = _ROOTS[match[1]] + {"#": 1, "b": -1, "": 0}[match[2]]
            pitch = 12 * (int(match[3]) + 1) + semitone + part.shift
            yield Note(part.program, pitch, beat, beats * 0.93, part.velocity + chance.randint(-8, 8))
        beat += beats


def _play_drums(piece: Piece, chance: random.Random) -> Iterator[Note]:
    for number in range(piece.drums_from_bar, len(piece.bars)):
        if number in piece.silent_bars:
            continue
        first = piece.pickup_beats + number * piece.beats_per_bar
        for sign, patterns in piece.drums.items():
            pattern = patterns.split()[number % len(patterns.split())]
            unit = piece.beats_per_bar / len(pattern)
            for place, stroke in enumerate(pattern):
                if stroke in "xX":
                    velocity = (100 if stroke == "X" else 78) + chance.randint(-10, 10)
                    yield Note(DRUM_KIT, _DRUMS[sign], first + place * unit, 0.2, velocity)


def notes_of(piece: Piece) -> list[Note]:
    chance = random.Random(piece.seed)
    notes = list(_play_drums(piece, chance))
    for part in piece.parts:
        if isinstance(part, Part):
            notes += _play_part(piece, part, chance)
        elif isinstance(part, Melody):
            notes += _play_melody(piece, part, chance)
        else:
            notes += _play_tune(part, chance)
    end = piece.pickup_beats + len(piece.bars) * piece.beats_per_bar
    final = chord_tones(piece.bars[0].split(",")[0])
    programs = {part.program for part in piece.parts if isinstance(part, Part)}
    notes += [Note(one, 60 + tone, end, piece.beats_per_bar, 90) for one in sorted(programs) for tone in final]
    return notes


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """``samples`` are mono float32 at ``RATE_HZ``; ``beats`` and ``downbeats`` seconds."""

    samples: np.ndarray
    beats: np.ndarray
    downbeats: np.ndarray

    def save(self, path: Path) -> Path:
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes((self.samples * 32_767).astype("<i2").tobytes())
        return path


def record(piece: Piece) -> Recording:
    """Play ``piece``. Beats are told from the first note on, to the chord that ends it."""
    clock = clock_of(piece)
    chance = random.Random(piece.seed + 1000)
    notes = notes_of(piece)
    score = symusic.Score(480, ttype="second")
    for program in sorted({note.program for note in notes}):
        track = symusic.Track("", max(program, 0), program == DRUM_KIT, ttype="second")
        for note in notes:
            if note.program == program:
                begin_s = seconds(piece, clock, note.begin)
                length_s = max(0.05, seconds(piece, clock, note.begin + note.length) - begin_s)
                begin_s += note.delay_s + max(-0.03, min(0.03, chance.gauss(0, piece.looseness_s)))
                velocity = max(20, min(127, note.velocity))
                track.notes.append(symusic.Note(begin_s, length_s, note.pitch, velocity, ttype="second"))
        score.tracks.append(track)
    synthesizer = symusic.Synthesizer(sf_path=str(_SOUND_FONT), sample_rate=RATE_HZ)
    samples = np.asarray(synthesizer.render(score, stereo=True)).mean(axis=0)
    samples = (0.7 * samples / np.abs(samples).max()).astype(np.float32)
    first = np.floor(min(note.begin for note in notes))
    last = piece.pickup_beats + len(piece.bars) * piece.beats_per_bar
    beats = np.arange(first, last + 1)
    is_down = (beats - piece.pickup_beats) % piece.beats_per_bar == 0
    times = np.array([seconds(piece, clock, beat) for beat in beats])
    return Recording(samples=samples, beats=times, downbeats=times[is_down & (beats >= piece.pickup_beats)])
