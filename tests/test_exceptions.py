"""The tree that is drawn at the top of ``exceptions.py``."""

from __future__ import annotations

import re

from django_mediacloud import exceptions
from django_mediacloud.exceptions import MediaCloudError


def drawn() -> dict[str, str]:
    """Each class below the root with the class that it hangs on, as the drawing has it."""
    parents: dict[str, str] = {}
    path = ["MediaCloudError"]
    for stem, name in re.findall(r"^    ([│ ]*[├└]── )(\w+)", exceptions.__doc__ or "", re.MULTILINE):
        depth = len(stem) // 4
        parents[name] = path[depth - 1]
        path = [*path[:depth], name]
    return parents


def declared(parent: type[MediaCloudError] = MediaCloudError) -> dict[str, str]:
    """The same, of the classes themselves."""
    found: dict[str, str] = {}
    for child in parent.__subclasses__():
        if child.__module__ == exceptions.__name__:
            found |= {child.__name__: parent.__name__, **declared(child)}
    return found


def test_the_drawing_shows_every_error_where_it_hangs() -> None:
    assert drawn() == declared()
