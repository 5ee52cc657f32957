"""The rules on imports that import-linter's contracts (setup.cfg) cannot say."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import django_mediacloud

PACKAGE = Path(django_mediacloud.__file__).parent


def imports_of(path: Path) -> set[str]:
    """The dotted names that a file imports from outside its own package."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


@pytest.mark.parametrize("layer", ["clouds", "transport"])
def test_clouds_and_transport_never_see_the_orm(layer: str) -> None:
    files = list((PACKAGE / layer).rglob("*.py"))

    assert files
    # A cloud's server is a door of the site, above the models.
    asking = {
        str(path.relative_to(PACKAGE)): names
        for path in files
        if "server" not in path.relative_to(PACKAGE).parts
        and (names := {name for name in imports_of(path) if name.startswith("django.db")})
    }
    assert not asking


def test_the_check_above_would_find_such_an_import(tmp_path: Path) -> None:
    path = tmp_path / "cloud.py"
    path.write_text("from django.db import models\nimport django.db.transaction\n", encoding="utf-8")

    assert imports_of(path) == {"django.db.models", "django.db.transaction"}
