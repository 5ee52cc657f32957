"""The beats of music, and the beats that begin bars.

The road: the sound's spectrum (``spectrum``), where sounds set in (``onsets``), rows of beats at many tempi
(``tracking``), the most likely of them (``interpretation``), and its bars (``metre``).
"""

from .analysis import Beats, find_beats
from .spectrum import RATE_HZ

__all__ = ["RATE_HZ", "Beats", "find_beats"]
