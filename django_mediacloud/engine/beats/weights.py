"""The numbers that were fitted (``weights.npz``), and how they are applied."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from ..extras import optional

np = optional("numpy")

_LIMIT = 4.0
"""Features further from the mean, in standard deviations, count as being there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """A logistic regression that tells downbeats from beats, and small neural networks, with one hidden layer beside a
    linear part, that rank ways to hear the beat and the bars. Fitted to made-up pieces by
    ``tests/engine/beats/fitting.py``."""

    downbeat: Any
    downbeat_bias: Any
    row_mean: Any
    row_spread: Any
    bar_mean: Any
    bar_spread: Any
    row_hidden: Any
    """Networks x features x units: the mean of several networks counts."""
    bar_hidden: Any
    hidden_bias: Any
    output: Any
    row_linear: Any
    bar_linear: Any

    def downbeat_odds(self, features: Any) -> Any:
        """The logarithm of the odds that each beat begins a bar. ``features``: beats x features."""
        return features @ self.downbeat + self.downbeat_bias

    def scaled(self, rows: Any, bars: Any) -> tuple[Any, Any]:
        rows, bars = (rows - self.row_mean) / self.row_spread, (bars - self.bar_mean) / self.bar_spread
        return np.clip(rows, -_LIMIT, _LIMIT), np.clip(bars, -_LIMIT, _LIMIT)

    def scores(self, rows: Any, bars: Any) -> Any:
        """The higher, the likelier: ways to hear x ways to group these into bars.

        ``rows``: ways x features. ``bars``: ways x groupings x features.
        """
        rows, bars = self.scaled(rows, bars)
        total = np.zeros(bars.shape[:2])
        for number in range(len(self.output)):
            hidden = (rows @ self.row_hidden[number] + self.hidden_bias[number])[:, None] + bars @ self.bar_hidden[
                number
            ]
            total += np.tanh(hidden) @ self.output[number]
            total += (rows @ self.row_linear[number])[:, None] + bars @ self.bar_linear[number]
        return total / len(self.output)


@cache
def load_weights() -> Weights:
    with (resources.files(__package__) / "weights.npz").open("rb") as file, np.load(file) as values:
        return Weights(**{name: values[name].astype(np.float32) for name in Weights.__dataclass_fields__})
