"""A delivery that tells what it was given."""

from __future__ import annotations

from django_mediacloud.core.capabilities import OperationInfo
from django_mediacloud.core.destinations import DESTINATIONS
from django_mediacloud.core.parameters import Parameters
from django_mediacloud.engine.operation import Operation, Outcome, PassedOn
from django_mediacloud.engine.parameters import source

OPERATION = Operation(
    info=OperationInfo(
        name="toy.upload",
        summary="Tell.",
        parameters=Parameters((source("Anything."), *DESTINATIONS["youtube"].parameters)),
        delivery="youtube",
    ),
    run=lambda context: Outcome(
        values=context.parameters, passed_on=PassedOn(parameter="url", name="a.mp4", content_type="video/mp4")
    ),
)
