"""The example site with one cloud more."""

from __future__ import annotations

from example_project.settings import *  # noqa: F403
from example_project.settings import MEDIACLOUD

MEDIACLOUD["CLOUDS"]["toy"] = {"BACKEND": "toycloud"}
