"""One upload's talk with its platform: under the rules, in bounded memory, and without a secret in any word."""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urljoin

from ...exceptions import (
    DeliveryError,
    DeliveryFailed,
    DeliveryRefused,
    DeliveryUnknown,
    FetchError,
    FetchFailed,
    FetchRefused,
    StorageError,
)
from ..address import Address, parse_address
from ..body import read_raw
from ..exchange import exchange, is_retryable_status
from ..rules import FetchRules
from ..session import asked_wait_s
from ..watch import Watch
from .secrets import Secrets

logger = logging.getLogger(__name__)

PIECE_BYTES = 256 * 1024
"""Read from the disk and handed to the network at once."""
MAX_ANSWER_BYTES = 64 * 1024
MAX_LOG_CHARS = 2_000
MAX_DIGITS = 18
MAX_WORDS_CHARS = 300
FAREWELL_S = 1.5
"""For telling a platform that an upload is given up: a cancelled job is to end within two seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """What is sent. ``filename`` is a name to show."""

    path: Path = field(repr=False)
    size_bytes: int
    filename: str
    content_type: str
    mark: tuple[int, ...] = field(repr=False)
    """``mark_of`` the file: another one is another film, of which no part may follow on a part of this one."""


def mark_of(found: os.stat_result) -> tuple[int, ...]:
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``body`` is its start, ``MAX_ANSWER_BYTES`` at most; ``wait_s`` is what its Retry-After asks for."""

    status: int
    headers: Message = field(repr=False)
    body: bytes = field(repr=False)
    wait_s: float = 0.0

    def json(self) -> dict[str, Any]:
        """The body's JSON object; empty if it holds anything else."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


class Conversation:
    """``sent`` bytes of the film are with the platform, as far as is known: ``on_progress`` hears of it after each
    piece and about once a second. What it raises ends the conversation.
    """

    def __init__(
        self,
        platform: str,
        film: Film,
        *,
        rules: FetchRules,
        secrets: Secrets,
        on_progress: Callable[[int, int], None],
        before_publishing: Callable[[], None] = lambda: None,
    ) -> None:
        self.platform = platform
        self.film = film
        self.rules = rules
        self.secrets = secrets
        self.sent = 0
        self.reached = 0
        """So many bytes at most can be with the platform, whatever it says: no more was ever begun to be sent."""
        self.is_unsure = False
        """All was sent, and the answer is still out: the platform may have published the film."""
        self._on_progress = on_progress
        self._before_publishing = before_publishing
        self._is_publishing = False
        self._watch = Watch(
            total_timeout_s=rules.total_timeout_s, silence_timeout_s=rules.read_timeout_s, tick=self._report
        )

    @property
    def is_over(self) -> bool:
        """The time is up, or the caller wants it no more."""
        return self._watch.is_over or self._watch.is_unwanted

    def pause(self, seconds: float) -> None:
        with self._named_failures():
            self._watch.pause(seconds)

    def ask(self, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """One request without the film. ``DeliveryFailed`` if no answer comes, ``DeliveryRefused`` by the rules."""
        return self._exchange(method, url, headers, body)

    def send(
        self,
        method: str,
        url: str,
        *,
        headers: Mapping[str, str],
        start: int,
        stop: int,
        head: bytes = b"",
        tail: bytes = b"",
        is_publishing: bool = False,
    ) -> Answer:
        """One request with the film's bytes from ``start`` to before ``stop``, between ``head`` and ``tail``.

        ``is_publishing`` says that the platform publishes a film as soon as it has the last byte. Errors as for
        ``ask``; ``StorageError`` if the film cannot be read.
        """
        length = len(head) + stop - start + len(tail)
        pieces = self._pieces(start, stop, head, tail, is_publishing=is_publishing)
        return self._exchange(method, url, {**headers, "Content-Length": str(length)}, pieces)

    def begin_publishing(self) -> None:
        """From now on the platform may publish the film: the caller hears of it first, once."""
        if not self._is_publishing:
            self._before_publishing()
            self._is_publishing = True

    def next_address(self, base: str, where: str, answer: Answer | None = None) -> str:
        """Where a platform says to go on, in full. Whoever knows that address can go on, so it is kept secret."""
        try:
            url = urljoin(base, where)
        except ValueError:
            raise self.nonsense("names an address that is none", answer) from None
        with self._named_failures():
            self._address(url)
        self.secrets.add_address(url)
        return url

    def farewell(self, method: str, url: str, *, headers: Mapping[str, str]) -> bool:
        """Tell the platform that the upload is given up; whether it says that it has obeyed. Never raises."""
        watch = Watch(total_timeout_s=FAREWELL_S, silence_timeout_s=FAREWELL_S)
        try:
            answer = self._exchange(method, url, headers, None, watch)
        except DeliveryError as error:
            logger.info("%s was not told that an upload is given up: %s", self.platform, error)
            return False
        logger.info("%s was told that an upload is given up, and answered %s.", self.platform, answer.status)
        return 200 <= answer.status < 300

    def error(self, answer: Answer, words: str = "") -> DeliveryError:
        """``answer`` as an error: to be tried again, or a refusal. ``words`` are the platform's own."""
        said = self.secrets.hide(" ".join(words.split()))[:MAX_WORDS_CHARS]
        start = f"{self.platform} answered {answer.status}"
        code = f"delivery_http_{answer.status}"
        log = f"HTTP {answer.status}\n{self.secrets.hide(answer.body.decode('utf-8', 'replace'))[:MAX_LOG_CHARS]}"
        if is_retryable_status(answer.status):
            return DeliveryFailed(f"{start}{f': {said}' if said else '.'}", code=code, log=log)
        if 300 <= answer.status < 400:
            return DeliveryRefused(f"{start}, a redirect, which a delivery does not follow.", code=code, log=log)
        return DeliveryRefused(f"{start}{f': {said}' if said else ', a refusal.'}", code=code, log=log)

    def nonsense(self, what: str, answer: Answer | None = None) -> DeliveryUnknown:
        """For answers that fit no documentation. Not tried again by itself: nobody knows what has arrived."""
        log = self.secrets.hide(answer.body.decode("utf-8", "replace"))[:MAX_LOG_CHARS] if answer else ""
        return DeliveryUnknown(f"{self.platform} {what}.", code="delivery_nonsense", log=log)

    def unknown(self, error: DeliveryError) -> DeliveryUnknown:
        """Instead of ``error``, where another try might bring the film there twice: a person is to decide."""
        return DeliveryUnknown(
            f"All of the film was sent, and {self.platform} did not say whether it has it. {error}", log=error.log
        )

    def _report(self) -> None:
        self._on_progress(self.sent, self.film.size_bytes)

    def _exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | Iterator[bytes] | None,
        watch: Watch | None = None,
    ) -> Answer:
        with self._named_failures():
            address = self._address(url)
            with exchange(
                address, rules=self.rules, watch=watch or self._watch, method=method, headers=headers, body=body
            ) as response:
                limit = MAX_ANSWER_BYTES if response.length is None else min(MAX_ANSWER_BYTES, response.length)
                start = b"".join(read_raw(response, limit))
                if response.length is not None and len(start) < limit:
                    raise FetchFailed(f"{address.host} broke off in the middle of its answer.", is_retryable=True)
                wait_s = asked_wait_s(response.headers.get("Retry-After") or "") or 0.0
                return Answer(status=response.status, headers=response.headers, body=start, wait_s=wait_s)

    def _address(self, url: str) -> Address:
        # What a platform says about where to go on is no word from the site: it is read as strictly as any other.
        return parse_address(url, self.rules.schemes)

    @contextmanager
    def _named_failures(self) -> Iterator[None]:
        try:
            yield
        except FetchRefused as error:
            raise DeliveryRefused(str(error), advice=error.advice) from None
        except FetchError as error:
            code = "delivery_timeout" if error.code == "fetch_timeout" else "delivery_failed"
            raise DeliveryFailed(str(error), code=code, is_retryable=error.is_retryable) from None

    def _pieces(self, start: int, stop: int, head: bytes, tail: bytes, *, is_publishing: bool) -> Iterator[bytes]:
        if head:
            yield head
        with contextlib.ExitStack() as stack:
            try:
                file = stack.enter_context(self.film.path.open("rb"))
                self._check_unchanged(file)
                file.seek(start)
            except OSError as error:
                raise self._unreadable(error) from error
            self.sent = start
            while self.sent < stop:
                try:
                    piece = file.read(min(PIECE_BYTES, stop - self.sent))
                except OSError as error:
                    raise self._unreadable(error) from error
                if not piece:
                    raise StorageError("The film became shorter while it was sent.", code="source_changed")
                if self.sent + len(piece) == stop:
                    self._check_unchanged(file)
                if is_publishing and self.sent + len(piece) == self.film.size_bytes:
                    self.begin_publishing()
                self.reached = max(self.reached, self.sent + len(piece))
                yield piece
                self.sent += len(piece)
                self._watch.tick()
        if tail:
            yield tail

    def _check_unchanged(self, file: BinaryIO) -> None:
        if mark_of(os.fstat(file.fileno())) != self.film.mark:
            raise StorageError("The film changed while it was sent.", code="source_changed")

    def _unreadable(self, error: OSError) -> StorageError:
        # The system's words alone: the whole text of the error has the local path in it.
        reason = os.strerror(error.errno).lower() if error.errno else type(error).__name__
        return StorageError(f"The film that is to be sent cannot be read: {reason}.")


def count_of(value: Any) -> int | None:
    """A count of bytes, which some platforms write as a text; None for anything else, or more than any film has."""
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= MAX_DIGITS else None
