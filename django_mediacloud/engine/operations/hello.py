"""``hello`` of Stupeflix: the task of its documentation's example of a stream. It needs nothing and takes no time."""

from __future__ import annotations

from ...core.capabilities import OperationInfo
from ...core.parameters import Parameter, Parameters, Type
from ..operation import Context, Operation, Outcome


def _run(context: Context) -> Outcome:
    return Outcome(values={"greeting": f"Hello {context.parameters['name']}"})


OPERATION = Operation(
    info=OperationInfo(
        name="hello",
        summary="Greet by name: to try out whether jobs run.",
        parameters=Parameters((Parameter(name="name", type=Type.STRING, help="Name to greet.", is_required=True),)),
        results={"greeting": "The greeting."},
    ),
    run=_run,
    libraries=lambda _parameters: "pictures",
)
