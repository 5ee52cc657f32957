"""``manage.py mediacloud_check``: check that everything jobs need works."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ..base import MediaCloudCommand, add_json_option
from ..checkup import Finding, check_all
from ..exit_codes import ExitCode


class Command(MediaCloudCommand):
    help = (
        "Check that everything jobs need works: database, queue, work folder, engine, storages, clouds. Prints a line "
        f"for each; exit code {ExitCode.TROUBLE:d} if one does not work."
    )
    # What is wrong is to be shown by a line of its own, not to end the command.
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_json_option(parser)

    def work(self, **options: Any) -> None:
        findings: list[Finding] = []
        for finding in check_all():
            findings.append(finding)
            if not options["json"]:
                self.say(_line(finding))
        trouble = [finding for finding in findings if not finding.is_ok]
        if options["json"]:
            self.print_json({"is_ok": not trouble, "findings": [asdict(finding) for finding in findings]})
        if trouble:
            raise CommandError(
                f"Trouble with {', '.join(f'{each.subject} {each.name}'.strip() for each in trouble)}.",
                returncode=ExitCode.TROUBLE,
            )


def _line(finding: Finding) -> str:
    subject = f"{finding.subject} {finding.name}".strip()
    return f"{'ok' if finding.is_ok else 'TROUBLE':8} {subject:20} {finding.message}"
