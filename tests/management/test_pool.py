"""The worker's processes and signals, one part at a time."""

from __future__ import annotations

import datetime as dt
import os
import signal
import time
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.utils import timezone

from django_mediacloud import jobs
from django_mediacloud.core.spec import JobSpec
from django_mediacloud.management.worker import pool as pool_module
from django_mediacloud.management.worker.pool import Death, ProcessPool, django_command
from django_mediacloud.management.worker.queue import TaskQueue, backend_name, task_queue
from django_mediacloud.management.worker.signals import open_mailbox

from .conftest import ROOT, wait_until


def test_a_mailbox_notes_signals_and_does_nothing_else() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with open_mailbox(signal.SIGTERM, signal.SIGINT) as mailbox:
        assert mailbox.wait(0) == []
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        came = mailbox.wait(5)
        while len(came) < 2:
            came += mailbox.wait(5)
        assert sorted(came) == [signal.SIGINT, signal.SIGTERM]
        assert mailbox.wait(0) == []
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_process_that_dies_at_its_start_is_started_ever_more_rarely(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    now = 1000.0
    monkeypatch.setattr(pool_module, "time", SimpleNamespace(monotonic=lambda: now))
    pool = ProcessPool(count=1, arguments_of=lambda worker_id: ["no_such_command", worker_id])
    deaths: list[Death] = []
    pool.start()

    def is_dead() -> bool:
        deaths.extend(pool.reap())
        return bool(deaths)

    wait_until(is_dead)
    assert [death.exit_code for death in deaths] == [1]
    assert str(deaths[0]) == "ended with exit code 1"
    pool.start()
    assert pool.pids == []

    now += 1.5
    pool.start()
    assert len(pool.pids) == 1
    pool.kill()
    assert [death.exit_code for death in pool.reap()] in ([-signal.SIGKILL], [1])
    now += 1.5
    pool.start()
    assert pool.pids == []
    now += 1
    pool.start()
    assert len(pool.pids) == 1
    pool.kill()
    capfd.readouterr()


def test_one_that_lived_long_is_replaced_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pool = ProcessPool(count=1, arguments_of=lambda _worker_id: ["shell", "-c", "import time; time.sleep(600)"])
    pool.start()
    (pid,) = pool.pids
    an_hour_later = time.monotonic() + 3600
    monkeypatch.setattr(pool_module, "time", SimpleNamespace(monotonic=lambda: an_hour_later))
    os.kill(pid, signal.SIGKILL)
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)

    (death,) = pool.reap()
    assert (death.pid, str(death)) == (pid, "was killed by SIGKILL")
    pool.start()
    assert len(pool.pids) == 1
    pool.kill()
    assert pool.is_gone()


def test_children_are_of_the_same_site() -> None:
    command, environ = django_command("check")

    assert command[1:] == ["-m", "django", "check"]
    assert environ["DJANGO_SETTINGS_MODULE"] == os.environ["DJANGO_SETTINGS_MODULE"]
    assert str(ROOT) in environ["PYTHONPATH"].split(os.pathsep)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("toys")
def test_the_rows_of_a_dead_worker_are_ended_and_old_ones_pruned() -> None:
    queue = task_queue()
    assert queue == TaskQueue(backend="default", name="default")
    assert backend_name().endswith("DatabaseBackend")
    for _ in range(3):
        jobs.submit(JobSpec(operation="hello", parameters={"name": "you"}))
    assert queue.count_waiting() == 3
    rows = apps.get_model("django_tasks_database", "DBTaskResult").objects
    dead, alive, _ready = rows.all()
    dead.claim("dead-worker")
    alive.claim("living-worker")

    queue.end_rows_of("dead-worker", "It died.")

    dead.refresh_from_db()
    alive.refresh_from_db()
    assert (dead.status, alive.status) == ("FAILED", "RUNNING")
    assert dead.exception_class_path == "builtins.ChildProcessError"
    queue.prune()
    assert rows.count() == 3
    rows.filter(pk=dead.pk).update(finished_at=timezone.now() - dt.timedelta(days=2))
    queue.prune()
    assert set(rows.values_list("status", flat=True)) == {"RUNNING", "READY"}
