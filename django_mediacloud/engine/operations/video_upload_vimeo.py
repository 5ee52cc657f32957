"""``video.upload.vimeo`` of Stupeflix (its reference, "Tasks Reference"): the film goes to Vimeo untouched."""

from __future__ import annotations

from ...core.capabilities import OperationInfo
from ...core.destinations import DESTINATIONS
from ...core.parameters import Parameters
from ..operation import Context, Operation, Outcome
from ..parameters import source
from ..passing import pass_film_on

_DESTINATION = DESTINATIONS["vimeo"]
_RESULTS = {
    "free_space": "Bytes that were free on the account before, or null.",
    "uploaded_file_size": "Bytes of the film.",
    "output": "Address of the film at Vimeo.",
    "duration": "Length of the film, s.",
}


def _run(context: Context) -> Outcome:
    return pass_film_on(context, _RESULTS)


OPERATION = Operation(
    info=OperationInfo(
        name="video.upload.vimeo",
        summary="Upload a film to Vimeo.",
        parameters=Parameters(
            (source("The film."), *_DESTINATION.parameters), together=_DESTINATION.parameters.together
        ),
        results=_RESULTS,
        delivery=_DESTINATION.name,
    ),
    run=_run,
)
