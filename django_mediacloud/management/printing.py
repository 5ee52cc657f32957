"""Prints to standard output and standard error, which may have been closed."""

from __future__ import annotations

import os
from typing import Any

from django.core.management.base import CommandError, OutputWrapper


def write(stream: OutputWrapper, text: str, *, ending: str = "\n") -> None:
    """Print ``text`` now. A reader who has gone (``| head -1``) stops nothing: the rest is lost, and the exit code is
    that of the work. The command ends with ``CommandError`` if the text cannot be written otherwise: a full disk."""
    target: Any = stream._out
    if target is None:
        # Started with its output closed (``>&-``): nobody wants it.
        return
    try:
        stream.write(text, ending=ending)
        stream.flush()
    except BrokenPipeError:
        _discard(target)
    except OSError as error:
        _discard(target)
        raise CommandError(f"The output cannot be written: {error.strerror}.") from error


def _discard(target: Any) -> None:
    """What is still in the buffer goes nowhere; else Python itself would complain of it at the end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, target.fileno())
    os.close(nowhere)
