"""The interface of a cloud."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ..core.capabilities import Capabilities
from ..core.parameters import Type
from ..core.spec import Origin, Snapshot
from ..exceptions import CloudRejected, ConfigurationError
from ..transport.account import checked_base_url


class InputFile(Protocol):
    """A file that the work needs, fetched only if a cloud asks for it."""

    @property
    def filename(self) -> str:
        """What its owner called it; for show."""

    @property
    def url(self) -> str:
        """Where a service can fetch it itself; empty if it lies in a private storage."""

    @property
    def origin(self) -> Origin:
        """Where it came from: known once ``local_path`` has brought it."""

    def local_path(self) -> Path:
        """The file on this machine's disk; brought here on the first call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One attempt at one job, as its cloud gets it.

    ``token`` is ours and names this attempt: a service that can be asked about submissions is given it.
    ``beat`` must be called about every second of work with the progress (0 to 100, None if unknown); it raises
    ``WorkStopped`` when the job was cancelled or taken over, and everything begun must then be ended.
    """

    token: str
    operation: str
    parameters: Mapping[str, Any] = field(repr=False)
    inputs: Mapping[str, Sequence[InputFile]] = field(default_factory=dict)
    workdir: Path
    beat: Callable[[float | None], None]
    webhook_url: str = field(default="", repr=False)
    """Where the service may send its news; empty if it cannot reach this site."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A request that came in from a service. Header names are in lower case; ``body`` is raw, as signatures need it."""

    method: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What a message says. ``key`` is the service's own id of it, if it has one: the same key twice is one message.

    ``is_verified`` only if a signature held. What is not verified is a hint: the service is asked about ``remote_id``.
    """

    remote_id: str = ""
    key: str = ""
    snapshot: Snapshot | None = None
    is_verified: bool = False


class Cloud(ABC):
    """An adapter: a job's specification in, a ``Snapshot`` out. Errors are ``CloudError`` or ``MediaError``."""

    options: ClassVar[Mapping[str, Any]] = {}
    """The names of its OPTIONS, each with its default. ``base_url`` is where a service is, and ``allow_http`` whether
    secrets may go there over plain http."""
    secrets: ClassVar[tuple[str, ...]] = ()
    """Which of them are secrets that it cannot do without."""

    def __init__(self, alias: str, options: Mapping[str, Any]) -> None:
        unknown = sorted(set(options) - set(self.options))
        if unknown:
            raise ConfigurationError(f"Cloud {alias!r} has unknown options: {', '.join(unknown)}.", cloud=alias)
        self.alias = alias
        self._options = {**self.options, **options}

    def __repr__(self) -> str:
        return f"<{type(self).__module__}.{type(self).__name__} {self.alias!r}>"

    def problems(self) -> list[str]:
        """A sentence for everything in the OPTIONS that will not do, as far as it shows before the first request. For
        ``manage.py check``: nothing is called, not even a function that gives a secret."""
        unset = [name for name in self.secrets if not self._options[name]]
        found = [f"Cloud {self.alias!r} needs its {name} in the OPTIONS." for name in unset]
        if "base_url" in self.options:
            try:
                checked_base_url(self._options["base_url"], allow_http=self._options.get("allow_http", False))
            except ConfigurationError as error:
                found.append(f"Cloud {self.alias!r}: {error}")
        return found

    def secret(self, name: str) -> str:
        """The secret that the OPTIONS call ``name``: a text there, or a function that gives it. ``ConfigurationError``
        if there is none."""
        value = self._options[name]
        if callable(value):
            value = value()
        if not isinstance(value, str) or not value:
            raise ConfigurationError(f"Cloud {self.alias!r} needs its {name} in the OPTIONS.", cloud=self.alias)
        return value

    def parameters_by_url(self, work: Work) -> dict[str, Any]:
        """What a service takes that fetches files itself: each file by its address, and nothing that was not given.

        ``CloudRejected`` if a file has no address that the service could reach.
        """
        given = {name: value for name, value in work.parameters.items() if value is not None}
        for name, files in work.inputs.items():
            urls = [file.url for file in files]
            if not all(urls):
                raise CloudRejected(
                    f"{name}: the service cannot fetch a file that lies in a private storage.",
                    code="source_unreachable",
                    advice="Give an address on the public internet, or keep sources in a storage that has one.",
                    cloud=self.alias,
                )
            declared = self.capabilities.operations[work.operation].parameters.get(name)
            given[name] = urls if declared is not None and declared.type == Type.URLS else urls[0]
        return given

    @property
    @abstractmethod
    def capabilities(self) -> Capabilities: ...

    @abstractmethod
    def submit(self, work: Work) -> Snapshot:
        """Hand the work in. A remote cloud answers RUNNING with a ``remote_id`` at once; a local one works and
        answers COLLECTING with the files."""

    def find(self, token: str) -> Snapshot | None:
        """What the service knows of the submission that bears ``token``; None if it never got it."""
        raise CloudRejected("This cloud cannot be asked about submissions.", cloud=self.alias)

    def poll(self, remote_id: str, operation: str) -> Snapshot:
        """The service's present view of its job, which does ``operation``."""
        raise CloudRejected("This cloud cannot be polled.", cloud=self.alias)

    def cancel(self, remote_id: str) -> None:
        """Ask the service to stop. Returns when the service has agreed."""
        raise CloudRejected("This cloud cannot cancel.", cloud=self.alias)

    def read_notification(self, message: Message) -> News:
        """What a message of the service says. ``CloudRejected`` if it is none of the service's, or its signature is
        wrong."""
        raise CloudRejected("This cloud sends no notifications.", cloud=self.alias)

    def check(self) -> str:
        """One line on its health for ``mediacloud_check``. Raises ``MediaCloudError`` if it cannot work."""
        return f"{len(self.capabilities.operations)} operations"
