"""Pieces with other rhythms, chords, tempi and instruments than in ``development.py``, and some old tunes in the public
domain. Nothing was fitted to them, but features and settings were chosen with an eye on them."""

from __future__ import annotations

from .score import Melody, Part, Piece, Tune

_ODE = (
    "E4:1 E4:1 F4:1 G4:1 G4:1 F4:1 E4:1 D4:1 C4:1 C4:1 D4:1 E4:1 E4:1.5 D4:0.5 D4:2 "
    "E4:1 E4:1 F4:1 G4:1 G4:1 F4:1 E4:1 D4:1 C4:1 C4:1 D4:1 E4:1 D4:1.5 C4:0.5 C4:2 "
    "D4:1 D4:1 E4:1 C4:1 D4:1 E4:0.5 F4:0.5 E4:1 C4:1 D4:1 E4:0.5 F4:0.5 E4:1 D4:1 C4:1 D4:1 G3:1 E4:1 "
    "E4:1 E4:1 F4:1 G4:1 G4:1 F4:1 E4:1 D4:1 C4:1 C4:1 D4:1 E4:1 D4:1.5 C4:0.5 C4:2"
)
_GRACE = (
    "D4:1 G4:2 B4:0.5 G4:0.5 B4:2 A4:1 G4:2 E4:1 D4:2 D4:1 G4:2 B4:0.5 G4:0.5 B4:2 A4:1 D5:3 D5:2 "
    "B4:1 D5:2 B4:0.5 G4:0.5 B4:2 A4:1 G4:2 E4:1 D4:2 D4:1 G4:2 B4:0.5 G4:0.5 B4:2 A4:1 G4:3 G4:2"
)
_SAINTS = (
    "C4:1 E4:1 F4:1 G4:4 r:1 C4:1 E4:1 F4:1 G4:4 r:1 C4:1 E4:1 F4:1 G4:2 E4:2 C4:2 E4:2 D4:4 r:1 "
    "E4:1 E4:1 D4:1 C4:3 C4:1 E4:2 G4:1 G4:1 G4:1 F4:3 r:2 E4:1 F4:1 G4:2 E4:2 C4:2 D4:2 C4:4"
)
_GREENSLEEVES = (
    "A4:0.333 C5:0.667 D5:0.333 E5:0.5 F5:0.167 E5:0.333 D5:0.667 B4:0.333 G4:0.5 A4:0.167 B4:0.333 "
    "C5:0.667 A4:0.333 A4:0.5 G#4:0.167 A4:0.333 B4:0.667 G#4:0.333 E4:0.667 A4:0.333 "
    "C5:0.667 D5:0.333 E5:0.5 F5:0.167 E5:0.333 D5:0.667 B4:0.333 G4:0.5 A4:0.167 B4:0.333 "
    "C5:0.5 B4:0.167 A4:0.333 G#4:0.5 F#4:0.167 G#4:0.333 A4:1 A4:1"
)

PIECES = (
    Piece(
        name="Ode to Joy, brass and strings, 4/4, 108",
        bpm=108,
        beats_per_bar=4,
        chords="C G C G C G C G,C G G,C G,E7 Am,G C G C G,C",
        parts=(
            Tune(program=56, notes=_ODE, shift=12),
            Part(program=48, pattern="X...X...", octave=3, velocity=70),
            Part(program=43, pattern="0.0.0.0.", octave=2, velocity=85),
        ),
        seed=101,
    ),
    Piece(
        name="Amazing Grace, organ, pickup, 3/4, 92",
        bpm=92,
        beats_per_bar=3,
        chords="G G C G G G D D7 G G C G G D7 G G",
        pickup_beats=1,
        parts=(
            Tune(program=16, notes=_GRACE, velocity=90),
            Part(program=16, pattern="X.X.X.", octave=3, velocity=65),
            Part(program=33, pattern="0...2.", octave=2, velocity=80),
        ),
        looseness_s=0.012,
        seed=102,
    ),
    Piece(
        name="When the Saints, swing, pickup, 4/4, 176",
        bpm=176,
        beats_per_bar=4,
        chords="C C C C C C G7 G7 C C7 F F C G7 C C",
        pickup_beats=3,
        parts=(
            Tune(program=56, notes=_SAINTS, shift=12),
            Part(program=58, pattern="0-2-", octave=2, velocity=90),
            Part(program=105, pattern="-X-X", octave=4, velocity=75),
        ),
        drums={"r": "x.xxx.xx", "k": "x...x...", "s": "..x...x."},
        swing=0.66,
        seed=103,
    ),
    Piece(
        name="Greensleeves, guitar, 6/8, felt in two, 58",
        bpm=58,
        beats_per_bar=2,
        chords="Am G Am E7 Am G Am,E7 Am",
        times=2,
        pickup_beats=0,
        parts=(
            Tune(program=24, notes=_GREENSLEEVES.split(" ", 1)[1] + " " + _GREENSLEEVES.split(" ", 1)[1]),
            Part(program=24, pattern="02332.", octave=3, velocity=62, spread_s=0.01),
        ),
        looseness_s=0.01,
        seed=104,
    ),
    Piece(
        name="canon in D, strings, 4/4, 76",
        bpm=76,
        beats_per_bar=4,
        chords="D,A Bm,F#m G,D G,A",
        times=3,
        parts=(
            Part(program=42, pattern="0.0.2.2.", octave=2, velocity=85),
            Part(program=48, pattern="X.X.X.X.", octave=4, velocity=62),
            Melody(program=40, rhythms=("x.x.x.x.", "xxxxxxxx", "x...x...")),
        ),
        looseness_s=0.012,
        seed=105,
    ),
    Piece(
        name="pop with a back beat, 4/4, 100",
        bpm=100,
        beats_per_bar=4,
        chords="Em C G D Em C Am B7",
        times=2,
        parts=(
            Part(program=0, pattern="X--XX--X X-X--X--", octave=4, velocity=75),
            Part(program=35, pattern="0..00..2", octave=1, velocity=92),
            Melody(program=52, rhythms=("x.xx.xx.", "..x.x.x.", "x..x..x.")),
        ),
        drums={"k": "X..x.x.. X....x.x", "s": "..X...X.", "h": "x.x.x.x."},
        seed=106,
    ),
    Piece(
        name="house piano, 4/4, 122",
        bpm=122,
        beats_per_bar=4,
        chords="Gm Eb Bb F",
        times=4,
        parts=(
            Part(program=2, pattern="X--X--X---X--X--", octave=4, velocity=85),
            Part(program=39, pattern="0--0--0-0-0--0--", octave=1, velocity=90),
        ),
        drums={"k": "X.X.X.X.", "w": "..X...X.", "h": ".x.x.x.x"},
        drums_from_bar=4,
        looseness_s=0.001,
        seed=107,
    ),
    Piece(
        name="reggae, 4/4, 144 (the guitar off the beat)",
        bpm=144,
        beats_per_bar=4,
        chords="A D E D",
        times=5,
        parts=(
            Part(program=28, pattern="-X-X", octave=4, velocity=80),
            Part(program=33, pattern="0-.02-0- 0-.-4-2-", octave=1, velocity=98),
            Part(program=17, pattern="--XX--XX", octave=4, velocity=55),
        ),
        drums={"k": "....x...", "x": "....X...", "h": "x.xxx.xx"},
        swing=0.6,
        seed=108,
    ),
    Piece(
        name="scherzo, pizzicato and oboe, 3/4, 150",
        bpm=150,
        beats_per_bar=3,
        chords="Em Em B7 B7 Em Am F#o B7 G G D7 D7 G C D7 G",
        times=2,
        parts=(
            Part(program=45, pattern="0.4.4. 2.4.4.", octave=3, velocity=85),
            Melody(program=68, rhythms=("x...xx", "x.xxx.", "x.x.x.", "x.....")),
            Part(program=60, pattern="X.....", octave=3, velocity=60),
        ),
        seed=109,
    ),
    Piece(
        name="ragtime, 2/4, 88",
        bpm=88,
        beats_per_bar=2,
        chords="C A7 D7 G7 C A7 D7 G7 C C7 F F C G7 C C",
        times=2,
        parts=(
            Part(program=3, pattern="0-X-2-X-", octave=3, velocity=80),
            Melody(program=3, rhythms=("x.xxx.x.", ".xx.xxx.", "xx.x.xx.", "x..x..x."), octave=5),
        ),
        seed=110,
    ),
    Piece(
        name="country, 4/4, 168",
        bpm=168,
        beats_per_bar=4,
        chords="E E A A B7 B7 E E A A E E B7 B7 E B7",
        times=2,
        parts=(
            Part(program=25, pattern="0.X.2.XX", octave=3, velocity=80),
            Part(program=32, pattern="0.2.", octave=2, velocity=95),
            Melody(program=27, rhythms=("x.xxx.x.", "x...x.x.", "x.x.x.xx")),
        ),
        drums={"k": "x...x...", "s": "x.Xxx.Xx"},
        seed=111,
    ),
    Piece(
        name="nocturne, piano, 4/4, 80, faster and slower",
        bpm=80,
        beats_per_bar=4,
        chords="Eb Cm Fm Bb7 Eb Ab Bb7 Eb Gm Cm F7 Bb",
        parts=(
            Part(program=0, pattern="0.24.2 0.34.3", octave=3, velocity=62),
            Melody(program=0, rhythms=("x..x..", "x.xx..", "x.....")),
        ),
        tempo=((-6, 92.0), (-12, 70.0)),
        looseness_s=0.015,
        seed=112,
    ),
    Piece(
        name="ballad for saxophone, 12/8 felt in four, 70",
        bpm=70,
        beats_per_bar=4,
        chords="Fj7 Dm7 Gm7 C7 Am7 D7 Gm7 C7",
        parts=(
            Part(program=4, pattern="XXXXXXXXXXXX", octave=4, velocity=60),
            Part(program=33, pattern="0.....0..2.4", octave=1, velocity=90),
            Melody(program=66, rhythms=("x.....x.....", "x..x..x.x...", "x.x.....x...")),
        ),
        drums={"k": "x.....x.x...", "s": "...X.....X..", "r": "xxxxxxxxxxxx"},
        seed=113,
    ),
    Piece(
        name="choir with pauses, 4/4, 90",
        bpm=90,
        beats_per_bar=4,
        chords="C F,G Am Em F C,Am Dm G C F,G E7 Am F G C C",
        parts=(
            Part(program=52, pattern="X...X.X. X.X.X...", octave=4, velocity=85),
            Part(program=52, pattern="0...2.0. 0.1.2...", octave=3, velocity=85),
        ),
        silent_bars=(7,),
        looseness_s=0.012,
        seed=114,
    ),
    Piece(
        name="latin montuno, 4/4, 180",
        bpm=180,
        beats_per_bar=4,
        chords="Am D7 E7 D7",
        times=7,
        parts=(
            Part(program=0, pattern="0.X.0X.0 .X.0X.0X", octave=4, velocity=80),
            Part(program=32, pattern="0..2..0. ...2..0.", octave=2, velocity=95),
            Part(program=61, pattern="X-X---X- -------- -------- --------", octave=4, velocity=80),
        ),
        drums={"x": "x..x..x. ..x.x...", "h": "x.xxx.xx", "t": "......xx"},
        seed=115,
    ),
    Piece(
        name="hard rock, 4/4, 138 then 118",
        bpm=138,
        beats_per_bar=4,
        chords="E E G A E E D A",
        times=3,
        parts=(
            Part(program=30, pattern="0-000-00 X.--X.X.", octave=2, velocity=80),
            Part(program=34, pattern="0.000.00", octave=1, velocity=95),
            Melody(program=29, rhythms=("x.x.x.xx", "x...x...", "xxxxx...")),
        ),
        drums={"k": "X...xx.. X..x.x..", "s": "..X...X.", "h": "x.x.x.x.", "c": "X....... ........ ........ ........"},
        tempo=((12, 118.0),),
        seed=116,
    ),
)
