"""The Toy Jobs API as a cloud: an order goes out, statuses come back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar

from ...core.capabilities import Capabilities, OperationInfo
from ...core.failure import Failure
from ...core.spec import Kind, ProducedFile, Snapshot
from ...core.states import State
from ...engine.registry import load_operations
from ...exceptions import CloudRejected
from ..base import Cloud, Message, News, Work
from . import wire
from .client import BASE_URL, ToyService


class Adapter(Cloud):
    options: ClassVar[Mapping[str, Any]] = {
        # The account's key, or a function that gives it.
        "key": "",
        # Where the service is; a site whose toyservice server answers in its place will do.
        "base_url": BASE_URL,
    }
    secrets = ("key",)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(operations=_operations(), is_remote=True)

    def submit(self, work: Work) -> Snapshot:
        order = wire.Order(do=work.operation, given=self.parameters_by_url(work), tell=work.webhook_url)
        with self._client() as client:
            return snapshot_of(client.create(order))

    def poll(self, remote_id: str, operation: str) -> Snapshot:
        with self._client() as client:
            return snapshot_of(client.status(remote_id))

    def read_notification(self, message: Message) -> News:
        """A callback is the job's status, unsigned: a hint."""
        try:
            return News(remote_id=wire.parse_status(message.body).id)
        except ValueError as error:
            raise CloudRejected(f"This is no callback of the service: {error}.", cloud=self.alias) from None

    def _client(self) -> ToyService:
        return ToyService(key=self.secret("key"), base_url=self._options["base_url"])


@cache
def _operations() -> Mapping[str, OperationInfo]:
    """What the service had, declared as the engine declares it: the same Task runs here or there."""
    return MappingProxyType(
        {
            name: replace(operation.info, kinds=frozenset({Kind.TASK}))
            for name, operation in load_operations().items()
            if name in wire.TASKS
        }
    )


def snapshot_of(status: wire.JobStatus) -> Snapshot:
    """A word that nobody knows says only that the service has the job."""
    state = status.state or State.RUNNING
    why = status.why or "The service says that the job is broken, and not why."
    return Snapshot(
        state=state,
        remote_id=status.id,
        progress=status.percent,
        values=status.gives,
        files=tuple(ProducedFile(name=name, content_type="", url=url, role=name) for name, url in status.files.items()),
        failure=Failure(code="job_broken", message=why) if state == State.FAILED else None,
    )
