from __future__ import annotations

import sys
from importlib.metadata import version as version_of
from pathlib import Path

import django
from django.conf import settings

# The repository itself as well: the old service's reference is data of the tests (_ext/stupeflix_reference.py).
sys.path[:0] = [str(Path(__file__).resolve().parent / "_ext"), str(Path(__file__).resolve().parent.parent)]

# Tables are drawn from the code itself (_ext/mediacloud_tables.py), which needs its models loaded, and no database.
settings.configure(
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "rest_framework",
        "django_mediacloud",
    ],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
)
django.setup()

project = "django-mediacloud"
author = "The django-mediacloud contributors"
release = version = version_of("django-mediacloud")
extensions = ["sphinx.ext.autodoc", "mediacloud_tables", "mediacloud_destinations", "stupeflix_reference"]
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": "Media work for Django, whoever does the work.", "page_width": "1100px"}
html_show_sourcelink = False
autodoc_typehints = "none"
autodoc_member_order = "bysource"
nitpicky = True
