"""The file that a download is written to: restarted if necessary, removed if it fails."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import BinaryIO, Concatenate, ParamSpec, TypeVar

from ..exceptions import StorageError

P = ParamSpec("P")
T = TypeVar("T")


def _kept_apart(method: Callable[Concatenate[Sink, P], T]) -> Callable[Concatenate[Sink, P], T]:
    """Trouble with the disk is not to be taken for trouble with the network, though Python calls both ``OSError``."""

    def wrapper(self: Sink, /, *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return method(self, *args, **kwargs)
        except OSError as error:
            raise StorageError(f"The file that is being fetched cannot be kept: {_reason(error)}.") from error

    return wrapper


class Sink:
    """Counts what is written. ``can_restart`` tells whether the stream can go back to where it began."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.can_restart = stream.seekable()
        self._start = stream.tell() if self.can_restart else 0
        self.written = 0

    @_kept_apart
    def write(self, data: bytes) -> None:
        self._stream.write(data)
        self.written += len(data)

    @_kept_apart
    def restart(self) -> None:
        """Throw away what was written."""
        if self.written:
            self._stream.seek(self._start)
            self._stream.truncate()
            self.written = 0

    @_kept_apart
    def flush(self) -> None:
        self._stream.flush()


@contextmanager
def open_sink(destination: Path | BinaryIO) -> Iterator[Sink]:
    """A sink into the file ``destination`` (made, or emptied) or into an open stream, from its present position.

    If the block raises, the file is removed, or the stream is cut back to where it was. ``StorageError``: a full disk.
    """
    opened: AbstractContextManager[BinaryIO]
    if isinstance(destination, Path):
        try:
            opened = destination.open("wb")
        except OSError as error:
            raise StorageError(f"The file that is being fetched cannot be kept: {_reason(error)}.") from error
    else:
        opened = nullcontext(destination)
    try:
        with opened as stream:
            sink = Sink(stream)
            try:
                yield sink
                sink.flush()
            except BaseException:
                if sink.can_restart:
                    sink.restart()
                raise
    except BaseException:
        if isinstance(destination, Path):
            destination.unlink(missing_ok=True)
        raise


def _reason(error: OSError) -> str:
    # The system's words alone: the whole text of the error has the local path in it.
    return os.strerror(error.errno).lower() if error.errno else type(error).__name__
