"""The example site's settings and databases, with this site's pages."""

# ruff: noqa: F403
from __future__ import annotations

from example_project.settings import *

ROOT_URLCONF = "tests.stream_site.urls"
