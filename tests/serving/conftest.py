from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection

from django_mediacloud.core.states import State
from django_mediacloud.jobs.state import move
from django_mediacloud.models import Job, Task
from django_mediacloud.serving import places
from django_mediacloud.serving.hub import Hub, get_hub
from tests.site_servers import until


@pytest.fixture
def make_jobs(transactional_db: None) -> Callable[..., list[Job]]:
    """``make_jobs(3)``: so many tasks that run."""

    def make_jobs(count: int, state: State = State.RUNNING) -> list[Job]:
        fields = {"kind": "task", "cloud": "default", "operation": "hello", "state": state}
        jobs = [Job.objects.create(**fields, parameters={"name": str(number)}) for number in range(count)]
        Task.objects.bulk_create([Task(job=job, metas={"of": job.pk}) for job in jobs])
        return jobs

    return make_jobs


@pytest.fixture(autouse=True)
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """The process's hub, looking more often than usual. Nobody may have left it watching when the test ends, nor have
    kept a place that the next test needs."""
    monkeypatch.setattr(Hub, "LOOK_S", {})
    monkeypatch.setattr(Hub, "USUAL_LOOK_S", 0.05)
    yield get_hub()
    until(lambda: not get_hub().is_running)
    assert get_hub().watched == 0
    until(lambda: not (places._rooms.wsgi or places._rooms.asgi))


def until_looked(hub: Hub) -> None:
    """Wait until a look that began after now is over, or nobody watches any more."""
    for _ in range(2):
        looked_at = hub.looked_at
        until(lambda looked_at=looked_at: hub.looked_at > looked_at or not hub.is_running)


def succeed(job: Job) -> None:
    assert move(job, State.COLLECTING)
    assert move(job, State.SUCCEEDED, progress=100.0)


@contextmanager
def meanwhile(action: Callable[[], object], after_a_look_of: Hub | None = None) -> Iterator[None]:
    """``action`` in a thread of its own while the body runs; its errors are the test's.

    With a hub it begins when that watches for the body, and has told of the first rows.
    """
    errors: list[BaseException] = []

    def act() -> None:
        try:
            if after_a_look_of is not None:
                until(lambda: after_a_look_of.is_running)
                until_looked(after_a_look_of)
            action()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=act)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert not errors, errors
