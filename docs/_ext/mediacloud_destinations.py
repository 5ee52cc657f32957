"""``mediacloud-destinations`` draws each destination's parameters from the code, as ``mediacloud_tables`` does."""

from __future__ import annotations

from typing import Any

from mediacloud_tables import drawn, parameter_table
from sphinx.application import Sphinx

from django_mediacloud.core.destinations import DESTINATIONS


def destinations() -> str:
    parts = []
    for name, place in DESTINATIONS.items():
        heading = f"{place.title}: {name}"
        parts += [heading, "~" * len(heading), "", parameter_table(place.parameters)]
    return "\n".join(parts)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("mediacloud-destinations", drawn(destinations))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
