"""Pieces for an examination: written in the usual styles before the tracker was changed, and played to it but twice, at
the beginning of that work and at its end. Like those of ``unseen.py`` they judge, and nothing is fitted to them."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from .score import Melody, Part, Piece, Tune, in_units

_in_four, _in_three = partial(Piece, beats_per_bar=4), partial(Piece, beats_per_bar=3)
_eighths, _sixteenths = partial(in_units, unit=1 / 2), partial(in_units, unit=1 / 4)

_MINUET = _eighths(
    "D5:2 G4 A4 B4 C5 D5:2 G4:2 G4:2 E5:2 C5 D5 E5 F#5 G5:2 G4:2 G4:2 C5:2 D5 C5 B4 A4 B4:2 C5 B4 A4 G4 "
    "A4:2 B4 A4 G4 F#4 A4:6"
)
_AIR = _eighths(
    "E5:3 D5 C5:2 D5:2 E5:2 G5:2 E5:4 D5:3 C5 A4:2 C5:2 D5:6 r:2 E5:3 D5 C5:2 "
    "D5:2 E5:2 A5:2 G5:4 E5:2 D5 C5 D5:2 B4:2 C5:6 r:2"
)
_RIFF = _sixteenths("E3 E3 G3 r E3 A3 r G3 E3 r D3 r E3 r G3 F#3")

_WRITTEN: tuple[Piece, ...] = (
    _in_four(
        name="soft rock, 78",
        bpm=78,
        chords="D A Bm G D A G A",
        times=2,
        parts=(
            Part(program=0, pattern="X.X.X.XX", octave=4, velocity=70),
            Part(program=33, pattern="0.....0. 0...2.0.", octave=1, velocity=94),
            Part(program=48, pattern="X.......", octave=4, velocity=50),
            Melody(program=53, rhythms=("..x.x.x.", "x.x...xx", "x..x.x..", "x.......")),
        ),
        drums={"k": "X....x.. X...xx..", "s": "..X...X. ..X...X. ..X...X. ..X...Xx", "h": "xxxxxxxx"},
        looseness_s=0.009,
    ),
    _in_four(
        name="guitar band, 144, riff",
        bpm=144,
        chords="Em Em Em Em G A Em Em",
        times=3,
        parts=(
            Tune(program=29, notes=" ".join([_RIFF] * 24), shift=12, velocity=90),
            Part(program=34, pattern="0.0.0.0.", octave=1, velocity=95),
            Melody(program=80, rhythms=("x.xx.x..", "..x.x.x.", "x...x...", "-......."), octave=5),
        ),
        drums={"k": "X..xX... X.x.X..x", "s": "..X...X. ..X...X. ..X...X. ..X..xXX", "h": "x.x.x.x."},
    ),
    _in_four(
        name="punk, 166, stops",
        bpm=166,
        chords="G C D D G C D G",
        times=3,
        silent_bars=(15,),
        parts=(
            Part(program=30, pattern="X.XXX.XX", octave=3, velocity=74),
            Part(program=33, pattern="00000000", octave=1, velocity=95),
        ),
        drums={"k": "X.x.X.x.", "s": "..X...X.", "r": "x.x.x.x."},
    ),
    _in_three(
        name="minuet, piano, 3/4, 118",
        bpm=118,
        chords="G G C G Am G D D",
        times=2,
        parts=(
            Tune(program=0, notes=_MINUET + " " + _MINUET, velocity=88),
            Part(program=0, pattern="0.2.4. 0...2.", octave=3, velocity=66),
        ),
        looseness_s=0.008,
    ),
    _in_three(
        name="musette, accordion and bass, 3/4, 188",
        bpm=188,
        chords="Am Am Dm Dm G7 G7 C C F F Dm Dm E7 E7 Am E7",
        times=2,
        parts=(
            Part(program=32, pattern="0-- 2--", octave=2, velocity=88),
            Part(program=24, pattern="-X-X-- -X-XX-", octave=3, velocity=62),
            Part(program=21, pattern="-XX", octave=4, velocity=60),
            Melody(program=21, rhythms=("x.x.x.", "xxxxxx", "x...x.", "x..xx.", "x.....")),
        ),
    ),
    _in_four(
        name="air for oboe and strings, 80, ritardando at the end",
        bpm=80,
        chords="C Am F G C F,D G C C Am F G",
        times=1,
        parts=(
            Tune(program=68, notes=_AIR + " " + _AIR, velocity=92),
            Part(program=48, pattern="X...X...", octave=4, velocity=64),
            Part(program=42, pattern="0...2...", octave=2, velocity=78),
        ),
        tempo=((-12, 62.0),),
        looseness_s=0.012,
    ),
    _in_four(
        name="piano ballad, 62, rolled chords, rubato",
        bpm=62,
        chords="Ab Fm Db Eb Ab Cm Db Eb",
        parts=(
            Part(program=0, pattern="X...X...", octave=4, velocity=66, spread_s=0.018),
            Part(program=0, pattern="0.2.3.2.", octave=2, velocity=62),
            Melody(program=0, rhythms=("x..x.x..", "x.x.x...", "..x.x.xx"), velocity=92),
        ),
        tempo=((1, 64.0), (2, 66.0), (3, 60.0), (4, 63.0), (5, 66.0), (6, 61.0), (7, 56.0)),
        looseness_s=0.014,
    ),
    _in_four(
        name="string quartet, allegro, 126, no drums",
        bpm=126,
        chords="D D A D G D A7 D Bm Em A7 D G E7 A D",
        times=1,
        parts=(
            Part(program=42, pattern="0.0.2.2.", octave=2, velocity=82),
            Part(program=41, pattern="-X-X-X-X", octave=3, velocity=64),
            Part(program=40, pattern="2.2.2.2.", octave=4, velocity=60),
            Melody(program=40, rhythms=("x.x.xxxx", "x...x.x.", "xxxxx.x.", "x..xx...")),
        ),
    ),
    _in_four(
        name="accelerando, marching tune, 84 to 132",
        bpm=84,
        chords="F F Bb C F Dm Gm C",
        times=3,
        parts=(
            Part(program=58, pattern="0.2.0.2.", octave=2, velocity=92),
            Part(program=61, pattern="-X-X-X-X", octave=4, velocity=68),
            Melody(program=56, rhythms=("x..xx.x.", "x.x.x...", "x.x.xxx.")),
        ),
        drums={"k": "x...x...", "s": "x.xxx.x. x.x.xxxx"},
        tempo=((-6, 95.0), (-12, 108.0), (-18, 120.0), (-23, 132.0)),
    ),
    _in_four(
        name="pop song, 120 then 92 for the bridge then 120",
        bpm=120,
        chords="C G Am F C G F F",
        times=3,
        parts=(
            Part(program=4, pattern="X..X..X.", octave=4, velocity=74),
            Part(program=33, pattern="0..00.2.", octave=1, velocity=96),
            Melody(program=65, rhythms=("x.x.x.x.", "..x.xx..", "x...x..x")),
        ),
        drums={"k": "X..xX...", "s": "..X...X.", "h": "xxxxxxxx"},
        tempo=((8, 92.0), (16, 120.0)),
    ),
    _in_four(
        name="funk, slap bass and brass, 112",
        bpm=112,
        chords="E7 E7 A7 E7",
        times=5,
        parts=(
            Part(program=37, pattern="0--0--3-4--0-3-0 0-.-4-0--30-4-.-", octave=1, velocity=100),
            Part(program=28, pattern="--X--XX---X--X-X", octave=4, velocity=62),
            Part(program=62, pattern="X--X------------ --------X-X--X--", octave=4, velocity=84),
        ),
        drums={"k": "X..x..x...X..x..", "s": "....X..x.x..X..x", "h": "x.xxx.xxx.xxx.xx"},
    ),
    _in_four(
        name="samba, 104",
        bpm=104,
        chords="Am7 D7 Gj7 Cj7 F#o B7 Em Em",
        times=2,
        parts=(
            Part(program=24, pattern="X-XX-X-XX-X-X-X- X-X-X-XX-X-XX-X-", octave=3, velocity=72),
            Part(program=32, pattern="0..02..0", octave=2, velocity=92),
            Melody(program=73, rhythms=("x..x..x.x.x.....", "..x.x..x..x.x.x.", "x.x.x..x........")),
        ),
        drums={"k": "x..Xx..X", "b": "X.xXX.xXX.xXX.xX", "x": "x.x..x.x.x..x.x."},
    ),
    _in_four(
        name="reggae, 70, guitar on the off-beat, sung",
        bpm=70,
        chords="G C G D",
        times=4,
        parts=(
            Part(program=28, pattern="--X---X---X---X-", octave=4, velocity=82),
            Part(program=33, pattern="0...2.4.--0.2-4- 0..02...--4.2-0-", octave=1, velocity=100),
            Melody(program=53, rhythms=("..x.x.x.x...x...", "x.x.x.....x.x.x.", "x...............")),
        ),
        drums={"k": "........X.......", "x": "........X.......", "h": "x.x.x.x.x.x.x.xx"},
    ),
    _in_four(
        name="arpeggiated guitar, 98",
        bpm=98,
        chords="Am G F E7 Am C G E7",
        times=2,
        parts=(
            Part(program=24, pattern="02342324", octave=3, velocity=80),
            Part(program=24, pattern="0...0...", octave=2, velocity=76),
        ),
        looseness_s=0.01,
    ),
    _in_four(
        name="jazz, walking bass, piano trio, swing, 168",
        bpm=168,
        chords="Cm7 F7 Bb Eb Am7 D7 Gm7 Gm7",
        times=3,
        parts=(
            Part(program=32, pattern="0123 3210 0231 0213", octave=2, velocity=92),
            Part(program=0, pattern="..X-.... -X-...X- X-...X-.", octave=4, velocity=60),
            Melody(program=26, rhythms=("xxx.x.xx", "..x.xxx.", "x.xxx...", ".x.x.x.x")),
        ),
        drums={"r": "x.xxx.xx", "h": "..x...x.", "s": "........ .....x.."},
        swing=0.62,
        looseness_s=0.007,
    ),
    _in_four(
        name="sparse electric guitar and bass, 74",
        bpm=74,
        chords="Em C G D Em C Am B7",
        parts=(
            Part(program=27, pattern="X.....-. X...--X.", octave=4, velocity=74, spread_s=0.01),
            Part(program=33, pattern="0...0... 0.....2.", octave=1, velocity=84),
            Melody(program=26, rhythms=("....x.x.", "--x.x...", "x..x...."), velocity=82),
        ),
        looseness_s=0.01,
    ),
    _in_four(
        name="church organ and choir, 66",
        bpm=66,
        chords="D,G A,D Bm,G A D,A Bm,F#m G,D A,D",
        parts=(
            Part(program=19, pattern="XXXX XXX.", octave=4, velocity=76),
            Part(program=19, pattern="0213 020.", octave=2, velocity=80),
            Part(program=52, pattern="XXXX XXX.", octave=4, velocity=70),
        ),
        looseness_s=0.01,
    ),
    _in_four(
        name="synth techno, 126, break",
        bpm=126,
        chords="Cm Cm Ab Bb",
        times=5,
        parts=(
            Part(program=39, pattern="-0-0-0-0", octave=1, velocity=92),
            Part(program=80, pattern="0-3-2-0-3-2-0-2-", octave=4, velocity=64),
            Part(program=89, pattern="X.......", octave=4, velocity=60),
        ),
        drums={"k": "XXXX XXXX XXXX XXXX ---- XXXX XXXX XXXX", "w": "-X-X", "o": ".x.x.x.x"},
        looseness_s=0.001,
    ),
    Piece(
        name="6/8, folk dance, felt in two, 104",
        beats_per_bar=2,
        bpm=104,
        chords="G G C G G D G D",
        times=3,
        parts=(
            Part(program=25, pattern="0.XX.X", octave=3, velocity=76),
            Part(program=32, pattern="0..2..", octave=2, velocity=88),
            Melody(program=73, rhythms=("xxxxxx", "x.xx.x", "x..x.x", "x.xxxx")),
        ),
    ),
)
PIECES: tuple[Piece, ...] = tuple(replace(piece, seed=seed) for seed, piece in enumerate(_WRITTEN, start=2001))
