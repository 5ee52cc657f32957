"""Turns environment variables into the values of Django settings."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import dj_database_url
import django
from django.core.exceptions import ImproperlyConfigured

VARIABLES = (
    "ALLOWED_HOSTS",
    "AWS_LOCATION",
    "AWS_S3_ENDPOINT_URL",
    "AWS_S3_REGION_NAME",
    "AWS_STORAGE_BUCKET_NAME",
    "CELERY_BROKER_URL",
    "CELERY_RESULT_BACKEND",
    "CSRF_TRUSTED_ORIGINS",
    "DATABASE_POOL",
    "DATABASE_URL",
    "DEBUG",
    "LOG_LEVEL",
    "MEDIACLOUD_FETCH_ALLOW",
    "MEDIACLOUD_HOME",
    "MEDIACLOUD_QUEUE",
    "MEDIACLOUD_WORK_DIR",
    "MEDIA_ROOT",
    "SECRET_KEY",
)
"""Every variable that the settings read."""

HAS_TASKS = django.VERSION >= (6, 0)
"""Django carries the ``django.tasks`` API itself; before, the ``django_tasks`` app stands in for it."""

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"", "0", "false", "no", "off"})


def flag(name: str, default: str = "") -> bool:
    """The truth in the variable ``name``: 1/0, true/false, yes/no or on/off."""
    word = os.environ.get(name, default).strip().lower()
    if word not in _TRUE | _FALSE:
        raise ImproperlyConfigured(f"{name} must be 1 or 0.")
    return word in _TRUE


def words(name: str, default: str = "") -> list[str]:
    """The comma separated items in the variable ``name``."""
    return [item for part in os.environ.get(name, default).split(",") if (item := part.strip())]


def database(url: str, *, has_pool: bool = False) -> dict[str, Any]:
    """An entry of ``DATABASES`` for ``url`` (``sqlite:///path``, ``postgres://...`` or ``mysql://...``)."""
    entry: dict[str, Any] = {**dj_database_url.parse(url)}
    options = entry.setdefault("OPTIONS", {})
    if entry["ENGINE"].endswith("sqlite3"):
        # A writer takes its turn at BEGIN and waits for it, instead of failing half-way with "database is locked";
        # readers never wait.
        options.setdefault("timeout", 20)
        options.setdefault("transaction_mode", "IMMEDIATE")
        options.setdefault("init_command", "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
    elif entry["ENGINE"].endswith("postgresql") and has_pool:
        # Under ASGI every request has a thread of its own: without a pool, each opens a connection of its own.
        options.setdefault("pool", {"min_size": 1, "max_size": 8})
    elif entry["ENGINE"].endswith("mysql"):
        options.setdefault("charset", "utf8mb4")
        entry["TEST"] = {"CHARSET": "utf8mb4"}
    return entry


def secret_key(home: Path) -> str:
    """``SECRET_KEY``, or else one that is drawn once and kept in ``home``, so that all processes have the same."""
    if given := os.environ.get("SECRET_KEY"):
        return given
    path = home / "secret_key"
    if not path.exists():
        draft = home / f"secret_key.{os.getpid()}"
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(50), encoding="ascii")
        try:
            # Fails where another process was first; a reader never sees half a key.
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii")


def storages(media_root: Path) -> dict[str, Any]:
    """``STORAGES``: S3 where ``AWS_STORAGE_BUCKET_NAME`` is set (keys as boto3 finds them), else ``media_root``."""
    static = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    bucket = os.environ.get("AWS_STORAGE_BUCKET_NAME")
    if not bucket:
        options = {"location": media_root, "base_url": "/media/"}
        return {
            "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options},
            "staticfiles": static,
        }
    s3 = {
        "bucket_name": bucket,
        # Above this, a file that is read lies on the disk and not in memory. django-storages' own default is: never.
        "max_memory_size": 8 * 1024 * 1024,
        "endpoint_url": os.environ.get("AWS_S3_ENDPOINT_URL") or None,
        "region_name": os.environ.get("AWS_S3_REGION_NAME") or None,
        "location": os.environ.get("AWS_LOCATION", ""),
        "file_overwrite": False,
        "querystring_auth": True,
    }
    return {"default": {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": s3}, "staticfiles": static}


def tasks(queue: str) -> dict[str, Any]:
    """``TASKS`` for ``queue``: ``database`` (no broker needed), ``immediate`` (in the request itself) or ``celery``."""
    package = "django.tasks" if HAS_TASKS else "django_tasks"
    backends = {
        "database": "django_tasks_db.DatabaseBackend",
        "immediate": f"{package}.backends.immediate.ImmediateBackend",
        "celery": "django_tasks_fennel.CeleryBackend",
    }
    if queue not in backends:
        raise ImproperlyConfigured(f"MEDIACLOUD_QUEUE must be one of {', '.join(backends)}; it is {queue!r}.")
    return {"default": {"BACKEND": backends[queue], "QUEUES": ["default"]}}


def task_apps(queue: str) -> list[str]:
    """What the queue needs in ``INSTALLED_APPS``. The database queue's tables are there whichever is used."""
    apps = ["django_tasks_db"] if HAS_TASKS else ["django_tasks", "django_tasks_db"]
    return [*apps, "django_tasks_fennel"] if queue == "celery" else apps
