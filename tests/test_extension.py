"""An operation is one file, a cloud is one folder and one settings entry: no other line of the project is touched."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
TOYS = ROOT / "tests" / "extension"
SETTINGS = """
from example_project.settings import *

MEDIACLOUD["CLOUDS"]["toy"] = {"BACKEND": "toycloud"}
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the site with the toys says of itself. It is a copy of the package with one file more."""
    site = tmp_path_factory.mktemp("site")
    shutil.copytree(
        ROOT / "django_mediacloud", site / "django_mediacloud", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(TOYS / "image_invert.py", site / "django_mediacloud" / "engine" / "operations")
    shutil.copytree(TOYS / "toycloud", site / "toycloud")
    (site / "site_settings.py").write_text(SETTINGS)
    environ = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "TEST_DATABASE_URL"}}
    environ |= {
        "PYTHONPATH": f"{site}{os.pathsep}{ROOT}",
        "DJANGO_SETTINGS_MODULE": "site_settings",
        "MEDIACLOUD_HOME": str(site / "home"),
        "ALLOWED_HOSTS": "*",
        "LOG_LEVEL": "WARNING",
    }
    done = subprocess.run(
        [sys.executable, str(TOYS / "use_site.py")], env=environ, cwd=site, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_registry_has_both(told):
    assert ["default", "image.invert"] in told["registry"]
    assert ["toy", "text.shout"] in told["registry"]


def test_the_api_offers_both_and_runs_them(told):
    assert ["default", "image.invert"] in told["api"]["operations"]
    assert ["toy", "text.shout"] in told["api"]["operations"]
    assert (told["api"]["status"], told["api"]["state"]) == (201, "succeeded")
    assert told["api"]["values"] == {"result": "HEAR"}


def test_the_admin_offers_both_and_draws_the_form(told):
    assert told["admin"]["offers"] == [True, True]
    assert told["admin"]["has_field"]
    assert (told["admin"]["state"], told["admin"]["pixel"]) == ("succeeded", [0, 255, 245])
