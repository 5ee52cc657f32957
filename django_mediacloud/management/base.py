"""The base of all commands: exit codes, output, and errors as sentences."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder
from django.db import Error

from ..clouds.registry import cloud_aliases
from ..exceptions import (
    IdempotencyConflict,
    InvalidParameters,
    MediaCloudError,
    NotAllowed,
    UnknownOperation,
)
from .database import describe_trouble
from .exit_codes import ExitCode
from .printing import write

_BAD_INPUT = (InvalidParameters, UnknownOperation, IdempotencyConflict)


class MediaCloudCommand(BaseCommand):
    """A command whose subclass implements ``work`` in place of ``handle``.

    Errors of this package and of the database end it with a sentence and an exit code. Django's ``--traceback`` shows
    the traceback as well.
    """

    @abstractmethod
    def work(self, **options: Any) -> None: ...

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.work(**options)
        except MediaCloudError as error:
            raise command_error(error) from error
        except Error as error:
            raise CommandError(describe_trouble(error)) from error
        except KeyboardInterrupt as error:
            raise CommandError("Interrupted; what was submitted goes on.", returncode=ExitCode.INTERRUPTED) from error

    def say(self, line: str, *, ending: str = "\n") -> None:
        write(self.stdout, line, ending=ending)

    def warn(self, line: str) -> None:
        write(self.stderr, line)

    def print_json(self, value: Any) -> None:
        """One JSON document on standard output, and nothing else there."""
        self.say(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))


def add_json_option(parser: CommandParser) -> None:
    parser.add_argument("--json", action="store_true", help="Print JSON.")


def bad_input(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=ExitCode.BAD_INPUT)


def check_cloud(alias: str) -> None:
    """Exit code 2 if the settings have no cloud of this name: here the command line is wrong, and not they."""
    if alias not in (known := cloud_aliases()):
        raise bad_input(f"No cloud is called {alias!r}; there are: {', '.join(known)}. Name one with --cloud.")


def command_error(error: MediaCloudError) -> CommandError:
    return CommandError(error.full_message, returncode=exit_code_of(error))


def exit_code_of(error: MediaCloudError) -> ExitCode:
    if isinstance(error, _BAD_INPUT):
        return ExitCode.BAD_INPUT
    return ExitCode.NOT_ALLOWED if isinstance(error, NotAllowed) else ExitCode.ERROR
