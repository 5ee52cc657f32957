from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.engine.encoding.framing import frame_picture
from django_mediacloud.engine.encoding.parameters import ASPECT_MODES

SIDES = st.integers(min_value=2, max_value=5000)
ASKED = st.none() | st.integers(min_value=2, max_value=5000)


@given(source=st.tuples(SIDES, SIDES), width=ASKED, height=ASKED, mode=st.sampled_from(ASPECT_MODES), up=st.booleans())
def test_every_frame_is_even_and_holds_its_picture(
    source: tuple[int, int], width: int | None, height: int | None, mode: str, up: bool
) -> None:
    framing = frame_picture(source, width=width, height=height, aspect_mode=mode, is_upscaled=up)
    for scaled, cropped, size in zip(framing.scaled, framing.cropped, framing.size, strict=True):
        assert scaled % 2 == cropped % 2 == size % 2 == 0
        assert 2 <= cropped <= min(scaled, size)


@given(source=st.tuples(SIDES, SIDES), width=ASKED, height=ASKED, mode=st.sampled_from(ASPECT_MODES))
def test_no_picture_is_ever_enlarged_unless_asked(
    source: tuple[int, int], width: int | None, height: int | None, mode: str
) -> None:
    framing = frame_picture(source, width=width, height=height, aspect_mode=mode, is_upscaled=False)
    assert framing.scaled[0] <= source[0]
    assert framing.scaled[1] <= source[1]


@given(source=st.tuples(SIDES, SIDES), width=SIDES, height=SIDES, up=st.booleans())
def test_constrain_stays_in_the_box_and_near_the_aspect(
    source: tuple[int, int], width: int, height: int, up: bool
) -> None:
    framing = frame_picture(source, width=width, height=height, aspect_mode="constrain", is_upscaled=up)
    assert framing.size[0] <= width
    assert framing.size[1] <= height
    assert framing.size == framing.scaled
    factor = min(width / source[0], height / source[1])
    factor = factor if up else min(1, factor)
    for side, made in zip(source, framing.size, strict=True):
        assert abs(side * factor - made) < 2.001 or made == 2


@pytest.mark.parametrize(
    ("mode", "scaled", "cropped", "size"),
    [
        ("preserve", (1920, 1080), (1920, 1080), (1920, 1080)),
        ("constrain", (640, 360), (640, 360), (640, 360)),
        ("letterbox", (640, 360), (640, 360), (640, 480)),
        ("pad", (640, 360), (640, 360), (640, 480)),
        ("stretch", (640, 480), (640, 480), (640, 480)),
        ("crop", (854, 480), (640, 480), (640, 480)),
        ("fill", (854, 480), (640, 480), (640, 480)),
        ("center", (1920, 1080), (640, 480), (640, 480)),
    ],
)
def test_a_wide_film_in_the_h264_presets_frame(
    mode: str, scaled: tuple[int, int], cropped: tuple[int, int], size: tuple[int, int]
) -> None:
    framing = frame_picture((1920, 1080), width=640, height=480, aspect_mode=mode, is_upscaled=False)
    assert (framing.scaled, framing.cropped, framing.size) == (scaled, cropped, size)


def test_letterbox_has_bars_above_and_below_only_and_pad_on_the_sides_too() -> None:
    tall = (1080, 1920)
    letterbox = frame_picture(tall, width=640, height=480, aspect_mode="letterbox", is_upscaled=False)
    pad = frame_picture(tall, width=640, height=480, aspect_mode="pad", is_upscaled=False)
    assert letterbox.size == (270, 480)
    assert pad.size == (640, 480)
    assert pad.scaled == letterbox.scaled == (270, 480)


def test_a_small_source_keeps_its_size_and_the_frame_keeps_its_aspect() -> None:
    small = frame_picture((320, 180), width=640, height=480, aspect_mode="pad", is_upscaled=False)
    assert (small.scaled, small.size) == ((320, 180), (320, 240))
    large = frame_picture((320, 180), width=640, height=480, aspect_mode="pad", is_upscaled=True)
    assert (large.scaled, large.size) == ((640, 360), (640, 480))


def test_one_side_alone_leads_to_the_other() -> None:
    assert frame_picture((1920, 1080), width=640, height=None, aspect_mode="pad", is_upscaled=False).size == (640, 360)
    assert frame_picture((321, 241), width=None, height=None, aspect_mode="pad", is_upscaled=False).size == (320, 240)
