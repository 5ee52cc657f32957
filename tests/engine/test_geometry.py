from __future__ import annotations

from hypothesis import example, given
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
    """The side that is not the box's follows from the one that is."""
    size = fit(source, box)
    off_by = []
    if size.width == box.width:
        off_by.append(abs(size.height - max(1, box.width * source.height / source.width)))
    if size.height == box.height:
        off_by.append(abs(size.width - max(1, box.height * source.width / source.height)))
    assert min(off_by) <= 0.51


@given(SIZES, SIDES)
@example(Size(1201, 805), 44)
def test_a_completed_box_is_met_to_the_pixel(source: Size, side: int) -> None:
    for box in (complete(source, side, None), complete(source, None, side)):
        assert fit(source, box) == box


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
