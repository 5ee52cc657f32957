"""The files that a job reads, from a storage or a URL. Each is fetched to this machine when a cloud asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from ..conf import Config, config
from ..core.capabilities import OperationInfo
from ..core.spec import Kind, Origin, StoredFile
from ..exceptions import StorageError, WorkStopped
from ..models import Job
from ..transport.fetch import fetch
from ..transport.rules import FetchRules
from .outputs import reason_of, storage_of

SOURCE = "url"
"""The parameter by which every operation takes the file that it works on."""

CHUNK_BYTES = 1024 * 1024
Beat = Callable[[], None]


def fetch_rules(current: Config) -> FetchRules:
    """The site's rules for URLs that came from outside."""
    return FetchRules(
        allow=tuple(current.fetch.allow),
        max_bytes=current.max_upload_bytes,
        connect_timeout_s=current.fetch.connect_timeout_s,
        read_timeout_s=current.fetch.read_timeout_s,
        total_timeout_s=current.fetch.timeout_s,
        max_redirects=current.fetch.max_redirects,
    )


@dataclass(slots=True, kw_only=True)
class StoredInput:
    file: StoredFile
    target: Path
    beat: Beat
    origin: Origin = field(default_factory=Origin)
    _path: Path | None = field(default=None, init=False)

    @property
    def filename(self) -> str:
        return self.file.filename

    @property
    def url(self) -> str:
        address = storage_of(self.file.storage).url(self.file.path)
        return address if urlsplit(address).scheme in {"http", "https"} else ""

    def local_path(self) -> Path:
        """Where the storage keeps it, if that is this machine's disk; else a copy, streamed."""
        if self._path is None:
            self._path = self._find() or self._copy()
        return self._path

    def _find(self) -> Path | None:
        try:
            path = Path(storage_of(self.file.storage).path(self.file.path))
        except NotImplementedError:
            return None
        if not path.is_file():
            raise _missing()
        # Under a name of ours: decoders let the end of a name weigh, and that came from outside.
        self.target.symlink_to(path.absolute())
        return self.target

    def _copy(self) -> Path:
        try:
            with storage_of(self.file.storage).open(self.file.path, "rb") as source, self.target.open("wb") as target:
                while chunk := source.read(CHUNK_BYTES):
                    target.write(chunk)
                    self.beat()
        except FileNotFoundError as error:
            raise _missing() from error
        except WorkStopped:
            raise
        except Exception as error:
            # Every storage library raises its own errors.
            raise StorageError(f"The storage did not give the source file: {reason_of(error)}.") from error
        return self.target


def _missing() -> StorageError:
    return StorageError("The source file is no longer in the storage.", code="source_missing", is_retryable=False)


@dataclass(slots=True, kw_only=True)
class UrlInput:
    url: str
    target: Path
    rules: FetchRules
    beat: Beat
    origin: Origin = field(default_factory=Origin)
    _is_here: bool = field(default=False, init=False)

    @property
    def filename(self) -> str:
        return urlsplit(self.url).path.rpartition("/")[2]

    def local_path(self) -> Path:
        if not self._is_here:
            came = fetch(self.url, self.target, rules=self.rules, on_chunk=lambda _done, _total: self.beat())
            self.origin = Origin(url=came.url, content_type=came.content_type, charset=came.charset)
            self._is_here = True
        return self.target


def stored_inputs(job: Job) -> dict[str, StoredFile]:
    """The inputs that the site keeps, by parameter. An encoding reads its video, wherever that is now."""
    found = {name: StoredFile(**file) for name, file in job.inputs.items()}
    if job.kind == Kind.ENCODING:
        found[SOURCE] = job.encoding.video.stored_file
    return found


def open_inputs(
    job: Job, operation: OperationInfo, workdir: Path, beat: Beat
) -> Mapping[str, Sequence[StoredInput | UrlInput]]:
    """Every file parameter of ``job`` that has a value, as files that come when asked for."""
    folder = workdir / "input"
    folder.mkdir()
    rules = fetch_rules(config())
    found: dict[str, list[StoredInput | UrlInput]] = {}
    stored = stored_inputs(job)
    for name in operation.parameters.file_names:
        if name in stored:
            found[name] = [StoredInput(file=stored[name], target=folder / f"{name}-0", beat=beat)]
            continue
        value = job.parameters.get(name)
        urls = [value] if isinstance(value, str) else value or []
        if urls:
            found[name] = [
                UrlInput(url=url, target=folder / f"{name}-{number}", rules=rules, beat=beat)
                for number, url in enumerate(urls)
            ]
    return found
