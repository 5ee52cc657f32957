"""What every cloud keeps to, whatever its service is (``clouds/base.py``).

Found by themselves: each folder of ``django_mediacloud/clouds`` with a ``cloud.py``, and the toys of the tests.
"""

from __future__ import annotations

import dataclasses
import json
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud import clouds
from django_mediacloud.clouds.base import Cloud, Message, News, Work
from django_mediacloud.core.capabilities import Capabilities, OperationInfo
from django_mediacloud.core.destinations import DESTINATIONS
from django_mediacloud.core.parameters import Type
from django_mediacloud.core.spec import Kind, Origin, Snapshot
from django_mediacloud.core.states import State
from django_mediacloud.exceptions import (
    AnswerLost,
    CloudError,
    CloudRejected,
    ConfigurationError,
    InvalidParameters,
    MediaCloudError,
)
from tests import toys
from tests.servers import LocalServer, Recorded, Reply, json_reply

SECRET = "S3CRET-0f-the-acc0unt"
ADDRESSES = frozenset({"base_url", "endpoint"})
"""What the option of a remote cloud is called that says where its service is."""
SAMPLES: Mapping[Type, Any] = {
    Type.STRING: "text",
    Type.TEXT: "text",
    Type.INTEGER: 2,
    Type.NUMBER: 2.0,
    Type.BOOLEAN: True,
    Type.COLOR: "#ff8800",
    Type.URL: "https://example.com/a.png",
    Type.URLS: ["https://example.com/a.png"],
    Type.STRINGS: ["text"],
    Type.OBJECT: {},
    Type.OBJECTS: [{}],
}


def packages_in(package: Any) -> list[str]:
    names = [f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__) if module.ispkg]
    return [name for name in names if find_spec(f"{name}.cloud")]


PACKAGES = [*packages_in(clouds), *packages_in(toys), "tests.extension.toycloud"]


def adapter_of(package: str) -> type[Cloud]:
    return import_module(f"{package}.cloud").Adapter


REMOTE = [package for package in PACKAGES if adapter_of(package)("any", {}).capabilities.is_remote]
HERE = [package for package in PACKAGES if package not in REMOTE]


def options_of(adapter: type[Cloud], base_url: str, secret: Any = SECRET) -> dict[str, Any]:
    """Where the service is, and the account's secrets."""
    return dict.fromkeys(adapter.secrets, secret) | dict.fromkeys(ADDRESSES & adapter.options.keys(), base_url)


def make(package: str, base_url: str = "http://127.0.0.1:9/") -> Cloud:
    adapter = adapter_of(package)
    return adapter("any", options_of(adapter, base_url))


class Service(LocalServer):
    """Answers everything alike."""

    def __init__(self, answer: Callable[[Recorded], Reply]) -> None:
        super().__init__()
        self.answer = answer

    def reply_to(self, request: Recorded) -> Reply:
        return self.answer(request)


@dataclass(frozen=True, slots=True)
class Picture:
    """An input that a service could fetch itself."""

    url: str = "https://example.com/a.png"
    filename: str = "a.png"
    origin: Origin = field(default_factory=Origin)

    def local_path(self) -> Path:
        raise AssertionError("a remote cloud has no use for the file itself")


def some_work(cloud: Cloud, workdir: Path, *, can_take_files: bool = True) -> Work:
    """Something that the cloud must accept: its first operation whose required parameters are easily filled."""
    for operation in cloud.capabilities.operations.values():
        if operation.parameters.file_names and not can_take_files:
            continue
        try:
            cleaned = operation.parameters.clean(
                {item.name: SAMPLES[item.type] for item in operation.parameters if item.is_required}
            )
        except InvalidParameters:
            continue
        files = {item.name for item in operation.parameters if item.takes_file and cleaned[item.name]}
        return Work(
            token="0123456789abcdef",
            operation=operation.name,
            parameters={name: value for name, value in cleaned.items() if name not in files},
            inputs={name: [Picture()] for name in files},
            workdir=workdir,
            beat=lambda _progress: None,
            webhook_url="https://site.example/hooks/any/T0KEN/",
        )
    raise AssertionError("no operation can be asked for")


@pytest.fixture(params=PACKAGES)
def package(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=REMOTE)
def remote(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_folder_is_looked_at() -> None:
    assert {"django_mediacloud.clouds.local", "tests.toys.workshop"} <= set(HERE)
    assert {"django_mediacloud.clouds.stupeflix", "tests.toys.faraway"} <= set(REMOTE)


# --- what it can do


def test_its_capabilities_are_a_value(package: str) -> None:
    cloud = make(package)
    told = cloud.capabilities

    assert isinstance(told, Capabilities)
    assert told == cloud.capabilities == adapter_of(package)("other", {}).capabilities
    for value in (told, *told.operations.values()):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, dataclasses.fields(value)[0].name, None)


def test_its_operations_are_declared_whole(package: str) -> None:
    for name, operation in make(package).capabilities.operations.items():
        assert isinstance(operation, OperationInfo)
        assert (operation.name, bool(operation.summary), bool(operation.kinds)) == (name, True, True)
        assert operation.delivery in {"", *DESTINATIONS}
        declared = list(operation.parameters)
        assert len({item.name for item in declared}) == len(declared)
        json.dumps(operation.parameters.json_schema(), allow_nan=False)
        for item in declared:
            if item.default is not None:
                cleaned = item.clean(item.default)
                assert item.clean(cleaned) == cleaned, (name, item.name)
        assert bool(operation.formats) <= (Kind.PROCESS in operation.kinds)
        for given_for_format in operation.formats.values():
            for key, value in given_for_format.items():
                parameter = operation.parameters.get(key)
                assert parameter is not None
                parameter.clean(value)


# --- its settings


def test_an_option_that_nobody_knows_is_refused_by_name(package: str) -> None:
    with pytest.raises(ConfigurationError, match=r"'any'.*colour") as refused:
        adapter_of(package)("any", {"colour": "red"})
    assert refused.value.cloud == "any"


def test_it_is_made_without_a_network_and_without_its_secrets(package: str) -> None:
    def ask_the_vault() -> str:
        raise AssertionError("a secret was asked for before it was needed")

    adapter = adapter_of(package)
    with Service(lambda _request: Reply()) as service:
        cloud = adapter("any", options_of(adapter, service.url("/"), ask_the_vault))
        assert cloud.capabilities.operations
        assert repr(cloud)
    assert service.requests == []


def test_its_secrets_are_not_shown(package: str) -> None:
    cloud = make(package)
    assert "any" in repr(cloud)
    assert SECRET not in repr(cloud) + str(cloud) + repr(cloud.capabilities)


def test_a_service_has_an_address(remote: str) -> None:
    assert ADDRESSES & adapter_of(remote).options.keys()


def test_without_its_secrets_it_says_which(package: str, tmp_path: Path) -> None:
    def ask_the_vault() -> str:
        raise AssertionError("a secret was asked for before it was needed")

    adapter = adapter_of(package)
    assert adapter("any", options_of(adapter, "https://example.com/", ask_the_vault)).problems() == []
    bare = adapter("any", options_of(adapter, "https://example.com/", ""))
    assert all(adapter.options[name] == "" for name in adapter.secrets)
    problems = bare.problems()
    assert len(problems) == len(adapter.secrets)
    for name, problem in zip(adapter.secrets, problems, strict=True):
        assert name in problem
        assert "'any'" in problem
    if problems:
        with pytest.raises(ConfigurationError) as refused:
            bare.submit(some_work(bare, tmp_path))
        assert str(refused.value) in problems


# --- what it does not offer


def test_what_is_not_offered_is_refused(package: str) -> None:
    cloud = make(package)
    offered = cloud.capabilities
    missing: list[Callable[[], object]] = []
    if not offered.is_remote:
        missing.append(lambda: cloud.poll("r1", "hello"))
    if not (offered.is_remote and offered.can_cancel):
        missing.append(lambda: cloud.cancel("r1"))
    if not offered.can_find_by_token:
        missing.append(lambda: cloud.find("0123456789abcdef"))
    for ask in missing:
        with pytest.raises(CloudRejected) as refused:
            ask()
        assert refused.value.cloud == "any"


# --- work


@pytest.mark.parametrize("here", HERE)
def test_what_works_here_ends_with_its_files(here: str, tmp_path: Path) -> None:
    cloud = make(here)
    snapshot = cloud.submit(some_work(cloud, tmp_path, can_take_files=False))

    assert isinstance(snapshot, Snapshot)
    assert (snapshot.state, snapshot.remote_id) == (State.COLLECTING, "")
    json.dumps(dict(snapshot.values), allow_nan=False)
    assert all(file.path is not None and file.path.is_relative_to(tmp_path) for file in snapshot.files)


def echo(request: Recorded) -> Reply:
    """A server that repeats all that it was sent, as some do, wherever the service has its reasons."""
    said = f"{request.path} {dict(request.headers.items())} {request.body!r}"
    return json_reply(dict.fromkeys(("error", "message", "reason", "no"), said), 400)


def test_a_refusal_is_final_and_keeps_the_secret(remote: str, tmp_path: Path) -> None:
    with Service(echo) as service:
        cloud = make(remote, service.url("/"))
        for ask in (lambda: cloud.submit(some_work(cloud, tmp_path)), lambda: cloud.poll("r1", "hello")):
            with pytest.raises(CloudRejected) as refused:
                ask()
            assert not refused.value.is_retryable
            assert SECRET not in " ".join([str(refused.value), repr(refused.value), refused.value.log])
    assert len(service.requests) == 2


@pytest.mark.parametrize("status", [500, 502])
def test_a_service_that_breaks_may_have_taken_the_work(remote: str, status: int, tmp_path: Path) -> None:
    with Service(lambda _request: Reply(status=status)) as service:
        cloud = make(remote, service.url("/"))
        with pytest.raises(AnswerLost):
            cloud.submit(some_work(cloud, tmp_path))
        assert len(service.requests) == 1
        with pytest.raises(CloudError) as failed:
            cloud.poll("r1", "hello")
        assert failed.value.is_retryable
        assert not isinstance(failed.value, AnswerLost)


def test_work_whose_answer_was_lost_is_not_handed_in_again(remote: str, tmp_path: Path) -> None:
    with Service(lambda _request: Reply(body=b"{}", break_after=1, content_length=200)) as service:
        cloud = make(remote, service.url("/"))
        with pytest.raises(AnswerLost):
            cloud.submit(some_work(cloud, tmp_path))
    assert len(service.requests) == 1


@pytest.mark.parametrize(
    "body", [b"", b"<html>Welcome</html>", b"null", b"[]", b"[null]", b"{}", b"[{}]", b"\xff", b"[" * 100_000, b"NaN"]
)
def test_an_answer_that_nobody_can_read_is_an_error_of_the_cloud(remote: str, body: bytes, tmp_path: Path) -> None:
    with Service(lambda _request: Reply(body=body, headers={"Content-Type": "application/json"})) as service:
        cloud = make(remote, service.url("/"))
        with pytest.raises(AnswerLost):
            cloud.submit(some_work(cloud, tmp_path))
        with pytest.raises(CloudError):
            cloud.poll("r1", "hello")


# --- messages

_WORDS = st.sampled_from(["id", "key", "status", "state", "event", "job", "data", "error"]) | st.text(max_size=8)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=8,
)
_BODIES = st.binary(max_size=200) | _JSON.map(lambda value: json.dumps(value).encode())
_HEADERS = st.dictionaries(
    st.sampled_from(["content-type", "x-signature", "authorization"]) | st.text(max_size=10).map(str.lower),
    st.text(max_size=30),
    max_size=3,
)


@pytest.mark.parametrize("name", PACKAGES)
@given(method=st.sampled_from(["GET", "POST", "PUT"]), query=st.text(max_size=40), headers=_HEADERS, body=_BODIES)
def test_anybodys_message_is_a_hint_at_most(
    name: str, method: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    message = Message(method=method, query=query, headers=headers, body=body)
    try:
        news = make(name).read_notification(message)
    except CloudRejected as refused:
        assert refused.cloud == "any"
        return
    assert isinstance(news, News)
    # Nobody signed it.
    assert (news.is_verified, news.snapshot) == (False, None)
    assert isinstance(news.remote_id, str)
    assert isinstance(news.key, str)


# --- health


def test_check_is_one_line_or_an_error_that_says_why(package: str) -> None:
    def answers() -> Iterator[str]:
        for answer in (echo, lambda _request: Reply(body=b"<html>")):
            with Service(answer) as service:
                try:
                    yield make(package, service.url("/")).check()
                except MediaCloudError as error:
                    yield str(error)

    for said in answers():
        assert said
        assert "\n" not in said.strip()
        assert SECRET not in said
