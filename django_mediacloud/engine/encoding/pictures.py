"""Takes still pictures of a film: at given times, in a given size, saved under given names."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.media import MediaInfo
from ...core.spec import ProducedFile
from ...exceptions import InvalidParameters, UnsupportedMedia
from ..extras import optional
from ..frames import Frame, frames_at
from ..geometry import Size, centred
from ..operation import Context
from ..stills import save_picture
from .framing import Framing
from .notation import Moment

pillow = optional("PIL.Image")

MAX_PICTURES = 500
FORMATS = {"jpeg": (".jpg", "image/jpeg"), "png": (".png", "image/png")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How pictures are named and saved. ``framing`` None: as they come."""

    stem: str
    role: str
    format: str = "jpeg"
    framing: Framing | None = None


def film_length_s(info: MediaInfo) -> float:
    """Seconds. ``UnsupportedMedia`` where there is no film to take pictures of."""
    if info.video is None:
        raise UnsupportedMedia("The source has no picture.")
    if info.duration_s is None or info.duration_s <= 0:
        raise UnsupportedMedia("The source does not say how long it is, so no times can be chosen in it.")
    return info.duration_s


def spread_times(info: MediaInfo, count: int) -> list[float]:
    """``count`` times, evenly spaced, each in the middle of its share of the film: titles and black ends are missed."""
    length_s = film_length_s(info)
    return [length_s * (number + 0.5) / count for number in range(count)]


def times_at(info: MediaInfo, moments: Sequence[Moment]) -> list[float]:
    """The times of ``moments``. ``InvalidParameters`` names ``frame_offsets`` where one lies past the end."""
    length_s = film_length_s(info)
    times = [_seconds(info, moment) for moment in moments]
    if any(time_s >= length_s for time_s in times):
        message = f"lies at or past the end of the source, which lasts {length_s:.2f} s"
        raise InvalidParameters({"frame_offsets": [message]})
    return times


def times_every(info: MediaInfo, step: Moment) -> list[float]:
    """From the beginning on, at every ``step``. ``InvalidParameters`` names ``frame_interval`` if it is too small."""
    length_s = film_length_s(info)
    step_s = step.seconds(info.video.frame_rate if info.video is not None else None)
    if step_s <= 0 or length_s / step_s > MAX_PICTURES:
        message = f"would make more than {MAX_PICTURES} pictures of a source that lasts {length_s:.2f} s"
        raise InvalidParameters({"frame_interval": [message]})
    count = int(length_s / step_s - 1e-9) + 1
    return [number * step_s for number in range(count)]


def _seconds(info: MediaInfo, moment: Moment) -> float:
    rate = info.video.frame_rate if info.video is not None else None
    # Half a frame later, so that rounding never leads to the frame before.
    return moment.seconds(rate) + (0.5 / (rate or 25.0) if moment.is_frames else 0.0)


def framed(picture: Any, framing: Framing | None) -> Any:
    """The Pillow picture, scaled, cut and laid on black as ``framing`` says."""
    if framing is None:
        return picture
    if picture.size != framing.scaled:
        picture = picture.resize(framing.scaled, pillow.Resampling.LANCZOS, reducing_gap=3.0)
    if framing.cropped != framing.scaled:
        left, top = centred(Size(*framing.cropped), Size(*framing.scaled))
        picture = picture.crop((-left, -top, framing.cropped[0] - left, framing.cropped[1] - top))
    if framing.size == framing.cropped:
        return picture
    frame = pillow.new(picture.mode, framing.size, "black")
    frame.paste(picture, centred(Size(*framing.cropped), Size(*framing.size)))
    return frame


def take_pictures(
    context: Context, source: Path, times: Sequence[float], *, begin: float = 0.0, end: float = 100.0
) -> Iterator[Frame]:
    """The frames of ``source`` at ``times``. The context's progress goes from ``begin`` to ``end`` meanwhile."""
    for number, frame in enumerate(frames_at(source, times, limits=context.limits), start=1):
        yield frame
        context.report(begin + (end - begin) * number / len(times))


def save_pictures(context: Context, frames: Iterator[Frame], wanted: Wanted) -> tuple[ProducedFile, ...]:
    """Each frame as a file in the context's folder: ``stem_1.jpg``, ``stem_2.jpg``, ..."""
    files = []
    extname, content_type = FORMATS[wanted.format]
    for number, frame in enumerate(frames, start=1):
        picture = framed(frame.picture, wanted.framing)
        path = context.workdir / f"{wanted.stem}_{number}{extname}"
        save_picture(picture, path, wanted.format)
        info = {
            "width": picture.width,
            "height": picture.height,
            "codec": wanted.format,
            "time_s": round(frame.time_s, 3),
        }
        files.append(ProducedFile(name=path.name, content_type=content_type, path=path, role=wanted.role, info=info))
    return tuple(files)
