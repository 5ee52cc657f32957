"""The Stupeflix Tasks API as a cloud: a task definition goes out, statuses come back.

The service offers its own operations, declared as the engine declares them: by a change of its cloud the same Task runs
here or there.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar

from ...core.capabilities import Capabilities, OperationInfo
from ...core.failure import Failure
from ...core.media import extension_of
from ...core.spec import Kind, ProducedFile, Snapshot
from ...core.states import State
from ...engine.registry import load_operations
from ...exceptions import CloudRejected, CloudUnavailable
from ...transport.uploads.secrets import Secrets
from ..base import Cloud, Message, News, Work
from . import wire
from .client import BASE_URL, Stupeflix


class Adapter(Cloud):
    options: ClassVar[Mapping[str, Any]] = {
        # The account's secret, or a function that gives it.
        "secret": "",
        # Where the service is; a site whose stupeflix server answers in its place will do.
        "base_url": BASE_URL,
        # Whether the secret may go over plain http to another machine.
        "allow_http": False,
    }
    secrets = ("secret",)

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(operations=_operations(), is_remote=True)

    def submit(self, work: Work) -> Snapshot:
        definition = wire.TaskDefinition(
            task_name=work.operation,
            parameters=self.parameters_by_url(work),
            url_callback=work.webhook_url,
            url_errback=work.webhook_url,
        )
        with self._client() as client:
            [status] = client.create(definition)
        return self._snapshot(status, work.operation)

    def poll(self, remote_id: str, operation: str) -> Snapshot:
        with self._client() as client:
            found = {status.key: status for status in client.status(remote_id)}
        if remote_id not in found:
            raise CloudUnavailable("The service says nothing of the task.", code="task_unknown", cloud=self.alias)
        return self._snapshot(found[remote_id], operation)

    def read_notification(self, message: Message) -> News:
        """A callback holds the full final status, and no signature: it is a hint."""
        try:
            status = wire.parse_status(wire.parse_json(message.body))
        except ValueError as error:
            raise CloudRejected(f"This is no callback of the service: {error}.", cloud=self.alias) from error
        return News(remote_id=status.key)

    def check(self) -> str:
        with self._client() as client:
            days = client.get_expiration()
        return f"{super().check()}; files stay {f'{days} days' if days else 'for ever'}"

    def _snapshot(self, status: wire.TaskStatus, operation: str) -> Snapshot:
        """Why a task failed is kept and shown: without the account's secret, which some services repeat."""
        snapshot = snapshot_of(status, operation)
        if snapshot.failure is None:
            return snapshot
        hide = Secrets((self.secret("secret"),)).hide
        return replace(snapshot, failure=replace(snapshot.failure, message=hide(snapshot.failure.message)))

    def _client(self) -> Stupeflix:
        return Stupeflix(
            secret=self.secret("secret"), base_url=self._options["base_url"], allow_http=self._options["allow_http"]
        )


@cache
def _operations() -> Mapping[str, OperationInfo]:
    """What the service had, by name. It delivers by itself: nothing is left for this site to upload."""
    return MappingProxyType(
        {
            name: replace(operation.info, kinds=frozenset({Kind.TASK}), delivery="")
            for name, operation in load_operations().items()
            if name in wire.TASKS
        }
    )


def snapshot_of(status: wire.TaskStatus, task_name: str) -> Snapshot:
    """What a status says, partial results too. A word that nobody knows says only that the service has the task."""
    state = status.state or State.RUNNING
    result = wire.parse_result(task_name, status.result)
    return Snapshot(
        state=state,
        remote_id=status.key,
        progress=_percent(status.progress),
        values=result.values,
        files=tuple(_file(name, url, result.values) for name, url in result.files.items()),
        failure=_failure(status) if state == State.FAILED else None,
        raw=status.raw,
    )


def _percent(progress: Any) -> float | None:
    """Progress may be any JSON: only a number of per cent tells us something."""
    is_number = isinstance(progress, int | float) and not isinstance(progress, bool)
    return float(progress) if is_number and 0 <= progress <= 100 else None


def _file(name: str, url: str, values: Mapping[str, Any]) -> ProducedFile:
    content_type = values.get("content_type")
    content_type = content_type if isinstance(content_type, str) else mimetypes.guess_type(url)[0] or ""
    return ProducedFile(name=name + extension_of(content_type), content_type=content_type, url=url, role=name)


def _failure(status: wire.TaskStatus) -> Failure:
    is_invalid = bool(status.parameter_errors)
    return Failure(
        code="invalid_parameters" if is_invalid else "task_failed",
        message=status.message or "The service says that the task failed, and not why.",
        advice="Correct the parameters named and submit again."
        if is_invalid
        else "Read the service's words, and retry.",
    )
