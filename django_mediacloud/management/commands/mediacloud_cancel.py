"""``manage.py mediacloud_cancel``: stop jobs."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from ... import jobs
from ..base import MediaCloudCommand, bad_input
from ..selection import add_selection, do_to_all, find_jobs


class Command(MediaCloudCommand):
    help = "Cancel jobs. Work on this site stops within seconds, and its files are removed. Prints the state of each."

    def add_arguments(self, parser: CommandParser) -> None:
        add_selection(parser)

    def work(self, **options: Any) -> None:
        if not options["ids"]:
            raise bad_input("Name at least one job.")
        do_to_all(self, find_jobs(options["ids"]), jobs.cancel, has_json=options["json"])
