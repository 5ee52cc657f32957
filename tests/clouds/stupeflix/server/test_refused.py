"""Refused tasks that somebody asks for again: remembered by a cache that may be small, far or away."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.core.cache.backends.base import BaseCache
from django.core.cache.backends.locmem import LocMemCache

from django_mediacloud.models import Job

from .conftest import Api

pytestmark = pytest.mark.django_db(transaction=True)

HELLO = {"task_name": "hello", "name": "John"}


class FarCache(LocMemCache):
    """Counts how often it is written to. A far one takes many values in one message."""

    writes: ClassVar[int] = 0
    _is_many: ClassVar[bool] = False

    def set(self, *args: Any, **kwargs: Any) -> None:
        type(self).writes += not self._is_many
        super().set(*args, **kwargs)

    def set_many(self, *args: Any, **kwargs: Any) -> list[Any]:
        FarCache.writes += 1
        FarCache._is_many = True
        try:
            return list(super().set_many(*args, **kwargs))
        finally:
            FarCache._is_many = False


class AwayCache(BaseCache):
    def __init__(self, _location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def _away(self, *_args: Any, **_kwargs: Any) -> Any:
        raise ConnectionRefusedError("no cache here")

    get = set = add = delete = get_many = set_many = _away

    def clear(self) -> None:
        pass


def use(settings: Any, backend: type[BaseCache]) -> None:
    settings.CACHES = {"default": {"BACKEND": f"{__name__}.{backend.__name__}"}}


@pytest.fixture
def far(settings: Any) -> type[FarCache]:
    use(settings, FarCache)
    FarCache.writes = 0
    return FarCache


def test_a_flood_of_refused_tasks_is_one_message_to_the_cache(api: Api, far: type[FarCache]) -> None:
    refused = api.create(*[{"task_name": "hello"}] * 100)

    assert far.writes == 1
    assert api.get("v2/status", tasks=[refused[0]["key"], refused[99]["key"]]).json() == [refused[0], refused[99]]


def test_a_request_without_refused_tasks_leaves_the_cache_alone(api: Api, far: type[FarCache]) -> None:
    api.create(HELLO)

    assert far.writes == 0


def test_what_is_too_long_is_told_once_and_not_kept(api: Api) -> None:
    name = "x" * 1_000_000
    [refused] = api.create({**HELLO, name: 1})
    assert refused["error"]["parameters"] == {name: ["unknown parameter"]}

    [again] = api.get("v2/status", tasks=refused["key"]).json()

    assert (again["status"], again["key"], again["events"]) == ("error", refused["key"], refused["events"])
    assert again["error"].startswith("The task was refused.")
    [first] = api.get("v1/status", tasks=refused["key"]).json()
    assert first["result"] == again["error"]


def test_a_cache_that_is_away_loses_no_tasks(api: Api, settings: Any) -> None:
    use(settings, AwayCache)

    taken, refused = api.create(HELLO, {"task_name": "hello"})

    assert (taken["status"], refused["error"]["parameters"].keys()) == ("queued", {"name"})
    assert Job.objects.count() == 1
    told = api.get("v2/status", tasks=[taken["key"], refused["key"]]).json()
    assert [status["status"] for status in told] == ["queued", "error"]
