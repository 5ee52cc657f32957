"""From a style to a piece: chooses, varies, leaves out."""

from __future__ import annotations

import random
import re

from ..score import Melody, Part, Piece, Tune
from .style import PROGRESSIONS, Style
from .tunes import made_up_tune, rhythms

_KEYS = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
_SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}
_FEWEST_BARS = 7
_LONGEST_S = 30.0


def arranged(style: Style, chance: random.Random, *, name: str, seed: int) -> Piece:
    low, high = style.bpm
    bpm = low * (high / low) ** chance.random() * chance.uniform(0.97, 1.03)
    bars = max(_FEWEST_BARS, round(chance.uniform(20, _LONGEST_S) * bpm / 60 / style.beats))
    chords = progression(style, chance, bars)
    swing = chance.choice(style.swing)
    pickup = chance.randint(1, style.beats - 1) if style.beats > 1 and chance.random() < style.pickup else 0
    parts = _players(style, chance, bars)
    if chance.random() < style.sung or not parts:
        parts += [_singer(style, chance, chords, pickup, parts)]
    drums = _drummer(style, chance, bars)
    return Piece(
        name=name,
        bpm=bpm,
        beats_per_bar=style.beats,
        chords=" ".join(chords),
        parts=parts,
        drums=drums,
        drums_from_bar=chance.choice([2, 4]) if chance.random() < 0.12 and len(parts) > 1 else 0,
        pickup_beats=pickup,
        swing=swing,
        tempo=tempo_curve(style, chance, bpm, bars),
        silent_bars=(chance.randrange(3, bars),) if chance.random() < 0.05 else (),
        looseness_s=chance.choice(style.looseness_s),
        seed=seed,
    )


def progression(style: Style, chance: random.Random, bars: int) -> list[str]:
    """One word a bar, in a key by chance: each chord lasts as long as usual, or now and then as long as elsewhere."""
    table = style.harmony if chance.random() < 0.8 else chance.choice(list(PROGRESSIONS))
    step = chance.randrange(12)
    chords = [_moved(word, step) for word in chance.choice(PROGRESSIONS[table].split("|")).split()]
    if chance.random() < 0.3:
        chords += [_moved(word, step) for word in chance.choice(PROGRESSIONS[table].split("|")).split()]
    pace = chance.choice(style.pace)
    if pace >= 1:
        words = [chord for chord in chords for _ in range(int(pace))]
    else:
        # In three, a bar has one chord or three; two where only the last beat has its own would need other words.
        share = round(1 / pace) if style.beats != 3 else 1
        longer = chords * share
        words = [",".join(longer[begin : begin + share]) for begin in range(0, len(longer), share)]
        if chance.random() < 0.5:
            words = [word if number % 2 else word.split(",")[0] for number, word in enumerate(words)]
    return (words * bars)[:bars]


def _moved(chord: str, step: int) -> str:
    match = re.fullmatch(r"([A-G])([#b]?)(.*)", chord)
    assert match, chord
    pitch = _SEMITONES[match[1]] + {"#": 1, "b": -1, "": 0}[match[2]]
    return _KEYS[(pitch + step) % 12] + match[3]


def _chosen(options: str, chance: random.Random) -> list[str]:
    """The bars of one of the ways, none if that is to play nothing."""
    return chance.choice(options.split("|")).split()


def varied(pattern: list[str], bars: int, chance: random.Random, *, signs: str, rest: str) -> str:
    """``pattern`` for all ``bars``: some notes moved for good, some in single bars, some at the end of each phrase."""
    if not pattern:
        return ""
    base = [_mutated(bar, chance, chance.choice([0, 0, 0.04, 0.12]), signs, rest) for bar in pattern]
    fickleness = chance.choice([0, 0, 0.05, 0.15])
    phrase = chance.choice([4, 4, 8])
    ending = _mutated(base[-1], chance, chance.choice([0, 0.1, 0.3]), signs, rest)
    words = []
    for number in range(bars):
        bar = base[number % len(base)]
        if number % phrase == phrase - 1:
            bar = ending
        elif chance.random() < 0.3:
            bar = _mutated(bar, chance, fickleness, signs, rest)
        words.append(bar)
    return " ".join(words)


def _mutated(bar: str, chance: random.Random, rate: float, signs: str, rest: str) -> str:
    """Notes more often left out than added; the first stays."""
    row = list(bar)
    for place in range(1, len(row)):
        if chance.random() < rate:
            row[place] = chance.choice(signs) if row[place] in ".-" and chance.random() < 0.6 else rest
    return "".join(row)


def _players(style: Style, chance: random.Random, bars: int) -> list[Part | Tune | Melody]:
    player = chance.choice(style.players)
    is_alone = chance.random() < style.alone
    bass, chords, broken = (_chosen(ways, chance) for ways in (style.bass, style.chords, style.broken))
    if chance.random() < 0.1:
        bass = []
    if chance.random() < 0.15 and (bass or broken):
        chords = []
    parts: list[Part | Tune | Melody] = []
    if bass:
        program = player if is_alone else chance.choice(style.bassists)
        parts.append(_bass(chance, varied(bass, bars, chance, signs="02", rest="."), program, is_alone))
    if chords:
        parts.append(_chords(chance, varied(chords, bars, chance, signs="X", rest=chance.choice(".-")), player))
    if broken or not parts:
        shape = broken or ["0.2.3.2." if style.beats != 3 else "0.2.3."]
        row = _filled(varied(shape, bars, chance, signs="0123", rest="."), style)
        program = player if is_alone else chance.choice(style.pluckers)
        octave = chance.choice([3, 3, 4])
        parts.append(Part(program=program, pattern=row, octave=octave, velocity=chance.randint(60, 90)))
    return parts


def _bass(chance: random.Random, row: str, program: int, is_alone: bool) -> Part:
    octave = chance.choice([2, 2, 3]) if is_alone else chance.choice([1, 2, 2])
    return Part(program=program, pattern=row, octave=octave, velocity=chance.randint(75, 100))


def _chords(chance: random.Random, row: str, program: int) -> Part:
    spread_s = chance.choice([0, 0, 0.01, 0.02])
    octave, velocity = chance.choice([3, 4, 4]), chance.randint(55, 85)
    return Part(program=program, pattern=row, octave=octave, velocity=velocity, spread_s=spread_s)


def _filled(row: str, style: Style) -> str:
    """Short figures are those of one beat or half a bar: repeated to the bar."""
    fewest = style.beats * (3 if style.cut in (3, 6) else 2)
    return " ".join(bar * (fewest // len(bar)) if fewest % len(bar) == 0 else bar for bar in row.split())


def _singer(
    style: Style, chance: random.Random, chords: list[str], pickup: int, parts: list[Part | Tune | Melody]
) -> Melody | Tune:
    program = chance.choice(style.singers)
    if parts and chance.random() < style.alone:
        program = parts[0].program
    octave, velocity = chance.choice([4, 5, 5]), chance.randint(78, 105)
    if chance.random() < 0.4:
        return Melody(program=program, rhythms=rhythms(style, chance), octave=octave, velocity=velocity)
    return made_up_tune(style, chance, chords, pickup, program=program, octave=octave, velocity=velocity)


def _drummer(style: Style, chance: random.Random, bars: int) -> dict[str, str]:
    if not style.drums or chance.random() < style.without_drums:
        return {}
    drums = {}
    for sign, ways in style.drums.items():
        row = varied(_chosen(ways, chance), bars, chance, signs="x", rest=".")
        if row and chance.random() > 0.06:
            drums[sign] = row
    if chance.random() < 0.35 and "s" in drums:
        drums["s"] = _with_fills(drums["s"], chance)
    return drums


def _with_fills(row: str, chance: random.Random) -> str:
    """The end of every fourth or eighth bar full of strokes."""
    every, words = chance.choice([4, 8]), row.split()
    for number in range(every - 1, len(words), every):
        bar = words[number]
        if len(bar) < 8:
            continue
        count = chance.choice([2, 4])
        words[number] = bar[:-count] + chance.choice(["x" * count, "xX" * (count // 2), "Xx" * (count // 2)])
    return " ".join(words)


def tempo_curve(style: Style, chance: random.Random, bpm: float, bars: int) -> tuple[tuple[int, float], ...]:
    """Changes of tempo: none for most pieces."""
    if chance.random() >= style.freedom:
        return ()
    kind = chance.choice(["step", "slope", "ending", "to and fro"])
    if kind == "step":
        return ((bars // 2, bpm * chance.uniform(0.86, 1.14)),)
    if kind == "slope":
        return ((-max(4, bars // 2), bpm * chance.uniform(0.85, 1.15)),)
    if kind == "ending":
        return ((-bars, bpm * chance.uniform(0.65, 0.92)),)
    return tuple((-bar, bpm * chance.uniform(0.88, 1.12)) for bar in range(4, bars + 1, 4))
