"""A file of a storage as a download: in pieces, and harmless in the site's own name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import PurePosixPath
from typing import Any

from asgiref.sync import sync_to_async
from django.core.files import File
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

from ..exceptions import StorageError
from ..jobs.outputs import storage_of

CHUNK_BYTES = 256 * 1024


class Download(StreamingHttpResponse):
    """Django's ``FileResponse`` is read whole into memory under ASGI before its first byte leaves."""

    def __init__(self, file: File[Any], *, is_async: bool, **kwargs: Any) -> None:
        self._file = file
        super().__init__(_pieces_async(file) if is_async else _pieces(file), **kwargs)

    def close(self) -> None:
        super().close()
        self._file.close()


def _pieces(file: File[Any]) -> Iterator[bytes]:
    while piece := file.read(CHUNK_BYTES):
        yield piece


async def _pieces_async(file: File[Any]) -> AsyncIterator[bytes]:
    read = sync_to_async(file.read, thread_sensitive=False)
    while piece := await read(CHUNK_BYTES):
        yield piece


def download(request: HttpRequest, *, storage: str, path: str, name: str) -> Download:
    """The stored file as an attachment called by the last part of ``name``. ``StorageError`` if it cannot be had."""
    try:
        file = storage_of(storage).open(path, "rb")
        size_bytes = int(file.size)
    except FileNotFoundError:
        raise StorageError("The file is no longer in the storage.", is_retryable=False) from None
    except StorageError:
        raise
    except Exception as error:
        # Every storage library raises its own errors.
        raise StorageError(f"The storage did not give the file: {type(error).__name__}.") from error
    answer = Download(file, is_async=isinstance(request, ASGIRequest), content_type="application/octet-stream")
    answer["Content-Length"] = str(size_bytes)
    answer["Content-Disposition"] = content_disposition_header(True, PurePosixPath(name).name or "file") or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer["Cache-Control"] = "private, no-store"
    return answer
