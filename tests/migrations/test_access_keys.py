"""0002 on a database that is in use: forwards, backwards, and forwards again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE = ("mediacloud", "0001_initial")
AFTER = ("mediacloud", "0002_access_keys")


def migrate(target: tuple[str, str]) -> Any:
    """The models as they are after ``target``."""
    executor = MigrationExecutor(connection)
    executor.migrate([target])
    return MigrationExecutor(connection).loader.project_state([target]).apps


@pytest.fixture(autouse=True)
def newest() -> Iterator[None]:
    yield
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def make_callback(apps: Any, job: Any, **more: str) -> Any:
    url = "http://example.com/"
    return apps.get_model("mediacloud", "Callback").objects.create(
        job=job, event="succeeded", attempt=1, url=url, next_try_at=timezone.now(), **more
    )


def test_what_is_there_stays() -> None:
    old = migrate(BEFORE)
    job = old.get_model("mediacloud", "Job").objects.create(
        kind="task", operation="hello", parameters={"name": "Jane"}, state="succeeded"
    )
    old.get_model("mediacloud", "Output").objects.create(job=job, attempt=1, name="a", storage="default", path="a")
    make_callback(old, job)

    new = migrate(AFTER)

    found = new.get_model("mediacloud", "Job").objects.get()
    assert (found.parameters, found.hooks, found.destination) == ({"name": "Jane"}, [], {})
    assert (found.sealed, found.keep_s, found.access_key) == ("", None, None)
    assert [output.url for output in found.outputs.all()] == [""]
    assert [callback.protocol for callback in found.callbacks.all()] == [""]


def test_the_way_back_leaves_what_the_old_code_knows() -> None:
    new = migrate(AFTER)
    key = new.get_model("mediacloud", "AccessKey").objects.create(service="stupeflix", secret_digest="a")
    job = new.get_model("mediacloud", "Job").objects.create(
        kind="task", operation="hello", state="succeeded", access_key=key, sealed="a", keep_s=1.0
    )
    own = make_callback(new, job)
    # Two for one event: the old code has room for one.
    make_callback(new, job, protocol="stupeflix")

    old = migrate(BEFORE)

    assert [callback.pk for callback in old.get_model("mediacloud", "Callback").objects.all()] == [own.pk]
    assert migrate(AFTER).get_model("mediacloud", "Job").objects.get().access_key is None
