"""The exit codes of the commands (docs/commands.rst)."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    OK = 0
    ERROR = 1
    """The command could not do its work: a setting, the database, a storage or a service."""
    BAD_INPUT = 2
    """What was asked for makes no sense; nothing was done. (Python's argument parser ends with 2, too.)"""
    JOB_FAILED = 3
    CANCELLED = 4
    TIMED_OUT = 5
    TROUBLE = 6
    """A check found something that does not work."""
    NOT_ALLOWED = 7
    """The present state of a job forbids it."""
    DIFFERENT = 8
    """A file and the database do not say the same."""
    INTERRUPTED = 130
    """Ctrl-C, by the number that shells give it."""
