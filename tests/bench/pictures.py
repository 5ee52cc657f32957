"""Still pictures, against a bare Pillow and a bare ffmpeg that make the same."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from PIL import Image

from django_mediacloud.engine.ffmpeg_program import find_ffmpeg

from .case import Case, Work

_SIDE_PX = 320
_LOOP = """
import sys
from PIL import Image, ImageOps
source, side, times = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
Image.init()
for number in range(times):
    with Image.open(source) as picture:
        picture.draft(None, (side, side))
        picture.thumbnail((side, side), Image.Resampling.LANCZOS)
        picture.save("thumb.jpg", quality=85, optimize=True)
"""
"""The same decoder, filter and encoder settings as the engine's. With 0 times it only starts."""


def draw_photo(path: Path, size: tuple[int, int], *, seed: int = 0) -> Path:
    """Clouds of every size and the noise of a sensor: as a JPEG, 3 bits a pixel as a photo has. Drawn once."""
    if not path.exists():
        random = np.random.default_rng(seed)
        width, height = size
        light = random.normal(128, 10, (height, width, 3)).astype(np.float32)
        for across in (4, 16, 64, 256, 1024):
            shape = (max(2, across * height // width), across)
            for channel in range(3):
                cloud = Image.fromarray(random.normal(0, 120 / across**0.5, shape).astype(np.float32))
                light[..., channel] += np.asarray(cloud.resize(size, Image.Resampling.BICUBIC))
        Image.fromarray(np.clip(light, 0, 255).astype(np.uint8)).save(path, quality=90)
    return path


def _thumbs(source: Path, times: int) -> tuple[Work, Work]:
    parameters = {"width": _SIDE_PX, "height": _SIDE_PX}
    ours = {"operation": "image.thumb", "parameters": parameters, "inputs": {"url": [str(source)]}, "times": times}
    loop = [sys.executable, "-c", _LOOP, str(source), str(_SIDE_PX)]
    return ours, {"commands": [[*loop, str(times)]], "idle": [[*loop, "0"]]}


def _large(folder: Path) -> tuple[Work, Work]:
    return _thumbs(draw_photo(folder / "24mp.jpg", (6000, 4000)), 20)


def _many(folder: Path) -> tuple[Work, Work]:
    ours, theirs = _thumbs(draw_photo(folder / "1mp.jpg", (1200, 900)), 200)
    return {**ours, "at_once": 2}, theirs


def _gif(folder: Path) -> tuple[Work, Work]:
    sources = [draw_photo(folder / f"frame{number}.png", (640, 360), seed=number) for number in range(10)]
    inputs = {"images": [str(source) for source in sources]}
    ours = {"operation": "image.gif", "parameters": {}, "inputs": inputs, "times": 1}
    filters = "split[a][b];[a]palettegen[palette];[b][palette]paletteuse"
    command = [find_ffmpeg(), "-nostdin", "-v", "error", "-y", "-framerate", "10", "-i", str(folder / "frame%d.png")]
    return ours, {"commands": [[*command, "-filter_complex", filters, "made.gif"]]}


CASES = (
    Case(
        name="thumbnails of 24 megapixels",
        what="image.thumb, 20 times, against Pillow with draft in one process",
        target=1.1,
        prepare=_large,
    ),
    Case(
        name="200 thumbnails of a megapixel",
        what="image.thumb, a child for each, two at a time as two workers do, against Pillow's loop in one process",
        target=1.5,
        prepare=_many,
        metric="wall",
    ),
    Case(
        name="GIF of ten pictures",
        what="image.gif against ffmpeg with palettegen and paletteuse",
        target=1.3,
        prepare=_gif,
    ),
)
