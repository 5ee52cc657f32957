"""The queue of wake-ups in the database: all that the worker uses of django-tasks-db."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django_tasks_db.backend import DatabaseBackend

from ...conf import config
from ...jobs.queue import run_job

KEEP_DAYS = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQueue:
    """``backend`` is an alias in ``TASKS``, ``name`` the queue's name in it."""

    backend: str
    name: str

    def end_rows_of(self, worker_id: str, message: str) -> None:
        """Mark as failed the rows that a dead worker left as running: nothing else does."""
        for row in _rows().running().iterator():
            if worker_id in row.worker_ids:
                row.set_failed(ChildProcessError(message))

    def prune(self) -> None:
        """Delete the rows that ended long ago."""
        call_command(
            "prune_db_task_results",
            *("--backend", self.backend, "--queue-name", self.name, "--min-age-days", str(KEEP_DAYS)),
            verbosity=0,
        )

    def count_waiting(self) -> int:
        found: int = _rows().ready().filter(backend_name=self.backend, queue_name=self.name).count()
        return found


def task_queue() -> TaskQueue | None:
    """The queue that ``db_worker`` works on; None if the site's ``TASKS`` use another backend."""
    if not isinstance(run_job.get_backend(), DatabaseBackend):
        return None
    return TaskQueue(backend=run_job.backend, name=config().queue)


def backend_name() -> str:
    """The class of the site's task backend, for people."""
    backend = type(run_job.get_backend())
    return f"{backend.__module__}.{backend.__qualname__}"


def _rows() -> Any:
    # Not imported: the app is not installed where another backend is used.
    return apps.get_model("django_tasks_database", "DBTaskResult").objects
