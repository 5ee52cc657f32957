from __future__ import annotations

from django_mediacloud.clouds.base import Cloud, Work
from django_mediacloud.core.capabilities import Capabilities, OperationInfo
from django_mediacloud.core.parameters import Parameter, Parameters, Type
from django_mediacloud.core.spec import Snapshot
from django_mediacloud.core.states import State

SHOUT = OperationInfo(
    name="text.shout",
    summary="The same, louder.",
    parameters=Parameters((Parameter(name="text", type=Type.STRING, is_required=True),)),
    results={"result": "The text in capitals."},
)


class Adapter(Cloud):
    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(operations={SHOUT.name: SHOUT}, is_remote=False, can_resubmit=True)

    def submit(self, work: Work) -> Snapshot:
        return Snapshot(state=State.COLLECTING, values={"result": work.parameters["text"].upper()})
