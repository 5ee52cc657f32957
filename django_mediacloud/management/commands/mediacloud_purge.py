"""``manage.py mediacloud_purge``: remove expired files and old jobs."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.template.defaultfilters import filesizeformat

from ... import jobs
from ..arguments import duration
from ..base import MediaCloudCommand, add_json_option
from ..exit_codes import ExitCode


class Command(MediaCloudCommand):
    help = (
        "Remove output files that have expired. With --older-than, also remove jobs that ended longer ago, with their "
        "files; successful encodings are kept as long as their video."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--older-than", type=duration, metavar="TIME", help="An age, such as 12h, 30d or 8w.")
        parser.add_argument("--dry-run", action="store_true", help="Only print what would be removed.")
        add_json_option(parser)

    def work(self, **options: Any) -> None:
        is_dry = options["dry_run"]
        purged = jobs.purge(older_than=options["older_than"], dry_run=is_dry)
        if options["json"]:
            self.print_json({**asdict(purged), "dry_run": is_dry})
        else:
            size = filesizeformat(purged.bytes).replace("\xa0", " ")
            self.say(
                f"{'Would remove' if is_dry else 'Removed'} {purged.outputs} outputs ({size}), {purged.jobs} jobs, "
                f"{purged.notifications} notifications."
            )
        if purged.kept_outputs:
            raise CommandError(
                f"{purged.kept_outputs} outputs are kept, for their storages did not delete them. The log has why; "
                "run it again when that is mended.",
                returncode=ExitCode.ERROR,
            )
