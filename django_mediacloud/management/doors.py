"""What all commands share: how they end, and how they print."""

from __future__ import annotations

import json
from abc import abstractmethod
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.serializers.json import DjangoJSONEncoder

from ..exceptions import (
    IdempotencyConflict,
    InvalidParameters,
    MediaCloudError,
    NotAllowed,
    UnknownOperation,
)
from .exit_codes import ExitCode

_BAD_INPUT = (InvalidParameters, UnknownOperation, IdempotencyConflict)


class Door(BaseCommand):
    """A command. ``work`` does what it is for; an error of ours becomes a sentence and an exit code."""

    @abstractmethod
    def work(self, **options: Any) -> None: ...

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.work(**options)
        except MediaCloudError as error:
            raise command_error(error) from error

    def say(self, line: str) -> None:
        self.stdout.write(line)

    def warn(self, line: str) -> None:
        self.stderr.write(line)

    def print_json(self, value: Any) -> None:
        """One JSON document on standard output, and nothing else there."""
        self.stdout.write(json.dumps(value, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2))


def add_json_option(parser: CommandParser) -> None:
    parser.add_argument("--json", action="store_true", help="Print JSON, for programs.")


def bad_input(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=ExitCode.BAD_INPUT)


def command_error(error: MediaCloudError) -> CommandError:
    return CommandError(f"{error} {error.advice}".strip(), returncode=exit_code_of(error))


def exit_code_of(error: MediaCloudError) -> ExitCode:
    if isinstance(error, _BAD_INPUT):
        return ExitCode.BAD_INPUT
    return ExitCode.NOT_ALLOWED if isinstance(error, NotAllowed) else ExitCode.ERROR
