"""The site with the toy service: as a client of it, and as a server that speaks its protocol."""

from __future__ import annotations

import os

from toy_settings import *  # noqa: F403

from example_project.settings import MEDIACLOUD

ROOT_URLCONF = "site_urls"
MEDIACLOUD["CLOUDS"]["toys"] = {
    "BACKEND": "django_mediacloud.clouds.toyservice",
    "OPTIONS": {
        "key": lambda: os.environ["TOYSERVICE_KEY"],
        "base_url": "http://127.0.0.1:8000/toyservice/1.0/",
    },
}
