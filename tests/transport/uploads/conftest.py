from __future__ import annotations

import hashlib
import logging
import threading
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from django_mediacloud.exceptions import MediaCloudError
from django_mediacloud.transport import FetchRules
from django_mediacloud.transport.uploads import Uploaded, patience, upload
from tests.platforms.server import Platform
from tests.servers import Generated

RULES = FetchRules(connect_timeout_s=10, read_timeout_s=10, total_timeout_s=60)
SIZE = 3 * 256 * 1024 + 1000
"""Of the film: three of YouTube's units and a rest."""


@dataclass(frozen=True, kw_only=True)
class Film:
    path: Path
    sha256: str
    size: int


@dataclass(kw_only=True)
class Sender:
    """Sends the film; ``progress`` is what it was told. ``words`` is all that anybody could read afterwards."""

    film: Film
    caplog: pytest.LogCaptureFixture
    progress: list[tuple[int, int]] = field(default_factory=list)
    error: MediaCloudError | None = None

    def __call__(
        self,
        destination: str,
        parameters: Mapping[str, Any],
        *,
        rules: FetchRules = RULES,
        endpoint: str = "",
        on_progress: Callable[[int, int], None] | None = None,
    ) -> Uploaded:
        def note(sent: int, total: int) -> None:
            self.progress.append((sent, total))
            if on_progress:
                on_progress(sent, total)

        try:
            return upload(
                destination,
                self.film.path,
                parameters,
                filename='Mein "Film".mp4',
                content_type="video/mp4",
                endpoint=endpoint,
                rules=rules,
                on_progress=note,
            )
        except MediaCloudError as error:
            self.error = error
            raise

    def words(self) -> str:
        # What a fake logs in its own threads is nobody's but its own.
        records = [record for record in self.caplog.records if record.threadName == threading.main_thread().name]
        found = [record.getMessage() + (record.exc_text or "") for record in records]
        if self.error is not None:
            found += [repr(self.error), str(self.error), self.error.log, self.error.advice]
            found += traceback.format_exception(self.error)
            seen: BaseException | None = self.error
            while seen is not None:
                found += [repr(seen), str(seen), repr(seen.__dict__)]
                seen = seen.__cause__ or seen.__context__
        return "\n".join(found)


@pytest.fixture(scope="session")
def film(tmp_path_factory: pytest.TempPathFactory) -> Film:
    data = b"".join(Generated(size=SIZE).pieces(0, SIZE))
    path = tmp_path_factory.mktemp("film") / "url-0"
    path.write_bytes(data)
    return Film(path=path, sha256=hashlib.sha256(data).hexdigest(), size=SIZE)


@pytest.fixture
def send(film: Film, caplog: pytest.LogCaptureFixture) -> Sender:
    caplog.set_level(logging.DEBUG)
    return Sender(film=film, caplog=caplog)


@pytest.fixture(autouse=True)
def _short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "FIRST_WAIT_S", 0.01)


def rules_for(platform: Platform) -> FetchRules:
    """May go on to ``platform``, too."""
    return replace(RULES, allow=(platform.url.removeprefix("http://"),))


def impatient(silence_s: float) -> FetchRules:
    return replace(RULES, read_timeout_s=silence_s)
