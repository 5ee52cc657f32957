"""The example site with a toy cloud, for processes that the tests start. What is lost comes back at once."""

# ruff: noqa: F403, F405
from example_project.settings import *

MEDIACLOUD = {
    **MEDIACLOUD,
    "CLOUDS": {"default": {"BACKEND": "tests.toys.workshop"}},
    "RETRY_DELAYS_S": [0.1],
    "LEASE_S": 60,
}
