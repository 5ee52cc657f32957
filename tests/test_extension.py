"""The pages on adding an operation and a cloud, followed word for word: no other line of the project is touched."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from .following import ROOT, Command, Copy, File, steps_in

OPERATION = ROOT / "docs" / "adding-an-operation.rst"
CLOUD = ROOT / "docs" / "adding-a-cloud.rst"
TOYS = ROOT / "tests" / "extension"
SETTINGS = """
from films_settings import *
from site_settings import *
"""


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy of the project in which both pages have been followed: their commands printed what they say."""
    copy = Copy(tmp_path_factory.mktemp("copy"))
    copy.follow(OPERATION)
    copy.follow(CLOUD)
    return copy


@pytest.fixture(scope="module")
def told(followed: Copy) -> Any:
    """What the site with all the toys says of itself."""
    (followed.folder / "all_settings.py").write_text(SETTINGS)
    script = str(TOYS / "use_site.py")
    environ = {"DJANGO_SETTINGS_MODULE": "all_settings", "MEDIACLOUD_HOME": str(followed.folder / "home")}
    printed = followed.run([sys.executable, script], ALLOWED_HOSTS="*", **environ)
    return json.loads(printed.splitlines()[-1])


@pytest.mark.slow
def test_the_pages_hold_every_file_of_the_toys(followed: Copy) -> None:
    shown = {(followed.folder / path).read_text() for path in followed.added}
    tools = {TOYS / name for name in ("__init__.py", "conftest.py", "use_site.py")}
    toys = {path for path in TOYS.rglob("*.py") if path not in tools}
    assert len(toys) >= 20
    assert {str(path) for path in toys if path.read_text() not in shown} == set()


@pytest.mark.slow
def test_the_registry_has_them(told: Any) -> None:
    for entry in (["default", "image.invert"], ["default", "image.slides"], ["toy", "text.shout"], ["toys", "hello"]):
        assert entry in told["registry"]


@pytest.mark.slow
def test_the_api_offers_them_and_runs_them(told: Any) -> None:
    for entry in (["default", "image.invert"], ["default", "image.slides"], ["toy", "text.shout"], ["toys", "hello"]):
        assert entry in told["api"]["operations"]
    assert (told["api"]["status"], told["api"]["state"]) == (201, "succeeded")
    assert told["api"]["values"] == {"result": "HEAR"}


@pytest.mark.slow
def test_the_admin_offers_them_and_draws_the_form(told: Any) -> None:
    assert told["admin"]["offers"] == [True, True]
    assert told["admin"]["has_field"]
    assert (told["admin"]["state"], told["admin"]["pixel"]) == ("succeeded", [0, 255, 245])
    assert told["admin"]["makes_keys"]


def test_a_page_is_read_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("A = 1\n")
    page = tmp_path / "page.rst"
    page.write_text(
        "Words::\n\n    $ no command\n\n.. literalinclude:: a.py\n   :language: python\n   :caption: b/a.py\n\n"
        ".. code-block:: console\n\n   $ one\n   said ... so\n   $ two\n\nWords.\n\n"
        ".. code-block:: python\n   :caption: c.py\n\n   if C:\n       pass\n"
    )
    assert list(steps_in(page)) == [
        File(path="b/a.py", content="A = 1\n"),
        Command(line="one", expected=("said ... so",)),
        Command(line="two", expected=()),
        File(path="c.py", content="if C:\n    pass\n"),
    ]


@pytest.mark.slow
def test_following_stops_where_a_page_is_wrong(followed: Copy, tmp_path: Path) -> None:
    page = tmp_path / "page.rst"
    for block in (
        ".. code-block:: python\n   :caption: pyproject.toml\n\n   edited\n",
        ".. code-block:: console\n\n   $ echo one two\n   two\n",
        ".. code-block:: console\n\n   $ exit 1\n",
    ):
        page.write_text(block)
        with pytest.raises(AssertionError):
            followed.follow(page)
