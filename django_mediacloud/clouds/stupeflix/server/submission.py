"""From task definitions to jobs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .... import jobs
from ....access import within_limits
from ....clouds.registry import get_operation
from ....core.capabilities import OperationInfo
from ....core.parameters import Type
from ....core.spec import Delivery, Hook, JobSpec, Kind
from ....core.states import State
from ....exceptions import FetchRefused, InvalidParameters, UnknownOperation
from ....jobs.deadlocks import again_after_deadlock
from ....models import AccessKey, Callback, Job
from ....transport.address import parse_address
from .. import wire
from .keys import KIND
from .refused import in_version, refuse_task, remember
from .requests import ApiRequest

WEEK_S = 7 * 86_400.0
MAX_TASKS = 1_000
"""In one request."""
_KEEP_S: Mapping[str, float | None] = {"persistent": None, "volatile": WEEK_S, "dummy": 0.0}
"""How long files stay, by storage system; as the account has set for "persistent"."""

Entry = Job | dict[str, Any]
"""A task that was taken in, or the final status of one that was not."""


def read_definitions(request: ApiRequest, name: str = "tasks") -> list[wire.TaskDefinition]:
    """The definitions in the body. ``InvalidRequest`` for what is none, and where there are too many: each that is none
    would be told, and a small request have an answer of a hundred megabytes."""
    return wire.parse_definitions(request.body.get(name), request.version, name=name, most=MAX_TASKS)


def submit_all(
    definitions: Sequence[wire.TaskDefinition], key: AccessKey, base_url: str, version: wire.Version
) -> list[Entry]:
    """An entry for each definition, in their order. All are taken in together, but for those that are refused.

    ``LimitReached`` if ``key`` may not make so many now: then none is.
    """
    entries = _take_in(definitions, key, base_url, version)
    remember(entry for entry in entries if isinstance(entry, dict))
    return [in_version(entry, version) if isinstance(entry, dict) else entry for entry in entries]


@again_after_deadlock
def _take_in(
    definitions: Sequence[wire.TaskDefinition], key: AccessKey, base_url: str, version: wire.Version
) -> list[Entry]:
    with within_limits(key, len(definitions)):
        return [_take_one_in(definition, key, base_url, version) for definition in definitions]


def _take_one_in(definition: wire.TaskDefinition, key: AccessKey, base_url: str, version: wire.Version) -> Entry:
    try:
        operation = get_operation(key.cloud, definition.task_name)
    except UnknownOperation:
        return refuse_task(_unknown(definition.task_name))
    if Kind.TASK not in operation.kinds:
        return refuse_task(_unknown(definition.task_name))
    if errors := _errors_in(definition, operation):
        return refuse_task(errors)
    try:
        return jobs.submit(
            _spec_of(definition, operation, key, base_url, version),
            owner=key.owner,
            access_key=key,
            metas=dict(definition.metas),
        )
    except InvalidParameters as error:
        return refuse_task(error.errors)


def _unknown(task_name: str) -> str:
    if task_name in wire.TASKS:
        return f"{task_name} is not offered by this server."
    return f"Unknown task: {task_name[:100]!r}"


def _errors_in(definition: wire.TaskDefinition, operation: OperationInfo) -> dict[str, list[str]]:
    """All that is wrong, at once: with what every task has, and with the task's own parameters."""
    errors = {**definition.errors, **_errors_in_callbacks(definition)}
    try:
        operation.parameters.clean(definition.parameters)
    except InvalidParameters as error:
        errors.update(error.errors)
    return errors


def _errors_in_callbacks(definition: wire.TaskDefinition) -> dict[str, list[str]]:
    """Addresses that can never be called: a client would wait for word of a task that is done."""
    errors = {}
    longest = Callback._meta.get_field("url").max_length or 0
    for name, url in (("url_callback", definition.url_callback), ("url_errback", definition.url_errback)):
        if len(url) > longest:
            errors[name] = [f"must have at most {longest} characters"]
        elif url:
            try:
                parse_address(url)
            except FetchRefused as refused:
                errors[name] = [str(refused)]
    return errors


def _spec_of(
    definition: wire.TaskDefinition, operation: OperationInfo, key: AccessKey, base_url: str, version: wire.Version
) -> JobSpec:
    store = definition.store or {"type": wire.DEFAULT_STORES[version]}
    delivery = None
    if store["type"] not in _KEEP_S and not operation.delivery:
        delivery = Delivery(
            name=store["type"], parameters={name: value for name, value in store.items() if name != "type"}
        )
    return JobSpec(
        kind=Kind.TASK,
        cloud=key.cloud,
        operation=operation.name,
        parameters=definition.parameters,
        hooks=tuple(_hooks(definition, base_url)),
        destination=delivery,
        keep_s=_KEEP_S.get(store["type"]),
    )


def _hooks(definition: wire.TaskDefinition, base_url: str) -> list[Hook]:
    wanted = [
        (definition.url_callback, (State.SUCCEEDED,)),
        (definition.url_errback, (State.FAILED, State.CANCELLED)),
    ]
    return [Hook(url=url, events=events, protocol=KIND.service, base_url=base_url) for url, events in wanted if url]


def definition_in_query(query: Any, cloud: str, version: wire.Version) -> wire.TaskDefinition:
    """The definition that a query string holds (GET /create_file): lists repeat their name, objects are JSON."""
    task_name = query.get("task_name", "")
    given: dict[str, Any] = {name: query.get(name) for name in query if name not in {"secret", "api_key"}}
    try:
        declared = tuple(get_operation(cloud, task_name).parameters)
    except UnknownOperation:
        declared = ()
    lists = {item.name for item in declared if item.type in {Type.URLS, Type.STRINGS}}
    given |= {name: query.getlist(name) for name in lists & given.keys()}
    for name in {"task_store", "task_metas"} & given.keys():
        try:
            given[name] = json.loads(given[name])
        except (ValueError, RecursionError):
            description = f"{name} is not JSON"
            raise wire.InvalidRequest([wire.RequestError(name, "querystring", description)]) from None
    if not task_name:
        raise wire.InvalidRequest([wire.RequestError("task_name", "querystring", "task_name is missing")])
    return wire.parse_definitions(given, version)[0]
