"""Pieces in the usual styles, their beats where a musician taps. They judge: nothing was fitted to them, and no setting
was chosen with an eye on them. Whoever does so writes others."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial
from itertools import pairwise

from .score import Melody, Part, Piece, Tune, chord_tones, in_units

_PITCHES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


def _name(pitch: int) -> str:
    return f"{_PITCHES[pitch % 12]}{pitch // 12 - 1}"


def _rubato(bpm: float, bars: int, seed: int, share: float = 0.03) -> tuple[tuple[int, float], ...]:
    """A tempo for each bar: forward in the middle of each phrase of four bars, back at its end, slowest at the last."""
    chance = random.Random(seed)
    arch = (0.0, 1.0, 0.6, -1.0)
    shares = [arch[bar % 4] + chance.uniform(-0.4, 0.4) for bar in range(bars - 1)] + [-2.0]
    return tuple((bar, bpm * (1 + share * shares[bar])) for bar in range(1, bars))


def _walking_bass(chords: str, seed: int) -> str:
    """Quarters: the root where the bar or the chord is new, tones of it, and a semitone's step into another root."""
    chance = random.Random(seed)
    halves = [name for bar in chords.split() for name in (bar.split(",") * 2)[:2]]
    words = []
    for place, (here, after) in enumerate(pairwise([*halves, halves[0]])):
        low, *upper = (33 + (chord_tones(here)[0] - 9) % 12 + tone - chord_tones(here)[0] for tone in chord_tones(here))
        target = 33 + (chord_tones(after)[0] - 9) % 12
        is_root = place % 2 == 0 or here != halves[place - 1]
        words.append(low if is_root else chance.choice(upper))
        words.append(chance.choice(upper) if here == after else target + chance.choice((-1, 1)))
    return " ".join(f"{_name(pitch)}:1" for pitch in words)


def _tumbao(chords: str) -> str:
    """The Cuban bass: a fifth after the second beat, and the next bar's root on the fourth already."""
    bars = chords.split()
    words = [f"{_name(36 + chord_tones(bars[0])[0])}:1.5"]
    for here, after in pairwise([*bars, bars[0]]):
        words.append(f"{_name(36 + chord_tones(here)[2])}:1.5")
        words.append(f"{_name(36 + chord_tones(after)[0])}:2.5")
    return " ".join(words)


_quarters = partial(in_units, unit=1)
_eighths = partial(in_units, unit=1 / 2)
_sixteenths = partial(in_units, unit=1 / 4)
_triplets = partial(in_units, unit=1 / 3)
_in_four = partial(Piece, beats_per_bar=4)

_ROCK_TUNE = _eighths(
    "r B4 B4 A4 B4:2 D5:2 A4:3 F#4 r:4 r G4 G4 F#4 G4:2 B4:2 E4:3 G4:5 r B4 B4 A4 B4:2 D5:2 F#5:3 E5 D5:2 A4:2 E5:3 "
    "D5:3 C5:2 r:6 B4 D5 E5:3 E5:2 D5 B4:2 C5:3 C5:2 B4 G4:2 B4:3 B4:2 A4 G4:2 A4:6 B4 D5 E5:3 E5:2 G5 E5:2 D5 C5:2 "
    "G4:5 A4:3 B4 A4:2 F#4:2 D5:5 r:3"
)
_DISCO_STRINGS = _eighths(
    "E5 r E5 D5 r C5 A4:2 F5:3 E5 D5:4 D5 r D5 C5 r B4 G4:2 E5:3 D5 C5:4 C6:3 B5 A5:2 E5:2 F5:2 A5:2 D6:2 C6:2 B5:7 "
    "G#5 E5 F#5 G#5 A5 B5:4"
)
_BALLAD_TUNE = _eighths(
    "A4:3 G4 F4:2 C5:2 G4:5 r E4 G4 F4:3 E4 D4:2 A4:2 Bb4:2 A4 G4 F4:4 A4:3 C5 F5:3 E5 E5:2 C5:4 C5 D5 D5:3 C5 Bb4:2 "
    "F4:2 G4:4 C5:2 Bb4:2 Bb4:2 A4 G4 D5:3 C5 Bb4:2 G4:2 E4:2 G4:2 F4:8"
)
_WALTZ_THEME = "E5:3 D5 C5:2 A4:4 C5:2 F5:3 E5 D5:2 A4:6 G#4:2 B4:2 D5:2 F5:2 E5:2 D5:2 C5:2 B4:2"
_WALTZ_TUNE = _eighths(
    f"{_WALTZ_THEME} A4:2 B4:6 {_WALTZ_THEME} G#4:2 A4:6 G5:4 E5:2 F5:2 D5:2 B4:2 E5:4 C5:2 C5:4 G4:2 "
    f"A4:2 C5:2 F5:2 E5:4 C5:2 D5:2 B4:2 G4:2 G#4:4 r:2 {_WALTZ_THEME} G#4:2 A4:6"
)
_SONATINA_TUNE = _eighths(
    "D5:2 B4 C5 D5:2 G5:2 F#5:2 E5 D5 C5:2 A4:2 B4 C5 D5 B4 G4:2 B4:2 E5:3 D5 C5:4 D5:2 B4 C5 D5:2 G5:2 E5 F#5 G5 E5 "
    "C5:2 E5:2 D5 C5 B4 A4 C5 B4 A4 F#4 G4:4 r:2 D5:2 F#5:3 E5 D5:2 A4:2 G5:3 F#5 G5:2 D5:2 E5 F#5 G5 E5 C#5:2 A4:2 "
    "D5:4 r:2 D5 C5 B4:2 G5:2 B4:2 D5:2 E5:2 G5:2 C5:2 E5:2 D5 G5 B4 D5 C5 A4 F#4 A4 G4:2 B4 D5 G5:4"
)
_JAZZ_BLUES = "F7 Bb7 F7 F7 Bb7 Bb7 F7 D7 Gm7 C7 F7,D7 Gm7,C7"
_JAZZ_HEAD = _eighths(
    "r C5 D5 F5 A5:2 F5:2 Ab5 F5 D5:2 r F5:3 r C5 D5 F5 A5:2 F5:2 Eb5 C5 A4:2 r:4 r D5 F5 Ab5 Bb5:2 Ab5:2 F5 D5 "
    "Bb4:2 r D5:3 r C5 D5 F5 A5:2 F5:2 F#5 A5 C6:2 r:4 Bb5 A5 G5 F5 D5:2 Bb4:2 E5 G5 Bb5 A5 G5:2 E5:2 F5:3 D5 C5:4 "
    "r:8"
)
_JAZZ_SOLO = _eighths(
    "A5 G5 F5 Eb5 D5 C5 A4 C5 D5:3 F5 Ab5:2 r:2 r C6 A5 F5 G5 Ab5 A5:2 F5 D5 C5:3 A4 Bb4 C5 D5 F5 Ab5 C6 Bb5:3 Ab5 "
    "F5:2 r D5:2 F5 D5 Bb4 C5 A4 C5 Eb5 F5:4 r:2 Eb5 D5 C5 A4 F#4 A4 Bb4 D5 F5 A5 G5:3 r G5 E5 C5 Bb4 Db5 E5 G5 Bb5 "
    "A5:2 F5 C5:2 A4 C5:2 D5 F5 E5 C5 r:4"
)
_SOPRANO = _quarters("D5 D5 E5 D5 C5 B4:2 A4 B4 C5 B4 A4 G4 A4:3 B4 C5 C5 B4 A4 B4:2 D5 D5 E5 D5 C5 B4 A4:2 B4 A4 G4:4")
_ALTO = _quarters(
    "G4 G4 G4 G4 A4 G4:2 F#4 G4 E4 E4 D4 E4 F#4:3 G4 G4 A4 G4 F#4 G4:2 G4 G4 G4 G4 A4 G4 G4 F#4 G4 F#4 D4:4"
)
_TENOR = _quarters(
    "B3 B3 C4 D4:0.5 E4:0.5 D4 D4 B3:0.5 C4:0.5 D4 D4 C4 B3 A3 B3 A3 B3 C4 D4 E4 E4 D4 C4 B3 C4:0.5 B3:0.5 D4 B3 C4 D4 "
    "C4:0.5 D4:0.5 E4 D4 D4 D4 C4 B3:4"
)
_CELLO = _quarters(
    "G3 G3 C3 B2 D3 G3 G2 D3 G3 A3 G3 F#3 E3 D3:2 F#3 G3 C3 A2 B2 D3 E3 D3 B2 G3 C3 B2 A2 E3 D3:2 D3 D3 G2:4"
)
_INVENTION = _eighths(
    "D5 F5 E5 D5 A4 D5 F5 A5 G5 E5 C#5 E5 A4 C#5 E5 G5 F5 A5 F5 D5 A4 F5 D5 A4 G5 Bb5 G5 D5 Bb4 D5 G5 F5 E5 G5 E5 C5 "
    "G4 C5 E5 D5 C5 F5 A5 G5 F5 E5 D5 C5 D5 F5 Bb5 A5 G5 F5 E5 D5 E5 G5 Bb5 A5 G5 F5 E5 D5 C#5 E5 G5 F5 E5 D5 C#5 B4 "
    "A4 D5 F5 E5 D5 C5 Bb4 A4 Bb4 D5 G5 Bb5 A5 G5 F5 E5 F5 D5 E5 C#5 D5 E5 C#5 A4 D5:8"
)
_MARCH_TUNE = _sixteenths(
    "F4:3 F4 Bb4:4 Bb4:2 C5:2 D5:4 Eb5:3 D5 C5:2 Eb5:2 D5:6 F4:2 C5:3 C5 C5:2 D5:2 Eb5:4 C5:4 D5:2 C5:2 Bb4:2 C5:2 "
    "D5:6 r:2 G5:3 G5 G5:2 F5:2 Eb5:4 G5:4 F5:3 F5 F5:2 Eb5:2 D5:4 B4:4 C5:2 D5:2 E5:2 G5:2 F5:4 Eb5:4 D5:2 F5:2 "
    "Bb4:4 C5:2 A4:2 F4:4"
)
_FOLK_TUNE = _eighths(
    "r:64 G4:3 A4 C5:4 B4:3 G4 E4:4 F4:2 A4:2 C5:2 A4:2 G4:6 E4 G4 A4:3 C5 A4:2 F4:2 G4:2 B4:2 D5:4 C5:6 r:2 D5:2 "
    "B4:2 G4:4"
)
_SON_CHORDS = "Dm Gm A7 A7 Dm Gm A7 Dm"
_BLUES_GUITAR = _triplets(
    "r:2 E5 G5:2 E5 D5 C5 A4 C5:2 A4 r:3 G4 A4 B4 D5:3 B4:2 E4 r:2 D5 F5:2 A5 G5 F5 D5 C5:3 A4:2 C5 D5:4 r:5 C5 D5 "
    "E5 G5:3 A5:2 G5 E5:3 r:2 D5 E5:2 D5 B4 G4 E4 G#4:3 A4 C5 C#5 E5:3 D5 C5 A4 F#4:3 A4:3 C5:2 A4 G#4 A4 B4 E4:3"
)
_TARANTELLA = _triplets(
    "E5 E5 E5 E5 D5 C5 B4 C5 B4 A4:3 B4 B4 B4 D5 C5 B4 E5:3 E4:3 F5 F5 F5 F5 E5 D5 E5 D5 C5 A4:3 B4 C5 D5 C5 B4 G#4 "
    "A4:3 r:2 E5 A5:2 E5 A5:2 E5 C6 B5 A5 E5:3 G#5 A5 B5 E5 F#5 G#5 B5:3 E5:3 F5 A5 F5 D5 F5 D5 C5 E5 C5 A4 C5 E5 D5 "
    "C5 B4 E5 D5 B4 A4:3 r:3"
)

_WRITTEN: tuple[Piece, ...] = (
    _in_four(
        name="indie rock, 4/4, 116",
        bpm=116,
        chords="G D Em C G D C C Em C G D Em C D D",
        parts=(
            Part(program=29, pattern="XXXXXXXX", octave=3, velocity=62),
            Part(program=27, pattern="02343243", velocity=66),
            Part(program=34, pattern="00000002 00000000", octave=1, velocity=94),
            Tune(program=54, notes=_ROCK_TUNE, velocity=98),
        ),
        drums={"k": "X...Xx.. X..xX...", "s": "..X...X. " * 7 + "....X.....X.XXXX", "h": "xxxxxxxx"},
    ),
    _in_four(
        name="disco, 4/4, 119",
        bpm=119,
        chords="Am7 Dm7 G7 Cj7 Fj7 Dm7 E7 E7",
        times=2,
        parts=(
            Part(program=33, pattern="0.4.0.4.0.4.0.44", octave=2, velocity=95),
            Part(program=28, pattern="X-XX-XX--XX-X-X-", velocity=58),
            Part(program=4, pattern="X--X----X.X-----", velocity=62),
            Tune(program=48, notes=f"{_DISCO_STRINGS} {_DISCO_STRINGS}", velocity=88),
        ),
        drums={"k": "X.X.X.X.", "s": "..X...X.", "h": "xx..xx..xx..xx..", "o": ".x.x.x.x", "w": "..x...x."},
    ),
    _in_four(
        name="ballad, piano and cello, 4/4, 66, rubato",
        bpm=66,
        chords="F C Dm Bb F Am Bb C Gm7 C7",
        parts=(
            Part(program=0, pattern="-2343243", octave=3, velocity=58),
            Part(program=0, pattern="0...0...", octave=2, velocity=70),
            Tune(program=42, notes=_BALLAD_TUNE, velocity=86),
        ),
        tempo=_rubato(66, 10, seed=3),
        looseness_s=0.012,
    ),
    Piece(
        name="waltz, piano, 3/4, 160, rubato",
        bpm=160,
        beats_per_bar=3,
        chords="Am Am Dm Dm E7 E7 Am E7 Am Am Dm Dm E7 E7 E7 Am C G7 C C F C G7 E7 Am Am Dm Dm E7 E7 E7 Am",
        parts=(
            Part(program=0, pattern="0--", octave=2, velocity=74),
            Part(program=0, pattern="-XX", octave=3, velocity=56, spread_s=0.004),
            Tune(program=0, notes=_WALTZ_TUNE, velocity=90),
        ),
        tempo=_rubato(160, 32, seed=4, share=0.04),
        looseness_s=0.01,
    ),
    _in_four(
        name="sonatina, piano, 4/4, 126, slight rubato",
        bpm=126,
        chords="G D7 G C G Am D7 G D G A7 D G C,Am G,D7 G",
        parts=(
            Part(program=0, pattern="02120212", octave=3, velocity=60),
            Tune(program=0, notes=_SONATINA_TUNE, velocity=90),
        ),
        tempo=_rubato(126, 16, seed=5, share=0.02),
    ),
    _in_four(
        name="bossa nova, 4/4, 132",
        bpm=132,
        chords="Cj7 Cj7 Am7 Am7 Dm7 Dm7 G7 G7 Em7 A7 Dm7 G7 Cj7 A7 Dm7 G7",
        parts=(
            Part(program=24, pattern="X-.X.-X. -X..X-X.", velocity=74, spread_s=0.003),
            Part(program=32, pattern="0..20..2", octave=2, velocity=88),
            Melody(program=73, rhythms=("x..x..x.", "-x.x.x..", "x.x..x.x", "x.....x."), velocity=84),
        ),
        drums={"x": "x..x..x. ..x..x..", "b": "xxxxxxxx", "k": "x..xx..x"},
    ),
    _in_four(
        name="jazz trio, blues in F, swing, 4/4, 152",
        bpm=152,
        chords=_JAZZ_BLUES,
        times=2,
        parts=(
            Tune(program=32, notes=_walking_bass(f"{_JAZZ_BLUES} {_JAZZ_BLUES}", seed=7), velocity=96),
            Part(program=0, pattern="X..X.... ---X---X|-X..X... --X-----", velocity=58),
            Tune(program=0, notes=f"{_JAZZ_HEAD} {_JAZZ_SOLO}", velocity=92),
        ),
        drums={"r": "x.xxx.xx", "h": "..x...x.", "s": "........ ...x.... ........ .....x.x", "k": "........ .......x"},
        swing=0.64,
    ),
    _in_four(
        name="reggae, one drop, 4/4, 74 (the guitar between the beats)",
        bpm=74,
        chords="Am Dm Am,G Am F G Em Am Dm Em",
        parts=(
            Part(program=28, pattern="--X---X---X---X-", velocity=82),
            Part(program=17, pattern="-XX--XX--XX--XX-", velocity=50),
            Part(program=33, pattern="--0-0.2.--0.2-4. 0...0.--2.0-2.0-", octave=1, velocity=100),
            Melody(program=22, rhythms=("----x.x.x...x...", "--x.x.....x.x...", "x.....x.x......."), velocity=84),
        ),
        drums={"k": "....X.......X...", "x": "....X.......X...", "h": "x.x.x.x.x.x.x.xx x.x.x.xxx.x.x.x."},
    ),
    _in_four(
        name="drum and bass, 4/4, 172",
        bpm=172,
        chords="Am Am F F Dm Dm Em Em",
        times=3,
        parts=(
            Part(program=89, pattern="X.......", velocity=62),
            Part(program=38, pattern="0.....0...--2... 0...--3.2.....--", octave=1, velocity=98),
            Part(program=4, pattern="X--X--X- ----X-X-", velocity=70),
            Part(program=81, pattern="0-2-3-5-4-3-2-3-", octave=5, velocity=44),
        ),
        drums={"k": "X.........X..... X.....X...X.....", "s": "....X..x.x..X..x ....X....x..X.x.", "h": "x.x.x.xx"},
        drums_from_bar=2,
        looseness_s=0.002,
    ),
    _in_four(
        name="hip hop, half-time, swung sixteenths, 4/4, 88",
        bpm=88,
        chords="Dm7 Em7 Fj7 Em7",
        times=3,
        parts=(
            Part(program=4, pattern="X.....-....X......X..... X..........X-.....------", velocity=72),
            Part(program=33, pattern="0....0...2.-------0..4.. 0....0...4.-------2....0", octave=1, velocity=98),
            Melody(program=11, rhythms=("x.....x....x------------", "------x..x.xx.....------"), velocity=70),
        ),
        drums={
            "k": "X....x...x...........x.. X..........x...x.....x.x",
            "s": "............X...........",
            "h": "x..x..x..x.xx..x..x..x.x",
        },
    ),
    _in_four(
        name="chorale, string quartet, pickup, 4/4, 72, slight rubato",
        bpm=72,
        chords="G G Am D C Em C G",
        pickup_beats=1,
        parts=(
            Tune(program=40, notes=_SOPRANO, velocity=92),
            Tune(program=40, notes=_ALTO, velocity=80),
            Tune(program=41, notes=_TENOR, velocity=82),
            Tune(program=42, notes=_CELLO, velocity=90),
        ),
        tempo=_rubato(72, 8, seed=11, share=0.025),
        looseness_s=0.013,
    ),
    _in_four(
        name="invention, harpsichord and cello, running eighths, 4/4, 100",
        bpm=100,
        chords="Dm A7 Dm Gm C F Bb Eo A7 Dm Gm,A7 Dm,A7",
        parts=(
            Tune(program=6, notes=_INVENTION, velocity=88),
            Part(program=6, pattern="0232 0120", octave=3, velocity=76),
            Part(program=42, pattern="0.2. 0.1.", octave=2, velocity=72),
        ),
    ),
    Piece(
        name="march, brass band, cut time, 112",
        bpm=112,
        beats_per_bar=2,
        chords="Bb Bb Eb Bb F7 F7 Bb Bb Eb Eb Bb G7 C7 F7 Bb F7",
        times=2,
        parts=(
            Part(program=58, pattern="0-2-", octave=2, velocity=94),
            Part(program=60, pattern="-X-X", velocity=66),
            Tune(program=56, notes=f"{_MARCH_TUNE} {_MARCH_TUNE}", velocity=98),
            Tune(program=72, notes=f"r:32 {_MARCH_TUNE}", velocity=84, shift=12),
        ),
        drums={"k": "x...x...", "s": "x.xxx.x. x.xxxxxx", "c": "X....... " + "........ " * 7},
    ),
    _in_four(
        name="folk song, fingerpicked guitar and harmonica, 4/4, 104",
        bpm=104,
        chords="C C G G Am Am F G C Em F C F G C G",
        parts=(
            Part(program=25, pattern="0.2.0.2.", octave=3, velocity=84),
            Part(program=25, pattern="4..5.4.5 -..5.4.3|4..3.5.4 -..5.3.4", velocity=70),
            Tune(program=22, notes=_FOLK_TUNE, velocity=82),
        ),
        looseness_s=0.01,
    ),
    _in_four(
        name="son montuno, 3-2 clave, 4/4, 168",
        bpm=168,
        chords=_SON_CHORDS,
        times=3,
        parts=(
            Tune(program=115, notes="C6:1.5 C6:1.5 C6:1 r:1 C6:1 C6:2 " * 12, velocity=96),
            Tune(program=113, notes="G5:1 r:0.5 F5:0.5 G5:1 F5:0.5 F5:0.5 " * 24, velocity=66),
            Tune(program=117, notes="r:1 A4:1 r:1 E4:0.5 E4:0.5 " * 24, velocity=88),
            Tune(program=32, notes=_tumbao(f"{_SON_CHORDS} " * 3), velocity=98),
            Part(program=0, pattern="-X.2.X.0 X.02.X.2", velocity=80),
            Part(program=61, pattern="-------- " * 4 + "X-.X--X. -------- -X-X-X-- --------", velocity=78),
        ),
        drums={"b": "x.xxx.xx"},
    ),
    _in_four(
        name="slow blues, eight bars, 12/8 felt in four, 60",
        bpm=60,
        chords="A7 E7 D7 D7 A7 E7 A7,D7 A7,E7",
        parts=(
            Part(program=17, pattern="X...........", octave=3, velocity=52),
            Part(program=33, pattern="0.00..2.23..", octave=1, velocity=96),
            Part(program=0, pattern="--XX-X--XX-- --XXX---XX-X", velocity=58),
            Tune(program=27, notes=_BLUES_GUITAR, velocity=96),
        ),
        drums={"k": "X....xX.....", "s": "...X.....X.. " * 7 + "...X.....XXX", "h": "x.xx.xx.xx.x"},
        looseness_s=0.01,
    ),
    Piece(
        name="jazz in five, saxophone, 5/4, 160",
        bpm=160,
        beats_per_bar=5,
        chords="Dm7,Dm7,Dm7,G,G " * 8 + "Fj7 Em7 Dm7 Am7 Fj7 Em7 Am7 G",
        parts=(
            Part(program=0, pattern="-.-X--X.X-", velocity=70),
            Part(program=32, pattern="0...2.0.2.", octave=2, velocity=94),
            Melody(program=65, rhythms=("x.xxx.x...", "-xx.xxx.x.", "x..x..x...", "xx.xx.x.xx")),
        ),
        drums={
            "r": "x.x.xxx.x.",
            "h": "..x.....x.",
            "s": ".......... ...x...... .......... ...x...x..",
            "k": "x.....x...",
        },
        swing=0.6,
    ),
    Piece(
        name="tarantella, 6/8 felt in two, 96, then 126, faster to 160",
        bpm=96,
        beats_per_bar=2,
        chords="Am Am E7 E7 Dm Am E7 Am",
        times=4,
        parts=(
            Part(program=21, pattern="0.-2.-", octave=2, velocity=80),
            Part(program=21, pattern="--X--X", velocity=66),
            Tune(program=71, notes=f"{_TARANTELLA} {_TARANTELLA}", velocity=94),
        ),
        drums={"h": "X.xX.x", "t": "x..... ......"},
        tempo=((8, 126.0), (-22, 142.0), (-26, 160.0)),
    ),
    _in_four(
        name="syncopated funk, 4/4, 104",
        bpm=104,
        chords="Em7 Em7 A7 Em7 Em7 Em7 A7 B7",
        times=2,
        parts=(
            Part(program=36, pattern="0--0--4-0-3--04- 0--0-43---0-304-", octave=1, velocity=98),
            Part(program=7, pattern="--X-X--X-X--X-XX", velocity=66),
            Part(program=28, pattern="X-XXX-X--XX-X-XX", velocity=50),
            Part(program=61, pattern="-------- -------- ---X--X--------- ------X-X--X----", velocity=86),
        ),
        drums={"k": "X.....x...xx.... X..x...x..x.....", "s": "....X..x.x..X... ....X..x.x..X..x", "h": "xxxxxxxx"},
    ),
    _in_four(
        name="trance, bass off the beat, pads, 4/4, 128",
        bpm=128,
        chords="Fm Db Ab Eb",
        times=5,
        parts=(
            Part(program=90, pattern="X.......", velocity=66),
            Part(program=38, pattern="-------- " * 4 + "-0-0-0-0 " * 16, octave=1, velocity=96),
            Part(program=81, pattern="0--2--4--3--2-4-", velocity=60),
        ),
        drums={"k": "X.X.X.X.", "w": "..X...X.", "o": ".x.x.x.x", "h": "x.xxx.xxx.xxx.xx"},
        drums_from_bar=4,
        looseness_s=0.001,
    ),
)

PIECES: tuple[Piece, ...] = tuple(replace(piece, seed=seed) for seed, piece in enumerate(_WRITTEN, start=301))
