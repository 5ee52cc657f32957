"""Whatever is wrong with whichever parameter of whichever task: the documented error object, at once, nothing stored.

The cases are drawn from what the operations declare, so a new one is tried without an edit here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import default_storage

from django_mediacloud.clouds.registry import get_cloud
from django_mediacloud.core.parameters import REQUIRED_MESSAGE, Parameter, Type
from django_mediacloud.core.spec import Kind
from django_mediacloud.engine.registry import load_operations
from django_mediacloud.models import Job

from .conftest import Api
from .sites import check_status

pytestmark = pytest.mark.django_db(transaction=True)

TASKS = sorted(name for name, operation in load_operations().items() if Kind.TASK in operation.info.kinds)
GOOD: Mapping[Type, Any] = {
    Type.STRING: "x",
    Type.TEXT: "x",
    Type.INTEGER: 8,
    Type.NUMBER: 1.5,
    Type.BOOLEAN: True,
    Type.COLOR: "#ff8800",
    Type.URL: "http://files.com/a.jpg",
    Type.URLS: ["http://files.com/a.jpg"],
    Type.STRINGS: ["x"],
    Type.OBJECT: {},
    Type.OBJECTS: [],
}
_NO_TEXT = (5, ["x"], {"x": 1}, True, "nul \0", "half \ud800", "x" * 100_001)
_NO_NUMBER = ("many", True, [1], {"x": 1})
WRONG: Mapping[Type, tuple[Any, ...]] = {
    Type.STRING: _NO_TEXT,
    Type.TEXT: _NO_TEXT,
    Type.INTEGER: (*_NO_NUMBER, 1.5, "1e999"),
    Type.NUMBER: (*_NO_NUMBER, "1e999", "nan", 10**400),
    Type.BOOLEAN: ("perhaps", 2, [True], {"x": 1}),
    Type.COLOR: (5, "red", "#12345", "#ff8800; x", ["#ff8800"]),
    Type.URL: (5, "a.jpg", "ftp://files.com/a", "file:///etc/passwd", "http://", ["http://files.com/a"], "http://[::1"),
    Type.URLS: ("http://files.com/a", [], [5], ["ftp://files.com/a"], [["x"]], ["http://files.com/a"] * 1_001),
    Type.STRINGS: ("x", [5], [["x"]], ["x"] * 1_001),
    Type.OBJECT: ("x", 5, [1]),
    Type.OBJECTS: ("x", {"x": 1}, [5]),
}
EXTRA = {"video.upload.vimeo": {"oauth2_token": "token"}}
"""What a task asks for although no single parameter is required."""
SHARED = {
    "task_store": ("volatile", 5, ["volatile"], {}, {"type": "tape"}, {"type": 5}, {"type": "youtube"}),
    "task_metas": ("x", 5, [1]),
    "url_callback": (5, "x", "ftp://a/b", ["http://a/b"]),
    "url_errback": (5, "x", "ftp://a/b", ["http://a/b"]),
}


def wrong_values(item: Parameter) -> Iterator[Any]:
    yield from WRONG[item.type]
    if item.choices:
        yield "no such choice" if isinstance(item.choices[0], str) else 7
    if item.minimum is not None:
        yield item.minimum - 1
    if item.maximum is not None:
        yield item.maximum + 1


def good_definition(name: str) -> dict[str, Any]:
    declared = load_operations()[name].info.parameters
    required = {item.name: GOOD[item.type] for item in declared if item.is_required}
    return {"task_name": name, **required, **EXTRA.get(name, {})}


def bad_definitions(name: str) -> list[tuple[str, dict[str, Any]]]:
    """Definitions with one thing wrong each, and its name."""
    good = good_definition(name)
    found = [("no_such_parameter", {**good, "no_such_parameter": 1})]
    for item in load_operations()[name].info.parameters:
        found += [(item.name, {**good, item.name: value}) for value in wrong_values(item)]
        if item.is_required:
            rest = {key: value for key, value in good.items() if key != item.name}
            found += [(item.name, rest), (item.name, {**good, item.name: None}), (item.name, {**good, item.name: " "})]
    for key, values in SHARED.items():
        found += [(key, {**good, key: value}) for value in values]
    return found


def files_on_disk() -> set[Path]:
    return {path for path in Path(default_storage.location).rglob("*") if path.is_file()}


def test_every_offered_task_is_among_them() -> None:
    operations = get_cloud("default").capabilities.operations
    assert sorted(name for name, info in operations.items() if Kind.TASK in info.kinds) == TASKS


@pytest.mark.parametrize("name", TASKS)
def test_bad_input(api: Api, name: str) -> None:
    cases, before = bad_definitions(name), files_on_disk()

    answers = []
    for start in range(0, len(cases), 40):
        answer = api.post("v2/create", {"tasks": [definition for _, definition in cases[start : start + 40]]})
        assert answer.status_code == 200, answer.text
        answers += answer.json()

    assert len(answers) == len(cases)
    for (parameter, definition), status in zip(cases, answers, strict=True):
        shown = {key: str(value)[:60] for key, value in definition.items()}
        assert check_status(status)["status"] == "error", shown
        assert status["error"].keys() == {"parameters"}, shown
        errors = status["error"]["parameters"]
        assert errors.keys() == {parameter}, shown
        assert {type(message) for message in errors[parameter]} == {str}, shown
        if parameter not in definition:
            assert errors[parameter] == [REQUIRED_MESSAGE]
    assert not Job.objects.exists()
    assert files_on_disk() == before
    # It was nothing else that was wrong.
    [status] = api.create(good_definition(name))
    assert status["status"] == "queued", status


def test_all_that_is_wrong_is_told_at_once(api: Api) -> None:
    [status] = api.create({"task_name": "image.thumb", "width": -1, "format": "bmp", "url_callback": "x", "what": 1})

    assert status["error"]["parameters"].keys() == {"url", "width", "format", "url_callback", "what"}
