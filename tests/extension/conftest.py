"""The toys' own tests run where the book puts them (``tests/test_extension.py``), not here."""

from __future__ import annotations

collect_ignore = ["films_tests", "toyservice_tests"]
