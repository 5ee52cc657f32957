"""``video.upload.youtube`` of Stupeflix (its reference, "Tasks Reference"): the film goes to YouTube untouched."""

from __future__ import annotations

from ...core.capabilities import OperationInfo
from ...core.destinations import DESTINATIONS
from ...core.parameters import Parameters
from ..operation import Context, Operation, Outcome
from ..parameters import source
from ..passing import pass_film_on

_DESTINATION = DESTINATIONS["youtube"]
_RESULTS = {"output": "Address of the film at YouTube.", "duration": "Length of the film, s."}


def _run(context: Context) -> Outcome:
    return pass_film_on(context, _RESULTS)


OPERATION = Operation(
    info=OperationInfo(
        name="video.upload.youtube",
        summary="Upload a film to YouTube.",
        parameters=Parameters((source("The film."), *_DESTINATION.parameters)),
        results=_RESULTS,
        delivery=_DESTINATION.name,
    ),
    run=_run,
)
