"""Opens the pictures among an operation's inputs; an error names the picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from ..exceptions import MediaError, UnreadableMedia, UnsupportedMedia
from .geometry import Size
from .limits import Limits
from .operation import Context, Libraries
from .probe import probe
from .stills import Picture, has_alpha, load_upright, open_picture


def saved_with(parameters: Mapping[str, Any]) -> Libraries:
    """For operations that save a picture in the ``format`` asked for: a GIF is FFmpeg's work."""
    return "media" if parameters["format"] == "gif" else "pictures"


@contextmanager
def open_source(path: Path, *, limits: Limits) -> Iterator[Picture]:
    """As ``stills.open_picture``. ``UnsupportedMedia`` says what the file is where it is a film or sound."""
    with ExitStack() as stack:
        try:
            picture = stack.enter_context(open_picture(path, limits=limits))
        except UnreadableMedia as error:
            raise _no_picture(path, limits) from error
        yield picture


def _no_picture(path: Path, limits: Limits) -> UnreadableMedia | UnsupportedMedia:
    kind = probe(path, limits=limits).kind
    if kind == "image":
        return UnreadableMedia("The picture is of a kind that cannot be read.")
    return UnsupportedMedia(f"The file is {'a film' if kind == 'video' else 'sound'}, not a picture.")


def some_have_alpha(context: Context, name: str) -> bool:
    """Whether any of the pictures given for the parameter ``name`` has transparency.

    Looks at each one's head, so that a list with a file that is no picture fails before anything is decoded.
    """
    found = False
    for number, path in enumerate(context.inputs[name]):
        with _numbered(context, name, number), open_source(path, limits=context.limits) as picture:
            found = has_alpha(picture) or found
    return found


def load_each(context: Context, name: str, box: Size) -> Iterator[Picture]:
    """The pictures given for the parameter ``name``, one at a time, as ``stills.load_upright`` gives them for ``box``.

    An error says which picture it is: its number, from 1, and its address where that is known.
    """
    for number, path in enumerate(context.inputs[name]):
        with _numbered(context, name, number), open_source(path, limits=context.limits) as picture:
            upright = load_upright(picture, box)
        yield upright


@contextmanager
def _numbered(context: Context, name: str, number: int) -> Iterator[None]:
    try:
        yield
    except MediaError as error:
        origins = context.origins.get(name, ())
        address = f" ({origins[number].url})" if number < len(origins) and origins[number].url else ""
        raise type(error)(
            f"Picture {number + 1}{address}: {error}",
            code=error.code,
            advice=error.advice,
            is_retryable=error.is_retryable,
            log=error.log,
        ) from error
