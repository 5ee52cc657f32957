"""Melodies made up by chance: rhythms of the style, in phrases that come back."""

from __future__ import annotations

import random

from ..score import Tune, chord_tones
from .style import Style

_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
_PHRASES = ("ABAC", "AABC", "ABCB", "AAAB", "ABCD", "AABB", "ABACABAD")
_SCALE = (0, 2, 4, 5, 7, 9, 11)


def rhythm(style: Style, chance: random.Random, density: float) -> str:
    """One bar: ``x`` where a note begins."""
    on_beat, half, other = (min(1.0, odds * density) for odds in style.melody)
    row = []
    for place in range(style.beats * style.cut):
        part = place % style.cut
        odds = on_beat if not part else half if 2 * part == style.cut or (style.cut == 3 and part == 1) else other
        row.append("x" if chance.random() < (max(odds, 0.8) if not place else odds) else ".")
    return "".join(row)


def rhythms(style: Style, chance: random.Random) -> list[str]:
    density = chance.uniform(0.7, 1.15)
    return [rhythm(style, chance, density) for _ in range(chance.choice([2, 3, 4]))]


def made_up_tune(
    style: Style, chance: random.Random, chords: list[str], pickup: int, *, program: int, octave: int, velocity: int
) -> Tune:
    """Bars of the same letter have the same rhythm, and mostly the same turns; each phrase ends on a long note."""
    plan, density = chance.choice(_PHRASES), chance.uniform(0.7, 1.15)
    bars = {letter: rhythm(style, chance, density) for letter in sorted(set(plan))}
    turns = {letter: [chance.choice([-3, -2, -1, -1, 0, 1, 1, 2, 3]) for _ in range(64)] for letter in bars}
    ending = "x" + "." * (style.beats * style.cut - 1)
    has_endings = chance.random() < 0.6
    words, pitch = _pickup(chance, pickup, chords[0], octave), 12 * (octave + 1) + 5
    root = chord_tones(chords[0].split(",")[0])[0]
    for number, bar in enumerate(chords):
        letter = plan[number % len(plan)]
        row = ending if has_endings and number % 4 == 3 and chance.random() < 0.6 else bars[letter]
        for begin, count, turn in _notes(row, turns[letter]):
            if begin is None:
                words.append(f"r:{count / style.cut:.4f}")
                continue
            names = bar.split(",")
            tones = chord_tones(names[begin * len(names) // len(row)])
            pitch = _next_pitch(
                pitch, turn, tones if begin % style.cut == 0 else [root + one for one in _SCALE], octave
            )
            words.append(f"{_NAMES[pitch % 12]}{pitch // 12 - 1}:{count / style.cut:.4f}")
    return Tune(program=program, notes=" ".join(words), velocity=velocity)


def _pickup(chance: random.Random, beats: int, chord: str, octave: int) -> list[str]:
    tones = chord_tones(chord.split(",")[0])
    words = []
    for _ in range(beats):
        name = _NAMES[chance.choice(tones) % 12]
        words += [f"{name}{octave}:1"] if chance.random() < 0.6 else [f"{name}{octave}:0.5"] * 2
    return words


def _notes(row: str, turns: list[int]) -> list[tuple[int | None, int, int]]:
    """Where each note begins (None: a rest before the first), how long it lasts, and how far it goes."""
    places = [place for place, sign in enumerate(row) if sign == "x"]
    found: list[tuple[int | None, int, int]] = []
    if not places or places[0]:
        found.append((None, places[0] if places else len(row), 0))
    for number, place in enumerate(places):
        end = places[number + 1] if number + 1 < len(places) else len(row)
        found.append((place, end - place, turns[number]))
    return found


def _next_pitch(pitch: int, turn: int, allowed: list[int], octave: int) -> int:
    """``turn`` steps further among the notes ``allowed``, in any octave, kept within the range of a voice."""
    classes = {one % 12 for one in allowed}
    near = [one for one in range(pitch - 14, pitch + 15) if one % 12 in classes]
    here = min(range(len(near)), key=lambda number: abs(near[number] - pitch))
    found = near[max(0, min(len(near) - 1, here + turn))]
    low, high = 12 * (octave + 1) - 3, 12 * (octave + 1) + 17
    return found + 12 if found < low else found - 12 if found > high else found
