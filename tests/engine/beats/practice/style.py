"""What musicians agree on when they say "a bossa" or "a polka", as far as a score tells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

PIANO = (0, 0, 1, 2, 3)
ELECTRIC_PIANO = (4, 5)
ORGAN = (16, 17, 18)
GUITAR = (24, 25)
ELECTRIC_GUITAR = (26, 27, 28)
DISTORTED = (29, 30)
BASS = (32, 33, 34, 35)
SYNTH_BASS = (38, 39)
STRINGS = (48, 49, 50, 51)
BRASS = (56, 57, 60, 61)
REEDS = (64, 65, 66, 67, 71)
WOODWINDS = (68, 70, 71, 72, 73, 75)
LEADS = (80, 81, 82, 84, 87)
PADS = (88, 89, 90, 91, 94, 95)
MALLETS = (9, 11, 12, 13)
CHOIR = (52, 53, 54)


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """Patterns are those of ``score.Part``: one bar, or several parted by spaces. Ways to choose from are parted by
    ``|``; of ``drums``, each instrument chooses its own."""

    name: str
    bpm: tuple[float, float]
    """As musicians count the style, which is what settles the metrical level."""
    beats: int = 4
    cut: int = 2
    """Into how many parts the melody cuts a beat."""
    swing: tuple[float, ...] = (0.5,)
    drums: Mapping[str, str] = field(default_factory=dict)
    without_drums: float = 0.15
    """How likely nobody drums, though the style has drums."""
    bass: str = ""
    chords: str = ""
    broken: str = ""
    """A second part of single notes: arpeggios, riffs, figures."""
    bassists: tuple[int, ...] = BASS
    players: tuple[int, ...] = PIANO + GUITAR
    pluckers: tuple[int, ...] = PIANO + GUITAR
    singers: tuple[int, ...] = WOODWINDS + REEDS + (40, 56, 80)
    alone: float = 0.0
    """How likely all parts are played on the instrument of the chords."""
    melody: tuple[float, float, float] = (0.75, 0.45, 0.1)
    """How likely a note begins on a beat, half way, and on the other parts of a beat."""
    sung: float = 0.7
    """How likely there is a melody."""
    harmony: str = "pop"
    pace: tuple[float, ...] = (1, 1, 1, 2, 0.5)
    """Bars that a chord lasts."""
    freedom: float = 0.3
    """How likely the tempo changes: at once, evenly, or to and fro."""
    looseness_s: tuple[float, ...] = (0.002, 0.006, 0.01)
    pickup: float = 0.1


PROGRESSIONS = {
    "pop": (
        "C G Am F|Am F C G|F G C Am|C Am F G|C F G F|C Em F G|Am G F G|Am C G D|C F Am G|C G Am Em F C F G|"
        "C C F G|Em C G D|C Am Dm G|F C G Am|Am Em F G|Cj7 Am7 Dm7 G7|C D F C"
    ),
    "rock": ("A A D E|E G A E|A G D A|C Bb F C|E E E E|Am Am F G|E D A E|A C D F|Em G A C|D C G D|A A A A D D A A"),
    "blues": (
        "C C C C F F C C G F C G|C F C C F F C C G F C C|C7 C7 C7 C7 F7 F7 C7 C7 G7 F7 C7 G7|"
        "Am Am Am Am Dm Dm Am Am E7 Dm Am E7"
    ),
    "jazz": (
        "Dm7 G7 Cj7 Cj7|Cj7 Am7 Dm7 G7|Dm7 G7 Em7 A7 Dm7 G7 Cj7 Cj7|Cj7 A7 Dm7 G7 Em7 A7 Dm7 G7|"
        "Am7 D7 Gm7 C7 Fj7 Fj7 E7 Am7|Cm7 Cm7 F7 F7 Fm7 Bb7 Eb Eb|Am7 Dm7 G7 Cj7 Fj7 Bm7 E7 Am7|"
        "Dm7 Dm7 Dm7 Dm7 Ebm7 Ebm7 Dm7 Dm7|Fj7 Dm7 Gm7 C7 Am7 D7 Gm7 C7"
    ),
    "folk": (
        "C C F C C G C C|C F C G C F G C|D D G D D A D D|C C G G G G C C|Am G Am E Am G E Am|C C C G G G G C|"
        "C F G C|C C F F C C G C|C Am F G"
    ),
    "march": (
        "C C G7 G7 G7 G7 C C F F C C G7 G7 C C|C G7 C G7 F C G7 C|C C C G7 G7 G7 G7 C|C F C G7 C F G7 C|"
        "Am Dm Am E7 Am Dm E7 Am"
    ),
    "classical": (
        "C G7 C F C Dm G C|C F G C Am Dm G C|C C G7 C F C G7 C|Am Dm E7 Am F Dm E7 Am|C Am Dm G Em Am D G|"
        "Am Dm G C F Bo E7 Am|C G Am Em F C F G|C Em F C Dm Am E7 Am|C A7 Dm G7 C F G7 C|"
        "Dm Gm A7 Dm Bb Gm A7 Dm|C G7 G7 C C F G7 C"
    ),
    "latin": (
        "Am Dm E7 Am|Am G F E7|Am D7 Am D7|C F G F|Am Am E7 E7 E7 E7 Am Am|Dm Am E7 Am|C Am Dm G7|"
        "Am Am Dm E7|Am D7 E7 D7|Dm7 G7 Cj7 A7"
    ),
    "vamp": (
        "Em7 A7|Am7 D7|Am7 Am7 Dm7 Dm7|E7 E7 E7 E7|Dm7 G7|Cm Cm Ab Bb|Am Am Am Am|Am7 Am7 D7 D7|C7 C7 F7 C7|"
        "Em Em D Em|Am Am G F"
    ),
    "minor": (
        "Am F C G|Am G F G|Am Am F F C C G G|Am C F E|Am Dm F E7|Am F Dm E|Am Em F C|Am Am Am Am F F G G|Am C G F"
    ),
}
"""In C major or A minor: one word a bar, ways parted by ``|``."""
