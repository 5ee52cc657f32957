"""Pieces made up by chance in many styles, as their players would write them down: what the beat tracker's weights
were fitted to. No piece of the sets that judge it, nor any of their notes, is among them."""

from __future__ import annotations

import random

from ..score import Piece
from . import classical, electronic, folk, groove, jazz, latin, loose, metronome, rock
from .arranging import arranged
from .style import Style

FAMILIES: dict[str, tuple[Style, ...]] = {
    "rock": rock.STYLES,
    "groove": groove.STYLES,
    "jazz": jazz.STYLES,
    "latin": latin.STYLES,
    "folk": folk.STYLES,
    "classical": classical.STYLES,
    "electronic": electronic.STYLES,
}
_STYLES = [(family, style) for family, styles in FAMILIES.items() for style in styles]
_LOOSE_EVERY, _METRONOME_EVERY = 6, 40


def practice_piece(seed: int) -> Piece:
    """The same piece for the same ``seed``; the styles take turns."""
    if _is_loose(seed):
        number = seed // _LOOSE_EVERY
        return loose.piece(random.Random(number), number)
    number = _styled(seed)
    chance = random.Random(number)
    if _is_metronome(number):
        return metronome.piece(chance, number)
    style = _STYLES[number % len(_STYLES)][1]
    return arranged(style, chance, name=f"{style.name} {number}", seed=number)


def family_of(seed: int) -> str:
    if _is_loose(seed):
        return "loose"
    number = _styled(seed)
    return "metronome" if _is_metronome(number) else _STYLES[number % len(_STYLES)][0]


def _is_loose(seed: int) -> bool:
    return seed % _LOOSE_EVERY == _LOOSE_EVERY - 1


def _styled(seed: int) -> int:
    """The number of a piece among those that have a style."""
    return seed - seed // _LOOSE_EVERY


def _is_metronome(number: int) -> bool:
    return number % _METRONOME_EVERY == _METRONOME_EVERY - 1
