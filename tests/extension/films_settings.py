"""The example site with operations of its own."""

from __future__ import annotations

from example_project.settings import *  # noqa: F403
from example_project.settings import MEDIACLOUD

MEDIACLOUD["CLOUDS"]["default"]["OPTIONS"] = {"operations": ["films.operations"]}
