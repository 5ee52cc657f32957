"""A file of a storage as an answer: in pieces, whole or a range, and harmless in the site's own name."""

from __future__ import annotations

import hashlib
import re
from collections.abc import AsyncIterator, Iterator
from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Any

from asgiref.sync import sync_to_async
from django.core.files import File
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, StreamingHttpResponse
from django.utils.cache import get_conditional_response
from django.utils.http import content_disposition_header

from ..exceptions import StorageError
from ..jobs.outputs import storage_of
from ..models import Output
from .connections import let_connections_go
from .ranges import ByteRange, Unsatisfiable, parse_range

MISSING = "file_missing"
"""The code of the error for a file that its storage no longer has."""
CHUNK_BYTES = 256 * 1024
_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,60}/[a-z0-9][a-z0-9.+-]{0,60}")
_SHOWN_TYPES = frozenset(
    {
        "application/vnd.apple.mpegurl",
        "application/x-mpegurl",
        "image/apng",
        "image/avif",
        "image/bmp",
        "image/gif",
        "image/jpeg",
        "image/png",
        "image/webp",
        "text/plain",
        "text/vtt",
    }
)
"""Besides all sound and film: what a browser shows and cannot run. No HTML, no SVG, no PDF."""
_POLICY = "sandbox; default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"
"""What a browser's own page around a picture or a film needs, and nothing else."""


class FileAnswer(StreamingHttpResponse):
    """Reads ``file`` from its position on, ``size_bytes`` of it, and closes it.

    Django's ``FileResponse`` knows no ranges, and under ASGI it is read whole into memory before the first byte leaves.
    """

    def __init__(self, file: File[Any], size_bytes: int, *, is_async: bool, **kwargs: Any) -> None:
        self._file = file
        pieces = _pieces_async(file, size_bytes) if is_async else _pieces(file, size_bytes)
        super().__init__(pieces, **kwargs)
        self["Content-Length"] = str(size_bytes)

    def close(self) -> None:
        super().close()
        self._file.close()


def _pieces(file: File[Any], size_bytes: int) -> Iterator[bytes]:
    while size_bytes > 0 and (piece := file.read(min(CHUNK_BYTES, size_bytes))):
        size_bytes -= len(piece)
        yield piece


async def _pieces_async(file: File[Any], size_bytes: int) -> AsyncIterator[bytes]:
    # In the request's own thread, where the view has left one.
    await sync_to_async(let_connections_go)()
    read = sync_to_async(file.read, thread_sensitive=False)
    while size_bytes > 0 and (piece := await read(min(CHUNK_BYTES, size_bytes))):
        size_bytes -= len(piece)
        yield piece


def download(request: HttpRequest, output: Output, *, is_saved: bool = False) -> HttpResponseBase:
    """The answer to a GET or HEAD of ``output``; with ``is_saved`` a browser saves it, whatever it is. A redirect
    leads to what was delivered to a platform.

    ``StorageError`` if its storage does not give it, with the code ``MISSING`` if it is gone.
    """
    if output.url:
        return HttpResponseRedirect(output.url)
    etag = _etag(output)
    answer = get_conditional_response(request, etag=etag) or _answer(request, output, etag, is_saved)
    answer["ETag"] = etag
    answer["Cache-Control"] = "private, no-cache"
    return answer


def _answer(request: HttpRequest, output: Output, etag: str, is_saved: bool) -> HttpResponseBase:
    file = _open(output)
    try:
        size_bytes = int(file.size)
        part = _part(request, etag, size_bytes)
        answer = _body(request, file, part or ByteRange(start=0, stop=size_bytes))
    except Unsatisfiable:
        file.close()
        headers = {"Content-Range": f"bytes */{size_bytes}"}
        return HttpResponse(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=headers)
    except BaseException:
        file.close()
        raise
    if part is not None:
        answer.status_code = HTTPStatus.PARTIAL_CONTENT
        answer["Content-Range"] = part.content_range(size_bytes)
    _describe(answer, output, is_saved)
    return answer


def _open(output: Output) -> File[Any]:
    storage = storage_of(output.storage)
    try:
        return storage.open(output.path, "rb")
    except FileNotFoundError:
        message = "The file is no longer in the storage."
        raise StorageError(message, code=MISSING, advice="Retry the job.", is_retryable=False) from None
    except Exception as error:
        # Every storage library raises its own errors.
        raise StorageError(f"The storage did not give the file: {type(error).__name__}.") from error


def _part(request: HttpRequest, etag: str, size_bytes: int) -> ByteRange | None:
    if request.headers.get("If-Range", etag) != etag:
        return None
    return parse_range(request.headers.get("Range", ""), size_bytes)


def _body(request: HttpRequest, file: File[Any], part: ByteRange) -> HttpResponseBase:
    if request.method == "HEAD":
        file.close()
        answer = HttpResponse()
        answer["Content-Length"] = str(part.size_bytes)
        return answer
    if part.start:
        file.seek(part.start)
    return FileAnswer(file, part.size_bytes, is_async=isinstance(request, ASGIRequest))


def _etag(output: Output) -> str:
    """Strong: the files of an attempt never change."""
    facts = f"{output.job.public_id.hex}/{output.attempt}/{output.name}/{output.size_bytes}"
    return f'"{hashlib.sha256(facts.encode()).hexdigest()[:32]}"'


def _describe(answer: HttpResponseBase, output: Output, is_saved: bool) -> None:
    content_type = output.content_type.partition(";")[0].strip().lower()
    if is_saved or not _CONTENT_TYPE.fullmatch(content_type):
        content_type = "application/octet-stream"
    answer["Content-Type"] = content_type
    filename = PurePosixPath(output.name).name
    disposition = content_disposition_header(is_saved or not is_shown(content_type), filename)
    answer["Content-Disposition"] = disposition or "attachment"
    answer["Accept-Ranges"] = "bytes"
    # GZipMiddleware leaves alone what is encoded: else it would take the length away, and pack parts by themselves.
    answer["Content-Encoding"] = "identity"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = _POLICY


def is_shown(content_type: str) -> bool:
    """Whether a browser may show it in place; all else it has to save."""
    return content_type in _SHOWN_TYPES or content_type.startswith(("audio/", "video/"))
