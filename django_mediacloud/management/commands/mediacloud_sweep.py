"""``manage.py mediacloud_sweep``: recover stuck jobs once, from cron, where no mediacloud_worker does."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from ... import callbacks, jobs
from ..base import MediaCloudCommand, add_json_option


class Command(MediaCloudCommand):
    help = (
        "Recover jobs that are stuck (lost workers, lost wake-ups, silent services), and send callbacks that are due."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_json_option(parser)

    def work(self, **options: Any) -> None:
        swept, sent = asdict(jobs.sweep()), asdict(callbacks.deliver_due())
        if options["json"]:
            self.print_json({**swept, "callbacks": sent})
            return
        told = {**swept, **{f"callbacks {name.replace('_', ' ')}": count for name, count in sent.items()}}
        self.say(", ".join(f"{count} {name}" for name, count in told.items() if count) or "Nothing to do.")
