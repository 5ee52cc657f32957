"""``audio.beats`` of Stupeflix (its reference, "Tasks Reference")."""

from __future__ import annotations

from collections.abc import Callable

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameters
from ...exceptions import UnsupportedMedia
from ..beats import RATE_HZ, find_beats
from ..operation import Context, Operation, Outcome
from ..parameters import source
from ..probe import probe
from ..sound import read_mono


def _run(context: Context) -> Outcome:
    path = context.input()
    info = probe(path, limits=context.limits)
    if info.audio is None:
        raise UnsupportedMedia("The file has no sound.")
    found = find_beats(
        read_mono(path, RATE_HZ, limits=context.limits),
        expected_s=info.duration_s,
        report=_in_percent(context.report),
    )
    values = {
        "beats": list(found.beats),
        "downbeats": list(found.downbeats),
        "duration": round(found.duration_s),
    }
    return Outcome(values=values, source_s=found.duration_s)


def _in_percent(report: Callable[[float], None]) -> Callable[[float], None]:
    return lambda share: report(100 * share)


OPERATION = Operation(
    info=OperationInfo(
        name="audio.beats",
        summary="Find the beats of music, and those that begin bars.",
        parameters=Parameters((source("The music, or a film with music."),)),
        results={
            "beats": "When each beat falls: a list of seconds.",
            "downbeats": "Those of the beats that begin a bar: a list of seconds.",
            "duration": "Length of the sound in whole seconds.",
        },
    ),
    run=_run,
)
