from __future__ import annotations

from pathlib import Path

import pytest

from .work import Work


@pytest.fixture
def work(tmp_path: Path) -> Work:
    """Runs operations in folders under the test's own."""
    return Work(tmp_path)
