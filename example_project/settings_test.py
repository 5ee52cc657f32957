"""The example site under test: everything that it keeps lies in a temporary folder.

``TEST_DATABASE_URL`` names the server (``DATABASE_URL`` will do); without it, SQLite, in a file, because the threads
and processes of a test have to share it.
"""

# ruff: noqa: E402, F403, F405
from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from .environment import VARIABLES

_url = os.environ.get("TEST_DATABASE_URL") or os.environ.get("DATABASE_URL", "")
for _name in VARIABLES:
    os.environ.pop(_name, None)
if _url:
    os.environ["DATABASE_URL"] = _url
_owner = os.getpid()
_home = tempfile.mkdtemp(prefix="mediacloud-test-")
os.environ["MEDIACLOUD_HOME"] = _home


def _remove_home() -> None:
    # A forked child leaves its parent's files alone.
    if os.getpid() == _owner:
        shutil.rmtree(_home, ignore_errors=True)


atexit.register(_remove_home)

from .settings import *

_database = DATABASES["default"]
_is_sqlite = _database["ENGINE"].endswith("sqlite3")
# The process's number keeps suites apart that run at the same time on one server.
_test_name = str(Path(_home) / "test.sqlite3") if _is_sqlite else f"test_mediacloud_{_owner}"
_database.setdefault("TEST", {})["NAME"] = _test_name

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["*"]
# Else every test client would begin by looking at each static file of every app.
WHITENOISE_AUTOREFRESH = True
