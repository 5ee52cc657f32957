"""Explains database errors to people who run commands."""

from __future__ import annotations

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from ..exceptions import ConfigurationError


def check_migrations() -> None:
    """``ConfigurationError`` if a migration of the site is not applied; the database's own errors pass."""
    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if waiting:
        raise ConfigurationError(f"{len(waiting)} migrations are not applied.", advice="Run manage.py migrate.")


def describe_trouble(error: Error) -> str:
    """What is wrong with the database after ``error``, and what to do about it: whole sentences."""
    connection.close_if_unusable_or_obsolete()
    reason = _first_line(error)
    try:
        check_migrations()
    except ConfigurationError as behind:
        return behind.full_message
    except Error as silent:
        reason = _first_line(silent)
        return f"The database cannot be used: {reason}. Check that its server runs, and that DATABASES is right."
    return (
        f"The database refused: {reason}. Check that the user of DATABASES may write, and that the disk has room; "
        "mediacloud_check tells more, --traceback where it happened."
    )


def _first_line(error: Error) -> str:
    lines = str(error).strip().splitlines()
    return (lines[0] if lines else type(error).__name__).rstrip(". ")
