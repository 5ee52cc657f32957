from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.engine.geometry import Size, centred, complete, cover, fit

SIDES = st.integers(1, 20_000)
SIZES = st.builds(Size, SIDES, SIDES)


@given(SIZES, SIZES)
def test_what_is_fitted_lies_inside_and_touches(source: Size, box: Size) -> None:
    size = fit(source, box)
    assert 1 <= size.width <= box.width
    assert 1 <= size.height <= box.height
    assert size.width == box.width or size.height == box.height


@given(SIZES, SIZES)
def test_without_upscale_never_larger_than_the_source(source: Size, box: Size) -> None:
    size = fit(source, box, upscale=False)
    assert size.width <= source.width
    assert size.height <= source.height


@given(SIZES, SIZES)
def test_the_shape_is_kept_to_half_a_pixel(source: Size, box: Size) -> None:
    size = fit(source, box)
    scale = min(box.width / source.width, box.height / source.height)
    assert abs(size.width - max(1, source.width * scale)) <= 0.51
    assert abs(size.height - max(1, source.height * scale)) <= 0.51


@given(SIZES, SIZES)
def test_what_covers_leaves_nothing_free(source: Size, box: Size) -> None:
    size = cover(source, box)
    assert size.width >= box.width
    assert size.height >= box.height
    left, top = centred(box, size)
    assert 0 <= left <= size.width - box.width
    assert 0 <= top <= size.height - box.height


@given(SIZES)
def test_a_fitting_source_stays_as_it_is(source: Size) -> None:
    assert fit(source, source) == source == cover(source, source) == complete(source, None, None)


@given(SIZES, SIDES)
def test_a_missing_side_follows_from_the_shape(source: Size, side: int) -> None:
    assert complete(source, side, None).width == side
    assert complete(source, None, side).height == side
    assert complete(source, None, side).width == max(1, round(source.width * side / source.height))


def test_examples() -> None:
    source = Size(1920, 1080)
    assert fit(source, Size(640, 640)) == (640, 360)
    assert cover(source, Size(640, 640)) == (1138, 640)
    assert fit(Size(320, 240), Size(640, 640), upscale=False) == (320, 240)
    assert complete(source, 640, None) == (640, 360)
    assert complete(source, 640, 640) == (640, 640)
    assert centred(Size(640, 640), Size(1138, 640)) == (249, 0)
