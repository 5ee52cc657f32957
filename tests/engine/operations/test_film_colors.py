"""Colours of films come through unchanged, measured as a player shows them that goes by what the film tells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests.engine import nasty

from .work import Work, main_file

COLOR = (200, 100, 50)
UNTOLD = "setparams=colorspace=unknown:color_primaries=unknown:color_trc=unknown"
H264 = ("-c:v", "libx264", "-preset", "ultrafast", "-crf", "4")
SD, HD = "320x240", "1280x720"
FILMS = {
    "SD that tells nothing": (SD, f"scale=out_color_matrix=bt601:out_range=tv,format=yuv420p,{UNTOLD}", H264),
    "HD that tells nothing": (HD, f"scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,{UNTOLD}", H264),
    "RGB": (SD, "format=gbrp", ("-c:v", "libx264rgb", "-preset", "ultrafast", "-crf", "4")),
}


def draw(path: Path, kind: str) -> Path:
    size, filters, codec = FILMS[kind]
    source = f"color=0x{bytes(COLOR).hex()}:s={size}:r=25:d=0.4,format=rgb24,{filters}"
    return nasty.ffmpeg(path, "-f", "lavfi", "-i", source, *codec)


def color_of(work: Work, film: Path) -> Any:
    with Image.open(main_file(work.run("video.thumb", film, format="png"))) as picture:
        return picture.convert("RGB").getpixel((40, 40))


@pytest.mark.parametrize("name", ["video.convert", "video.reverse"])
@pytest.mark.parametrize("size", [{}, {"width": 1280, "height": 720, "crop": True}, {"width": 160}])
@pytest.mark.parametrize("kind", FILMS)
def test_they_are_kept(kind: str, size: dict[str, Any], name: str, work: Work, tmp_path: Path) -> None:
    film = draw(tmp_path / "film.mkv", kind)
    assert color_of(work, film) == pytest.approx(COLOR, abs=4)
    assert color_of(work, main_file(work.run(name, film, **size))) == pytest.approx(COLOR, abs=5)
