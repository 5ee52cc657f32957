from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageSequence

from django_mediacloud.engine.geometry import Size
from django_mediacloud.engine.gif import open_gif

from .memory import peak_growth


def frames(path: Path) -> list[Any]:
    with Image.open(path) as animation:
        return [frame.convert("RGBA") for frame in ImageSequence.Iterator(animation)]


def test_pictures_of_any_mode_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.gif"
    with open_gif(path, Size(8, 6), delay_cs=20, loop=0) as add:
        for mode, color in (("L", 200), ("RGB", (0, 0, 250)), ("RGBA", (250, 0, 0, 255)), ("1", 1)):
            add(Image.new(mode, (8, 6), color))
    grey, blue, red, white = (frame.getpixel((4, 3)) for frame in frames(path))
    assert grey == pytest.approx((200, 200, 200, 255), abs=2)
    assert blue == pytest.approx((0, 0, 250, 255), abs=2)
    assert red == pytest.approx((250, 0, 0, 255), abs=2)
    assert white == pytest.approx((255, 255, 255, 255), abs=2)


def test_every_picture_has_colours_of_its_own(tmp_path: Path) -> None:
    """256 reds, then 256 greens: one palette for both would have half of each."""
    path = tmp_path / "a.gif"
    ramp = Image.linear_gradient("L")
    none = Image.new("L", ramp.size)
    with open_gif(path, Size(*ramp.size), delay_cs=20, loop=0) as add:
        add(Image.merge("RGB", (ramp, none, none)))
        add(Image.merge("RGB", (none, ramp, none)))
    red, green = (frame.convert("RGB") for frame in frames(path))
    assert len(red.getcolors()) > 200
    assert len(green.getcolors()) > 200


def test_an_opaque_picture_is_taken_away_only_where_others_are_clear(tmp_path: Path) -> None:
    red, clear = Image.new("RGBA", (8, 6), (255, 0, 0, 255)), Image.new("RGBA", (8, 6), (0, 0, 0, 0))
    for is_clear, seen in ((True, 0), (False, 255)):
        path = tmp_path / f"{is_clear}.gif"
        with open_gif(path, Size(8, 6), delay_cs=20, is_clear=is_clear) as add:
            add(red.copy())
            add(clear.copy())
        assert frames(path)[1].getpixel((4, 3))[3] == seen


@pytest.mark.slow
def test_large_pictures_are_not_kept(tmp_path: Path) -> None:
    """40 pictures of 3 MB."""

    def write(count: int) -> None:
        with open_gif(tmp_path / f"{count}.gif", Size(1000, 750), delay_cs=5) as add:
            for number in range(count):
                add(Image.new("RGB", (1000, 750), (number, 0, 0)))

    write(2)
    assert peak_growth(lambda: write(40)) < 48_000_000
