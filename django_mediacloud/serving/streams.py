"""Answers that last as long as jobs do: their changes as they come, or one body when all are done.

Under ASGI an open answer keeps no thread busy and holds no database connection; it may last ``MAX_STREAM_S``. Under
WSGI it holds one of the server's threads, so it ends by itself after ``MAX_WSGI_STREAM_S``; a client that has left is
noticed at the next piece only. Serve many streams under ASGI. How many there may be, and whose, ``places`` says.

The renderers get rows as ``watching`` gives them; under ASGI they run in the event loop, where the database cannot be
asked. If one raises, or the database stays away, the answer is broken off (its end is missing, so the client can tell),
and nobody else's is.
"""

from __future__ import annotations

import logging
import weakref
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Hashable, Iterable, Iterator
from contextlib import aclosing, closing
from http import HTTPStatus
from typing import Protocol

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from ..models import Job
from .connections import let_connections_go
from .places import RETRY_AFTER_S, NoPlace, take_place
from .watching import Watch, wait_async

MAX_STREAM_S = 6 * 3600.0
MAX_WSGI_STREAM_S = 15 * 60.0
KEEP_ALIVE_S = 15.0
"""Shorter than the time after which proxies and clients give a silent connection up: 30 to 60 s are usual."""
_log = logging.getLogger(__name__)


def stream(
    request: HttpRequest,
    jobs: Iterable[Job | int],
    render_first: Callable[[list[Job]], bytes],
    render_change: Callable[[Job], bytes],
    *,
    client: Hashable,
    content_type: str = "application/json",
) -> HttpResponseBase:
    """The present rows of ``jobs`` (or primary keys) in the given order, then each change, until all are final.

    ``render_first`` renders the first piece, of all jobs; ``render_change`` the others, of one job each. What renders
    to the same bytes as the row before (a heartbeat) is left out. 503 with Retry-After if too many answers are open, or
    too many of ``client``, the account that asks.
    """
    return _answer(request, jobs, _Changes(render_first, render_change), client, content_type, tick_s=None)


def respond_when_done(
    request: HttpRequest,
    jobs: Iterable[Job | int],
    render: Callable[[list[Job]], bytes],
    *,
    client: Hashable,
    content_type: str = "application/json",
) -> HttpResponseBase:
    """One body, when all of ``jobs`` (or primary keys) are final; in the given order, as ``watching.wait`` has them.

    After the longest time that an answer may last they are rendered as they stand. The status line is long gone by
    then: an answer whose status depends on the jobs has to wait for them itself (``wait_for_end``). A space is
    sent every ``KEEP_ALIVE_S``, which every reader of JSON skips (RFC 8259, section 2), so that nobody cuts a silent
    connection; so this is not for other kinds of content. 503 as ``stream``.
    """
    return _answer(request, jobs, _Result(render), client, content_type, tick_s=KEEP_ALIVE_S)


async def wait_for_end(job: Job) -> Job:
    """The row of ``job`` when it is final, or as it stands after ``MAX_WSGI_STREAM_S``. No database connection of the
    view's is held meanwhile; a ``places.place`` should be."""
    await sync_to_async(let_connections_go)()
    return next(iter(await wait_async([job.pk], max_s=MAX_WSGI_STREAM_S)), job)


class _Body(Protocol):
    """Turns batches of rows into pieces of an answer; an empty piece is not sent."""

    def piece(self, batch: list[Job]) -> bytes: ...

    def end(self) -> bytes: ...


class _Changes:
    def __init__(self, render_first: Callable[[list[Job]], bytes], render_change: Callable[[Job], bytes]) -> None:
        self._render_first = render_first
        self._render_change = render_change
        self._told: dict[int, int] | None = None
        """A hash of what was last said of each job."""

    def piece(self, batch: list[Job]) -> bytes:
        if self._told is None:
            self._told = {job.pk: hash(self._render_change(job)) for job in batch}
            return self._render_first(batch)
        return b"".join(self._changes(batch, self._told))

    def _changes(self, batch: list[Job], told: dict[int, int]) -> Iterator[bytes]:
        for job in batch:
            piece = self._render_change(job)
            if hash(piece) != told.get(job.pk) or job.is_final:
                told[job.pk] = hash(piece)
                yield piece

    def end(self) -> bytes:
        return b""


class _Result:
    def __init__(self, render: Callable[[list[Job]], bytes]) -> None:
        self._render = render
        self._order: list[int] | None = None
        self._rows: dict[int, Job] = {}

    def piece(self, batch: list[Job]) -> bytes:
        if not batch:
            return b" "
        if self._order is None:
            self._order = [job.pk for job in batch]
        self._rows |= {job.pk: job for job in batch}
        return b""

    def end(self) -> bytes:
        return self._render([self._rows[pk] for pk in self._order or ()])


class _Open:
    """An answer that is open: it holds a place and a watch until it is closed, or forgotten without having been."""

    def __init__(self, watch: Watch, leave: Callable[[], object]) -> None:
        self._watch = watch
        self.leave: Callable[[], object] = weakref.finalize(self, leave)

    def close(self) -> None:
        """Django calls this at the end of every answer, however it ends, and under ASGI from another thread."""
        self._watch.close()
        self.leave()


class _Pieces(_Open):
    def __init__(self, watch: Watch, body: _Body, leave: Callable[[], object]) -> None:
        super().__init__(watch, leave)
        self._pieces = _pieces(watch, body, self.leave)

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces


class _AsyncPieces(_Open):
    def __init__(self, watch: Watch, body: _Body, leave: Callable[[], object]) -> None:
        super().__init__(watch, leave)
        self._pieces = _pieces_async(watch, body, self.leave)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._pieces


def _answer(
    request: HttpRequest,
    jobs: Iterable[Job | int],
    body: _Body,
    client: Hashable,
    content_type: str,
    *,
    tick_s: float | None,
) -> HttpResponseBase:
    is_async = isinstance(request, ASGIRequest)
    try:
        leave = take_place(request, client)
    except NoPlace as error:
        headers = {"Retry-After": str(RETRY_AFTER_S)}
        return HttpResponse(
            str(error), status=HTTPStatus.SERVICE_UNAVAILABLE, content_type="text/plain; charset=utf-8", headers=headers
        )
    pks = [job.pk if isinstance(job, Job) else job for job in jobs]
    watch = Watch(pks, max_s=MAX_STREAM_S if is_async else MAX_WSGI_STREAM_S, tick_s=tick_s)
    pieces = _AsyncPieces(watch, body, leave) if is_async else _Pieces(watch, body, leave)
    answer = StreamingHttpResponse(pieces, content_type=content_type)
    answer["Cache-Control"] = "no-store, no-transform"
    # nginx would keep the pieces until it has enough of them, and so would GZipMiddleware, which leaves alone what is
    # encoded.
    answer["X-Accel-Buffering"] = "no"
    answer["Content-Encoding"] = "identity"
    return answer


def _pieces(watch: Watch, body: _Body, leave: Callable[[], object]) -> Generator[bytes, None, None]:
    try:
        let_connections_go()
        with closing(watch.batches()) as batches:
            for batch in batches:
                if piece := body.piece(batch):
                    yield piece
        if piece := body.end():
            yield piece
    except Exception as error:
        raise _broken(error) from error
    finally:
        leave()


async def _pieces_async(watch: Watch, body: _Body, leave: Callable[[], object]) -> AsyncGenerator[bytes, None]:
    try:
        # In the request's own thread, which lives as long as the answer: a connection left there would, too.
        await sync_to_async(let_connections_go)()
        async with aclosing(watch.batches_async()) as batches:
            async for batch in batches:
                if piece := body.piece(batch):
                    yield piece
        if piece := body.end():
            yield piece
    except Exception as error:
        raise _broken(error) from error
    finally:
        leave()


def _broken(error: Exception) -> RuntimeError:
    _log.error("An answer that waited for jobs was broken off.", exc_info=error)
    return RuntimeError("The answer was broken off; the log of django_mediacloud says why.")
