"""Commands that apply one function to several jobs."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.core.management.base import CommandError, CommandParser

from ..callbacks import describe
from ..exceptions import NotAllowed
from ..models import Job
from .arguments import public_id
from .base import MediaCloudCommand, add_json_option, bad_input
from .exit_codes import ExitCode


def add_selection(parser: CommandParser) -> None:
    parser.add_argument(
        "ids",
        nargs="*",
        type=public_id,
        metavar="ID",
        help="Id of a job: a UUID, with or without dashes, or 26 base32 characters.",
    )
    add_json_option(parser)


def find_jobs(ids: Sequence[uuid.UUID]) -> list[Job]:
    """The jobs of these public ids, in their order. The command ends with exit code 2 if there is none of an id."""
    found = {job.public_id: job for job in Job.objects.filter(public_id__in=ids)}
    if missing := [str(one) for one in ids if one not in found]:
        raise bad_input(f"There is no job {', '.join(missing)}.")
    return [found[one] for one in dict.fromkeys(ids)]


def do_to_all(command: MediaCloudCommand, jobs: Iterable[Job], verb: Callable[[Job], Job], *, has_json: bool) -> None:
    """Do ``verb`` to each job and print how it then stands. One that may not be changed does not stop the others; the
    command then ends with exit code 7."""
    done: list[dict[str, Any]] = []
    refused = 0
    for job in jobs:
        try:
            changed = verb(job)
        except NotAllowed as error:
            refused += 1
            command.warn(f"{job.public_id} {error}")
            continue
        done.append(describe(changed))
        if not has_json:
            command.say(f"{changed.public_id} {changed.state}")
    if has_json:
        command.print_json(done)
    if refused:
        raise CommandError(f"{refused} of {refused + len(done)} jobs refused.", returncode=ExitCode.NOT_ALLOWED)
