"""Pieces of no style: their patterns fall as they may, as those of a style that nobody thought of would."""

from __future__ import annotations

import random

from ..score import Melody, Part, Piece

_NEXT = {
    "C": "F G Am Dm Em C",
    "F": "G C Dm Am F",
    "G": "C Am F G Em",
    "Am": "F Dm G E7 C",
    "Dm": "G F Am Dm G7",
    "Em": "Am F C",
    "E7": "Am Am F",
    "G7": "C C Am",
}
# What dances are made of, in eighths and in sixteenths: tresillo, charleston, habanera, clave, bossa nova and the like.
_FIGURES = {
    8: "x..x..x. x..x.... x..xx.x. x.xx.xx. x..xx..x x..x.x.. ..x..x.. x...x..x x.x..x.. .x..x..x x..x..xx",
    16: "x..x..x...x.x... x..x...x..x..x.. x...x..x..x.x... x.....x...x..... x..x..x.x..x..x. x.x...x...x..x..",
}
_CHORD_PLAYERS = (0, 1, 4, 5, 16, 19, 21, 24, 25, 26, 27, 29, 48, 50, 6, 46, 89, 61, 52)
_PLUCKERS = (0, 4, 6, 24, 25, 27, 46, 11, 80, 45)
_SINGERS = (40, 56, 60, 65, 66, 68, 71, 73, 52, 80, 0, 29, 22, 11)
_BASSES = (32, 33, 34, 35, 36, 38, 43, 58)


def _progression(chance: random.Random, bars: int) -> str:
    chords, chord = [], chance.choice(["C", "Am", "C", "Dm"])
    pace = chance.choices(["bar", "half", "two"], [6, 2, 2])[0]
    loop = chance.choice([4, 4, 8, 8, 16])
    for number in range(loop):
        if pace == "two" and number % 2:
            chords.append(chords[-1])
            continue
        first, chord = chord, chance.choice(_NEXT[chord].split())
        chords.append(f"{first},{chord}" if pace == "half" and chance.random() < 0.7 else first)
        if pace == "half":
            chord = chance.choice(_NEXT[chord].split())
    return " ".join((chords * bars)[:bars])


def _sprinkle(chance: random.Random, places: dict[int, float], length: int, other: float, sign: str) -> str:
    row = [sign if chance.random() < places.get(number, other) else "-" for number in range(length)]
    return "".join(row)


def _drums(chance: random.Random, beats: int, cut: int) -> dict[str, str]:
    length, back = beats * cut, {}
    if beats == 4:
        kicks = {0: 0.97, 2 * cut: 0.6, cut: 0.05, 3 * cut: 0.05}
        if chance.random() < 0.25:
            kicks = {beat * cut: 1.0 for beat in range(4)}
        back = {cut: 0.97, 3 * cut: 0.97} if chance.random() < 0.85 else {2 * cut: 0.95}
    elif beats == 3:
        kicks, back = {0: 1.0}, {cut: 0.6, 2 * cut: 0.8}
    else:
        kicks, back = {0: 1.0}, {cut: 0.95}
    loose = chance.choice([0.0, 0.05, 0.15])
    figures = _FIGURES.get(length, "").split()
    if figures and chance.random() < 0.15:
        kicks = {place: 1.0 for place, sign in enumerate(chance.choice(figures)) if sign == "x"} | {0: 0.9}
    kick = " ".join(_sprinkle(chance, kicks, length, loose, "X") for _ in range(2))
    snare = _sprinkle(chance, back, length, chance.choice([0.0, 0.0, 0.08]), "X")
    ride = chance.choice(
        ["x" * length, "x" * length, ("x" + "-" * (cut - 1)) * beats, ("-" * (cut // 2) + "x").ljust(cut, "-") * beats]
    )
    parts = {"k": kick, "s": snare, chance.choice("hhro"): ride}
    for sign in list(parts):
        if chance.random() < 0.12:
            del parts[sign]
    return parts


def _bass(chance: random.Random, beats: int, cut: int) -> str:
    length = beats * cut
    kind = chance.choice(["whole", "half", "beats", "all", "loose", "loose", "figure"])
    if kind == "figure" and length in _FIGURES:
        return chance.choice(_FIGURES[length].split()).replace("x", "0")
    if kind == "all":
        return "0" * length if cut <= 3 else "0.0.".ljust(cut, ".") * beats
    if kind == "beats":
        return ("0" + "." * (cut - 1)) * beats
    if kind == "half" and beats != 3:
        half = length // 2
        return ("0" + "." * (half - 1)) + ("2" + "." * (half - 1))
    if kind == "loose":
        row = ["0"] + [
            chance.choice("0024") if chance.random() < (0.45 if n % cut == 0 else 0.25) else "."
            for n in range(1, length)
        ]
        return "".join(row)
    return "0" + "." * (length - 1)


def _chords(chance: random.Random, beats: int, cut: int) -> str:
    length = beats * cut
    beat = "." * (cut - 1)
    kinds = {
        "whole": "X" + "." * (length - 1),
        "beats": ("X" + beat) * beats,
        "after": "-" * cut + ("X" + beat) * (beats - 1) if beats == 3 else ("-" * cut + "X" + beat) * (beats // 2),
        "off": ("-" * (cut // 2) + "X").ljust(cut, "-") * beats if cut != 3 else ("--X") * beats,
        "all": "X" * length,
        "loose": "X" + _sprinkle(chance, {}, length - 1, 0.3, "X").replace("-", "."),
    }
    if length in _FIGURES and chance.random() < 0.2:
        figure = chance.choice(_FIGURES[length].split()).replace("x", "X")
        return figure if chance.random() < 0.5 else figure.replace(".", "-")
    return kinds[chance.choices(list(kinds), [3, 2, 2, 1, 1, 2])[0]]


def _broken(chance: random.Random, beats: int, cut: int) -> str:
    shapes = ["0123", "0213", "0121", "0231", "01", "0232", "012", "012321"]
    shape = chance.choice(shapes)
    return "0" + (shape * beats * cut)[1 : beats * cut]


def _rhythm(chance: random.Random, beats: int, cut: int) -> str:
    odds = chance.choice([0.15, 0.35])
    row = "".join("x" if chance.random() < (0.75 if n % cut == 0 else odds) else "." for n in range(1, beats * cut))
    return ("x" if chance.random() < 0.8 else ".") + row


def _players(chance: random.Random, beats: int, cut: int) -> list[Part | Melody]:
    bass, chords, broken = _bass(chance, beats, cut), _chords(chance, beats, cut), _broken(chance, beats, cut)
    is_waltz = beats == 3 and chance.random() < 0.3
    if is_waltz:
        bass, chords = "0" + "-" * (3 * cut - 1), "-" * cut + ("X" + "-" * (cut - 1)) * 2
    loud, soft = chance.randint(78, 100), chance.randint(55, 85)
    parts: list[Part | Melody] = []
    if is_waltz or chance.random() < 0.75:
        parts.append(Part(program=chance.choice(_BASSES), pattern=bass, octave=2, velocity=loud))
    if is_waltz or chance.random() < 0.75 or not parts:
        octave = chance.choice([3, 4])
        parts.append(Part(program=chance.choice(_CHORD_PLAYERS), pattern=chords, octave=octave, velocity=soft))
    if chance.random() < 0.4 or len(parts) < 2:
        octave = chance.choice([3, 4])
        parts.append(Part(program=chance.choice(_PLUCKERS), pattern=broken, octave=octave, velocity=soft))
    if chance.random() < 0.65:
        rhythms = [_rhythm(chance, beats, cut) for _ in range(4)]
        parts.append(Melody(program=chance.choice(_SINGERS), rhythms=rhythms, velocity=loud))
    return parts


def piece(chance: random.Random, seed: int) -> Piece:
    metre = chance.choices(["4/4", "3/4", "2/4", "6/8", "12/8"], [60, 26, 6, 5, 3])[0]
    beats = {"4/4": 4, "3/4": 3, "2/4": 2, "6/8": 2, "12/8": 4}[metre]
    cut = 3 if metre in ("6/8", "12/8") else chance.choices([2, 4], [7, 3])[0]
    low, high = {2: (80, 190), 3: (50, 76), 4: (70, 116)}[cut]
    bpm = low * (high / low) ** chance.random()
    bars = max(8, round(28 * bpm / 60 / beats))
    step = ((bars // 2, bpm * chance.uniform(0.88, 1.12)),)
    slope = ((-bars // 2, bpm * chance.uniform(0.85, 1.15)),)
    return Piece(
        name=f"loose {seed}",
        bpm=bpm,
        beats_per_bar=beats,
        chords=_progression(chance, bars),
        parts=_players(chance, beats, cut),
        drums=_drums(chance, beats, cut) if chance.random() < 0.55 else {},
        swing=chance.choice([0.5, 0.5, 0.62]) if cut == 2 else 0.5,
        tempo=chance.choice([(), (), step, slope]),
        looseness_s=chance.choice([0.002, 0.006, 0.012]),
        seed=seed,
    )
