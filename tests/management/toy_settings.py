"""The example site with a toy cloud beside its own, for processes that the tests start. No try waits long."""

# ruff: noqa: F403, F405
from example_project.settings import *

MEDIACLOUD = {
    **MEDIACLOUD,
    "CLOUDS": {
        "default": {"BACKEND": "tests.toys.workshop"},
        "engine": {"BACKEND": "django_mediacloud.clouds.local"},
    },
    "RETRY_DELAYS_S": [0.1],
    "LEASE_S": 60,
}
