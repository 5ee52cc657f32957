"""``manage.py mediacloud_worker``: run jobs, recover stuck ones, send callbacks."""

from __future__ import annotations

import argparse
import os
from typing import Any

from django.core.management.base import CommandParser

from ..arguments import seconds
from ..base import MediaCloudCommand, bad_input
from ..checkup import check_work_folder
from ..worker.child import Duty, run_child
from ..worker.pool import ProcessPool
from ..worker.queue import TaskQueue, backend_name, task_queue
from ..worker.supervisor import Supervisor

GRACE_S = 30.0
INTERVAL_S = 0.5
MAX_PROCESSES = 256


class Command(MediaCloudCommand):
    help = (
        "Run jobs in worker processes, one job at a time each; recover lost jobs (sweep); send callbacks. On SIGTERM "
        "or Ctrl-C, running jobs are finished, or given back to the queue after the grace period; on a second, at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--processes",
            type=_count,
            default=1,
            metavar="N",
            help="Jobs to run at the same time; 0: only sweep. Default: 1.",
        )
        parser.add_argument(
            "--interval",
            type=seconds,
            default=INTERVAL_S,
            metavar="TIME",
            help=f"Pause between polls of an empty queue. Default: {INTERVAL_S:g}s.",
        )
        parser.add_argument(
            "--grace",
            type=seconds,
            default=GRACE_S,
            metavar="TIME",
            help=f"Time that running jobs have to finish when the worker is stopped. Default: {GRACE_S:g}s.",
        )
        parser.add_argument(
            "--no-sweep", action="store_true", help="Neither sweep nor send callbacks: another process does."
        )
        parser.add_argument("--child-of", type=int, help=argparse.SUPPRESS)
        parser.add_argument("--worker-id", default="", help=argparse.SUPPRESS)

    def work(self, **options: Any) -> None:
        tasks = task_queue()
        if tasks is None and options["processes"]:
            raise bad_input(
                f"TASKS uses {backend_name()}, whose own workers do the jobs. "
                "Start those, and this command with --processes 0, which then only sweeps and delivers callbacks."
            )
        if tasks is not None and options["child_of"]:
            run_child(_duty(tasks, options))
            return
        is_sweeping = not options["no_sweep"]
        if not options["processes"] and not is_sweeping:
            raise bad_input("With --processes 0 and --no-sweep there is nothing to do.")
        if options["processes"]:
            # Else every job would fail, one after the other, by no fault of its own.
            check_work_folder()
        pool = ProcessPool(
            count=options["processes"], arguments_of=lambda worker_id: _child_arguments(worker_id, options)
        )
        Supervisor(
            pool=pool,
            tasks=tasks,
            grace_s=options["grace"],
            is_sweeping=is_sweeping,
            on_ready=lambda: self._say_ready(pool, tasks, is_sweeping=is_sweeping),
        ).run()
        self.say("mediacloud_worker has stopped.")

    def _say_ready(self, pool: ProcessPool, tasks: TaskQueue | None, *, is_sweeping: bool) -> None:
        parts = [f"process {pid}" for pid in pool.pids] + (["sweeper"] if is_sweeping else [])
        queue = f"queue {tasks.name!r}" if tasks else f"{backend_name()} has the queue"
        self.say(f"mediacloud_worker is up: {', '.join(parts)}; {queue}.")


def _duty(tasks: TaskQueue, options: dict[str, Any]) -> Duty:
    return Duty(
        parent_pid=options["child_of"],
        worker_id=options["worker_id"],
        backend=tasks.backend,
        queue=tasks.name,
        interval_s=options["interval"],
        verbosity=options["verbosity"],
    )


def _child_arguments(worker_id: str, options: dict[str, Any]) -> list[str]:
    return [
        *("mediacloud_worker", "--child-of", str(os.getpid()), "--worker-id", worker_id),
        *("--interval", str(options["interval"]), "--verbosity", str(options["verbosity"])),
    ]


def _count(text: str) -> int:
    try:
        count = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
    if not 0 <= count <= MAX_PROCESSES:
        raise argparse.ArgumentTypeError(f"must be between 0 and {MAX_PROCESSES}")
    return count
