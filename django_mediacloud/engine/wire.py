"""The messages between the sandbox and its child processes: one line of JSON each, over a Unix socket."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .. import exceptions
from ..core.spec import ProducedFile
from ..exceptions import EngineCrashed, InvalidParameters, MediaCloudError
from .operation import Outcome, PassedOn

MAX_MESSAGE_BYTES = 64 * 1024 * 1024


def send(channel: socket.socket, message: Mapping[str, Any]) -> None:
    channel.sendall(json.dumps(message).encode() + b"\n")


class Reader:
    """Splits what a socket delivers into messages."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._rest = bytearray()
        self.is_over = False

    def read(self) -> Iterator[dict[str, Any]]:
        """The messages that one ``recv`` completes. Afterwards ``is_over`` tells whether the other side has closed."""
        data = self._channel.recv(1 << 16)
        if not data:
            self.is_over = True
            return
        *ends, rest = data.split(b"\n")
        for end in ends:
            self._rest += end
            line, self._rest = self._rest, bytearray()
            yield _parse(line)
        self._rest += rest
        if len(self._rest) > MAX_MESSAGE_BYTES:
            raise EngineCrashed("The child process of the engine sent more than it may.")


def _parse(line: bytearray) -> dict[str, Any]:
    """The message in one line. ``EngineCrashed`` if it is none: a hostile file may have taken over the child."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise EngineCrashed("The child process of the engine sent an invalid message.") from error
    if not isinstance(message, dict):
        raise EngineCrashed("The child process of the engine sent an invalid message.")
    return message


def render_outcome(outcome: Outcome) -> dict[str, Any]:
    files = [{**asdict(file), "path": str(file.path), "info": dict(file.info)} for file in outcome.files]
    passed_on = asdict(outcome.passed_on) if outcome.passed_on else None
    return {"values": dict(outcome.values), "files": files, "source_s": outcome.source_s, "passed_on": passed_on}


def parse_outcome(told: Mapping[str, Any], workdir: Path) -> Outcome:
    """The outcome. ``EngineCrashed`` if a file is not in ``workdir``: a hostile file may have taken over the child."""
    files = tuple(ProducedFile(**{**file, "path": _inside(file["path"], workdir)}) for file in told["files"])
    passed_on = PassedOn(**told["passed_on"]) if told["passed_on"] else None
    return Outcome(values=told["values"], files=files, source_s=told["source_s"], passed_on=passed_on)


def _inside(path: str, workdir: Path) -> Path:
    resolved = Path(path).resolve()
    if not resolved.is_relative_to(workdir.resolve()) or not resolved.is_file():
        raise EngineCrashed("The child process of the engine named a file outside its folder.")
    return resolved


def render_error(error: MediaCloudError) -> dict[str, Any]:
    told: dict[str, Any] = {
        "class": type(error).__name__,
        "message": str(error),
        "code": error.code,
        "advice": error.advice,
        "is_retryable": error.is_retryable,
        "log": error.log,
    }
    if isinstance(error, InvalidParameters):
        told["errors"] = error.errors
    return told


def parse_error(told: Mapping[str, Any], operation: str) -> MediaCloudError:
    """The same error as the child raised."""
    if "errors" in told:
        return InvalidParameters(told["errors"], operation=operation)
    found = getattr(exceptions, told["class"], MediaCloudError)
    error: MediaCloudError = found(
        told["message"],
        code=told["code"],
        advice=told["advice"],
        is_retryable=told["is_retryable"],
        operation=operation,
        log=told["log"],
    )
    return error
