from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from django_mediacloud.engine.operation import Context
from django_mediacloud.engine.registry import get_operation
from django_mediacloud.exceptions import InvalidParameters


@pytest.mark.parametrize("name", ["John", "Jane", "Zoë & <Co>"])
def test_it_greets(tmp_path: Path, name: str) -> None:
    outcome = get_operation("hello").run(Context(parameters={"name": name}, inputs={}, workdir=tmp_path))
    assert outcome.values == {"greeting": f"Hello {name}"}
    assert outcome.files == ()


@pytest.mark.parametrize(
    ("given", "name", "message"),
    [
        ({}, "name", "this field is required"),
        ({"name": " "}, "name", "this field is required"),
        ({"name": 7}, "name", "must be a string"),
        ({"name": "a\0b"}, "name", "must not contain null characters"),
        ({"name": "a", "url": "https://example.com/"}, "url", "unknown parameter"),
    ],
)
def test_bad_input(given: dict[str, Any], name: str, message: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        get_operation("hello").info.parameters.clean(given)
    assert caught.value.errors == {name: [message]}
