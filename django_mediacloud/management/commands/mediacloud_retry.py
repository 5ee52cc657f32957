"""``manage.py mediacloud_retry``: retry jobs that failed or were cancelled."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from ... import jobs
from ...core.states import State
from ...models import Job
from ..arguments import moment
from ..base import MediaCloudCommand, bad_input
from ..selection import add_selection, do_to_all, find_jobs


class Command(MediaCloudCommand):
    help = "Retry jobs that failed or were cancelled. Prints the state of each."

    def add_arguments(self, parser: CommandParser) -> None:
        add_selection(parser)
        parser.add_argument("--failed", action="store_true", help="Also retry all jobs that failed.")
        parser.add_argument(
            "--since",
            type=moment,
            metavar="TIME",
            help="With --failed: only jobs that ended since then: an age (2h, 3d), a date, or a date and time.",
        )

    def work(self, **options: Any) -> None:
        if options["since"] and not options["failed"]:
            raise bad_input("--since belongs to --failed.")
        if not options["ids"] and not options["failed"]:
            raise bad_input("Name at least one job, or give --failed.")
        chosen = find_jobs(options["ids"])
        if options["failed"]:
            failed = Job.objects.filter(state=State.FAILED).exclude(public_id__in=options["ids"]).order_by("pk")
            chosen += failed.filter(finished_at__gte=options["since"]) if options["since"] else failed
        do_to_all(self, chosen, jobs.retry, has_json=options["json"])
