"""Operations that deliver their source unchanged."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Any

from ..exceptions import UnsupportedMedia
from .operation import Context, Outcome, PassedOn
from .probe import probe_film


def pass_film_on(context: Context, results: Mapping[str, Any]) -> Outcome:
    """The outcome that delivers the operation's source unchanged. The value ``duration`` is its length in seconds.

    The other names in ``results`` are None: the platform's answers are known only after the delivery.
    """
    info = probe_film(context.input(), limits=context.limits)
    if info.video is None:
        raise UnsupportedMedia("The file has no film.")
    name = f"output{mimetypes.guess_extension(info.content_type) or ''}"
    return Outcome(
        values={**dict.fromkeys(results), "duration": info.duration_s},
        passed_on=PassedOn(parameter="url", name=name, content_type=info.content_type),
    )
