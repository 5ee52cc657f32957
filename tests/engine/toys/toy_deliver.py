"""A delivery that passes on a parameter that holds no file."""

from __future__ import annotations

from django_mediacloud.core.capabilities import OperationInfo
from django_mediacloud.core.parameters import Parameters
from django_mediacloud.engine.operation import Operation, Outcome, PassedOn
from django_mediacloud.engine.parameters import source

OPERATION = Operation(
    info=OperationInfo(
        name="toy.deliver", summary="Misbehave.", parameters=Parameters((source("Anything."),)), delivery="youtube"
    ),
    run=lambda _context: Outcome(passed_on=PassedOn(parameter="/etc/passwd", name="a.bin", content_type="x/y")),
)
