"""``video.upload.fb`` of Stupeflix (its reference, "Tasks Reference"): the film goes to Facebook untouched."""

from __future__ import annotations

from ...core.capabilities import OperationInfo
from ...core.destinations import DESTINATIONS
from ...core.parameters import Parameters
from ..operation import Context, Operation, Outcome
from ..parameters import source
from ..passing import pass_film_on

_DESTINATION = DESTINATIONS["facebook"]
_RESULTS = {"duration": "Length of the film, s."}


def _run(context: Context) -> Outcome:
    return pass_film_on(context, _RESULTS)


OPERATION = Operation(
    info=OperationInfo(
        name="video.upload.fb",
        summary="Upload a film to Facebook.",
        parameters=Parameters((source("The film."), *_DESTINATION.parameters)),
        results=_RESULTS,
        files={"output": "The film at Facebook."},
        delivery=_DESTINATION.name,
    ),
    run=_run,
)
