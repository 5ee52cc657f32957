"""Fit the weights of the beat tracker to pieces made up by chance, and write them:

    python -m tests.engine.beats.fitting [PIECES [LEFT_OUT ...]]

Takes half an hour on two cores. What comes out differs a little with the version of the synthesiser. With families of
styles to leave out, nothing is written: it tells how well the others prepare for each.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from os import cpu_count
from pathlib import Path

import mir_eval
import numpy as np
from scipy.optimize import minimize

import django_mediacloud.engine.beats
from django_mediacloud.engine.beats.analysis import LATENCY_S
from django_mediacloud.engine.beats.features import Heard, features_of
from django_mediacloud.engine.beats.metre import PLACES, beat_features, harmony_changes
from django_mediacloud.engine.beats.spectrum import HOP, RATE_HZ, spectrum_of
from django_mediacloud.engine.beats.tracking import distinct, readings
from django_mediacloud.engine.beats.weights import Weights

from .practice import family_of, practice_piece
from .score import record

TARGET = Path(django_mediacloud.engine.beats.__file__).parent / "weights.npz"
_PIECES = 4368
_NETWORKS, _UNITS, _EPOCHS, _BATCH = 5, 32, 20, 32
_RATE, _DECAY = 0.003, 0.03
_DROPPED = 0.15
"""The share of the features that each batch goes without: no single one is to decide."""
_DOWNBEAT_DECAY = 0.002
_FITTED = ("row_hidden", "bar_hidden", "hidden_bias", "output", "row_linear", "bar_linear")


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A piece as the tracker hears it: the features of each way to hear the beat and the bars (``rows``, ``bars``) and
    how right each is, 0 to 1; those of the true beats, and which of them begin bars."""

    family: str
    rows: np.ndarray
    bars: np.ndarray
    worth: np.ndarray
    beats: np.ndarray
    is_downbeat: np.ndarray


def example(seed: int) -> Example:
    recording = record(practice_piece(seed))
    heard = Heard.of(spectrum_of([recording.samples]))
    assert heard is not None
    ways = distinct(readings(heard.onsets))
    features = [features_of(heard, way) for way in ways]
    true_beats = (recording.beats + LATENCY_S) * RATE_HZ / HOP
    return Example(
        family=family_of(seed),
        rows=np.stack([row for row, _ in features]).astype(np.float16),
        bars=np.stack([bars for _, bars in features]).astype(np.float16),
        worth=np.stack([_worth(recording.beats, recording.downbeats, way * HOP / RATE_HZ - LATENCY_S) for way in ways]),
        beats=beat_features(heard.onsets.accents, harmony_changes(heard.notes, true_beats), true_beats),
        is_downbeat=np.isin(recording.beats, recording.downbeats),
    )


def _worth(beats: np.ndarray, downbeats: np.ndarray, found: np.ndarray) -> np.ndarray:
    """Of each of ``PLACES``: nothing if the beats are wrong, most if the bars are right, too."""
    of_beats = np.clip((mir_eval.beat.f_measure(beats, found) - 0.7) / 0.2, 0, 1)
    if not of_beats:
        return np.zeros(len(PLACES), np.float32)
    of_bars = [mir_eval.beat.f_measure(downbeats, found[place::length]) for length, place in PLACES]
    return (of_beats * (0.3 + 0.7 * np.clip((np.array(of_bars) - 0.3) / 0.6, 0, 1))).astype(np.float32)


def fit_downbeats(examples: Sequence[Example]) -> np.ndarray:
    """Logistic regression: which of the true beats begin bars. The last of the weights is the bias."""
    features = np.concatenate([one.beats for one in examples])
    truth = np.concatenate([one.is_downbeat for one in examples]).astype(float)

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        odds = features @ weights[:-1] + weights[-1]
        error = (1 / (1 + np.exp(-odds)) - truth) / len(truth)
        slope = np.append(features.T @ error + 2 * _DOWNBEAT_DECAY * weights[:-1], error.sum())
        return (np.logaddexp(0, odds) - truth * odds).mean() + _DOWNBEAT_DECAY * (weights[:-1] ** 2).sum(), slope

    return minimize(loss, np.zeros(features.shape[1] + 1), jac=True).x


@dataclass(frozen=True, slots=True)
class Batch:
    """Some pieces, one after the other. ``rows`` and ``bars`` are scaled."""

    rows: np.ndarray
    bars: np.ndarray
    worths: Sequence[np.ndarray]


def _batches(examples: Sequence[Example], weights: Weights, chance: np.random.Generator) -> Iterator[Batch]:
    order = chance.permutation(len(examples))
    for begin in range(0, len(order) - _BATCH + 1, _BATCH):
        chosen = [examples[number] for number in order[begin : begin + _BATCH]]
        rows, bars = weights.scaled(
            np.concatenate([one.rows for one in chosen]), np.concatenate([one.bars for one in chosen])
        )
        kept = [(chance.random(values.shape[-1]) > _DROPPED) / np.float32(1 - _DROPPED) for values in (rows, bars)]
        yield Batch(rows * kept[0], bars * kept[1], [one.worth for one in chosen])


def _slopes(network: Sequence[np.ndarray], batch: Batch) -> list[np.ndarray]:
    """Of the negative logarithm of the worth that is expected when a way is chosen as likely as it seems."""
    row_hidden, bar_hidden, bias, output, row_linear, bar_linear = network
    units = np.tanh((batch.rows @ row_hidden + bias)[:, None] + batch.bars @ bar_hidden)
    scores = units @ output + (batch.rows @ row_linear)[:, None] + batch.bars @ bar_linear
    slope, begin = np.empty_like(scores), 0
    for worth in batch.worths:
        piece = slice(begin, begin + len(worth))
        likely = np.exp(scores[piece] - scores[piece].max())
        wanted = likely * worth
        slope[piece] = (likely / likely.sum() - wanted / (wanted.sum() + 1e-20)) / len(batch.worths)
        begin += len(worth)
    back = slope[..., None] * output * (1 - units**2)
    both = ((0, 1), (0, 1))
    return [
        batch.rows.T @ back.sum(axis=1),
        np.tensordot(batch.bars, back, both),
        back.sum(axis=(0, 1)),
        np.tensordot(units, slope, both),
        batch.rows.T @ slope.sum(axis=1),
        np.tensordot(batch.bars, slope, both),
    ]


def fit_network(examples: Sequence[Example], weights: Weights, seed: int) -> list[np.ndarray]:
    """Adam, with weights that decay and steps that grow shorter to the end."""
    chance = np.random.default_rng(seed)
    of_rows, of_bars = len(weights.row_mean), len(weights.bar_mean)
    shapes = [(of_rows, _UNITS), (of_bars, _UNITS), (_UNITS,), (_UNITS,), (of_rows,), (of_bars,)]
    spreads = [of_rows**-0.5, of_bars**-0.5, 0, 0.3, 0, 0]
    network = [
        (chance.normal(size=shape) * spread).astype(np.float32) for shape, spread in zip(shapes, spreads, strict=True)
    ]
    moments = [(np.zeros_like(value), np.zeros_like(value)) for value in network]
    steps, number = _EPOCHS * (len(examples) // _BATCH), 0
    for _ in range(_EPOCHS):
        for batch in _batches(examples, weights, chance):
            number += 1
            rate = _RATE * 0.5 * (1 + np.cos(np.pi * number / steps))
            for place, slope in enumerate(_slopes(network, batch)):
                first, second = moments[place]
                first += 0.1 * (slope - first)
                second += 0.001 * (slope**2 - second)
                step = first / (1 - 0.9**number) / (np.sqrt(second / (1 - 0.999**number)) + 1e-8)
                network[place] -= rate * (step + (_DECAY * network[place] if place != 2 else 0))
    return network


def fit(examples: Sequence[Example]) -> Weights:
    downbeat = fit_downbeats(examples).astype(np.float32)
    rows = np.concatenate([one.rows for one in examples]).astype(np.float32)
    bars = np.concatenate([one.bars.reshape(-1, one.bars.shape[-1])[::3] for one in examples]).astype(np.float32)
    none = np.zeros(0)
    scaling = Weights(
        downbeat=downbeat[:-1],
        downbeat_bias=downbeat[-1],
        row_mean=rows.mean(axis=0),
        row_spread=rows.std(axis=0) + 1e-4,
        bar_mean=bars.mean(axis=0),
        bar_spread=bars.std(axis=0) + 1e-4,
        **dict.fromkeys(_FITTED, none),
    )
    # A piece whose beat is in no row teaches nothing about which row is right.
    known = [one for one in examples if one.worth.any()]
    with ThreadPoolExecutor(cpu_count()) as pool:
        networks = list(pool.map(lambda seed: fit_network(known, scaling, seed), range(_NETWORKS)))
    return replace(scaling, **dict(zip(_FITTED, map(np.stack, zip(*networks, strict=True)), strict=True)))


def write(weights: Weights) -> None:
    values = {one.name: np.asarray(getattr(weights, one.name)) for one in fields(Weights)}
    # Half precision is plenty for numbers that were fitted by chance, and halves the file.
    np.savez_compressed(TARGET, **{name: value.astype(np.float16) for name, value in values.items()})


def report_left_out(examples: Sequence[Example], family: str) -> None:
    """How often the right beats, and the right bars too, are chosen in a family that nothing was fitted to."""
    weights = fit([one for one in examples if one.family != family])
    worths = []
    for one in (one for one in examples if one.family == family):
        scores = weights.scores(one.rows.astype(np.float32), one.bars.astype(np.float32))
        row = int(np.exp(scores - scores.max()).sum(axis=1).argmax())
        worths.append((one.worth[row].max() > 0.5, one.worth[row, scores[row].argmax()] > 0.8))
    beats, bars = np.mean(worths, axis=0)
    print(f"{family:<20}{len(worths):6} pieces{beats:8.3f} beats{bars:8.3f} bars")


def main(pieces: int, left_out: Sequence[str]) -> None:
    with ProcessPoolExecutor() as pool:
        examples = list(pool.map(example, range(pieces), chunksize=8))
    for family in left_out:
        report_left_out(examples, family)
    if not left_out:
        write(fit(examples))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else _PIECES, sys.argv[2:])
