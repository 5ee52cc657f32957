from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageSequence

from django_mediacloud.core.spec import Origin
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.operation import Outcome
from django_mediacloud.engine.registry import get_operation
from django_mediacloud.engine.sandbox import run_operation, shutdown
from django_mediacloud.exceptions import IncompleteMedia, InvalidParameters, LimitExceeded, UnsupportedMedia
from tests.engine import nasty
from tests.engine.memory import peak_growth
from tests.media import MediaFactory

from .work import Work

URLS = ["http://files.com/a.jpg", "http://files.com/b.jpg"]
COLORS = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255)}


def plain(folder: Path, *colors: str, size: tuple[int, int] = (60, 40)) -> list[Path]:
    paths = []
    for number, color in enumerate(colors):
        paths.append(folder / f"{number}-{color}.png")
        Image.new("RGB", size, color).save(paths[-1])
    return paths


def path_of(outcome: Outcome) -> Path:
    (file,) = outcome.files
    assert (file.name, file.role, file.content_type) == ("output.gif", "output", "image/gif")
    assert file.path is not None
    return file.path


def frames_of(outcome: Outcome) -> list[Any]:
    """What is seen of each frame, RGBA."""
    with Image.open(path_of(outcome)) as animation:
        assert animation.format == "GIF"
        return [frame.convert("RGBA") for frame in ImageSequence.Iterator(animation)]


def durations_ms(outcome: Outcome) -> list[int]:
    with Image.open(path_of(outcome)) as animation:
        return [frame.info["duration"] for frame in ImageSequence.Iterator(animation)]


def test_by_default(work: Work, tmp_path: Path) -> None:
    outcome = work.run_on("image.gif", {"images": plain(tmp_path, *COLORS)})
    assert dict(outcome.values) == {}
    frames = frames_of(outcome)
    assert [frame.size for frame in frames] == [(60, 40)] * 3
    assert [frame.getpixel((30, 20)) for frame in frames] == [(*color, 255) for color in COLORS.values()]
    assert durations_ms(outcome) == [100, 100, 100]
    with Image.open(path_of(outcome)) as animation:
        assert animation.info["loop"] == 0
    assert dict(outcome.files[0].info) == {"width": 60, "height": 40}
    assert work.progress == pytest.approx([100 / 3, 200 / 3, 100])


def test_defaults_are_those_of_the_reference() -> None:
    assert get_operation("image.gif").info.parameters.clean({"images": URLS}) == {
        "images": URLS,
        "loop": 0,
        "frame_duration": 0.1,
        "width": None,
        "height": None,
    }


@pytest.mark.parametrize(("loop", "told"), [(0, 0), (-1, None), (1, 1), (7, 7), (65_535, 65_535)])
def test_loops(work: Work, tmp_path: Path, loop: int, told: int | None) -> None:
    """As the count in the NETSCAPE block; without one, it is shown once."""
    outcome = work.run_on("image.gif", {"images": plain(tmp_path, "red", "lime")}, loop=loop)
    with Image.open(path_of(outcome)) as animation:
        assert animation.info.get("loop") == told
    assert (b"NETSCAPE2.0" in path_of(outcome).read_bytes()) == (told is not None)


@pytest.mark.parametrize(
    ("seconds", "ms"),
    [(0.01, 10), (0.1, 100), ("0.25", 250), (0.333, 330), (0.006 + 0.01, 20), (2, 2000), (655.35, 655_350)],
)
def test_frame_durations_are_rounded_to_hundredths(work: Work, tmp_path: Path, seconds: Any, ms: int) -> None:
    outcome = work.run_on("image.gif", {"images": plain(tmp_path, *COLORS)}, frame_duration=seconds)
    assert durations_ms(outcome) == [ms] * 3


def test_one_picture_and_the_same_one_again(work: Work, tmp_path: Path) -> None:
    (red,) = plain(tmp_path, "red")
    single = work.run_on("image.gif", {"images": [red]})
    assert [frame.getpixel((9, 9)) for frame in frames_of(single)] == [(255, 0, 0, 255)]
    again = work.run_on("image.gif", {"images": [red] * 4}, frame_duration=0.5)
    assert sum(durations_ms(again)) == 2000
    assert {frame.getpixel((9, 9)) for frame in frames_of(again)} == {(255, 0, 0, 255)}


@pytest.mark.parametrize(
    ("given", "size"),
    [
        ({}, (60, 40)),
        ({"width": 30}, (30, 20)),
        ({"height": 80}, (120, 80)),
        ({"width": 50, "height": 50}, (50, 50)),
        ({"width": 1, "height": 1}, (1, 1)),
        ({"width": 37}, (37, 25)),
    ],
)
def test_sizes(work: Work, tmp_path: Path, given: dict[str, Any], size: tuple[int, int]) -> None:
    frames = frames_of(work.run_on("image.gif", {"images": plain(tmp_path, "red", "lime")}, **given))
    assert [frame.size for frame in frames] == [size, size]


def test_what_is_too_long_for_a_gif_is_refused(work: Work, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match="GIF has at most 65535 pixels a side"):
        work.run_on("image.gif", {"images": plain(tmp_path, "red", size=(1, 5000))}, width=50)


def test_pictures_of_other_sizes_are_fitted_and_centred(work: Work, tmp_path: Path) -> None:
    first, *_ = plain(tmp_path, "red", size=(60, 40))
    high = plain(tmp_path, "lime", size=(20, 80))[0]
    frames = frames_of(work.run_on("image.gif", {"images": [first, high]}))
    places = ((5, 20), (24, 20), (26, 2), (33, 38), (36, 20), (55, 20))
    green, black = (0, 255, 0, 255), (0, 0, 0, 255)
    assert [frames[1].getpixel(place) for place in places] == [black, black, green, green, black, black]


def test_the_first_picture_as_it_is_seen_sets_the_size(work: Work, tmp_path: Path) -> None:
    """Stored as 40 x 60, to be turned."""
    frames = frames_of(work.run_on("image.gif", {"images": [nasty.n10_exif(tmp_path, 6), *plain(tmp_path, "blue")]}))
    assert frames[0].size == (60, 40)
    assert frames[0].getpixel((10, 8)) == pytest.approx((254, 0, 0, 255), abs=12)


def test_what_is_transparent_shows_the_page_not_the_picture_before(work: Work, tmp_path: Path) -> None:
    sources = []
    for number, box in enumerate([(0, 0, 20, 40), (20, 0, 40, 40), (0, 0, 40, 20)]):
        picture = Image.new("RGBA", (40, 40), (0, 0, 0, 0))
        picture.paste((200, 0, 100 * number, 255), box)
        sources.append(tmp_path / f"{number}.png")
        picture.save(sources[-1])
    frames = frames_of(work.run_on("image.gif", {"images": sources}))
    places = ((10, 10), (30, 10), (10, 30), (30, 30))
    opaque = [[frame.getpixel(place)[3] == 255 for place in places] for frame in frames]
    assert opaque == [[True, False, True, False], [False, True, False, True], [True, True, False, False]]
    assert frames[1].getpixel((30, 10)) == pytest.approx((200, 0, 100, 255), abs=6)


def test_among_transparent_pictures_a_small_one_stands_on_nothing(work: Work, tmp_path: Path) -> None:
    clear = tmp_path / "clear.png"
    Image.new("RGBA", (60, 40), (0, 0, 255, 200)).save(clear)
    small = plain(tmp_path, "lime", size=(40, 40))[0]
    frames = frames_of(work.run_on("image.gif", {"images": [clear, small]}))
    assert frames[0].getpixel((30, 20)) == pytest.approx((0, 0, 255, 255), abs=6)
    assert frames[1].getpixel((2, 20))[3] == 0
    assert frames[1].getpixel((30, 20)) == (0, 255, 0, 255)


def test_among_transparent_pictures_an_opaque_one_is_taken_away_too(work: Work, tmp_path: Path) -> None:
    clear = tmp_path / "clear.png"
    Image.new("RGBA", (60, 40), (0, 0, 0, 0)).save(clear)
    red = plain(tmp_path, "red")[0]
    frames = frames_of(work.run_on("image.gif", {"images": [red, clear, red, red]}))
    assert [frame.getpixel((30, 20))[3] for frame in frames] == [255, 0, 255, 255]
    # All of it but the pixel that has FFmpeg do so.
    assert [sum(frame.getchannel("A").histogram()[255:]) for frame in frames] == [2399, 0, 2399, 2399]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "images: this field is required"),
        ({"images": []}, "images: must have at least 1 item"),
        ({"images": {"0": URLS[0]}}, "images: must be a list"),
        ({"images": ["gopher://a"]}, "images: item 0: must be an http or https URL"),
        ({"images": URLS * 501}, "images: must have at most 1000 items"),
        ({"images": URLS, "loop": -2}, "loop: must be at least -1"),
        ({"images": URLS, "loop": 65_536}, "loop: must be at most 65535"),
        ({"images": URLS, "loop": "often"}, "loop: must be an integer"),
        ({"images": URLS, "frame_duration": 0}, "frame_duration: must be at least 0.01"),
        ({"images": URLS, "frame_duration": -1}, "frame_duration: must be at least 0.01"),
        ({"images": URLS, "frame_duration": 656}, "frame_duration: must be at most 655.35"),
        ({"images": URLS, "frame_duration": "nan"}, "frame_duration: must be a number"),
        ({"images": URLS, "width": 0}, "width: must be at least 1"),
        ({"images": URLS, "width": 99_999}, "width: must be at most 16384"),
        ({"images": URLS, "height": "tall"}, "height: must be an integer"),
        ({"images": URLS, "urls": URLS}, "urls: unknown parameter"),
    ],
)
def test_bad_parameters(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        get_operation("image.gif").info.parameters.clean(given)
    assert str(caught.value) == message


def test_a_bad_one_is_named(work: Work, media: MediaFactory, tmp_path: Path) -> None:
    good = plain(tmp_path, "red")
    origins = {"images": [Origin(url="http://files.com/a"), Origin(url="http://files.com/b")]}
    with pytest.raises(UnsupportedMedia, match=r"^Picture 2 \(http://files\.com/b\): The file is sound, not"):
        work.run_on("image.gif", {"images": [*good, media.audio()]}, origins=origins)
    assert work.left() == []
    with pytest.raises(IncompleteMedia, match=r"^Picture 2: The picture ends too early"):
        work.run_on("image.gif", {"images": [*good, nasty.n06_cut_off_jpeg(tmp_path)]})


def test_a_bomb_in_the_list_is_found_before_anything_is_decoded(work: Work, tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match=r"^Picture 2: ") as caught:
        work.run_on("image.gif", {"images": [*plain(tmp_path, "red"), nasty.n07_png_bomb(tmp_path)]})
    assert caught.value.code == "too_many_pixels"
    assert work.progress == []
    assert work.left() == []


def test_a_gif_that_is_too_large_is_not_begun(work: Work, tmp_path: Path) -> None:
    with pytest.raises(LimitExceeded, match="16384 x 10923") as caught:
        work.run_on("image.gif", {"images": plain(tmp_path, "red")}, width=16_384)
    assert caught.value.code == "too_many_pixels"
    assert work.left() == []


@pytest.mark.slow
def test_a_thousand_pictures_take_the_memory_of_one(work: Work, tmp_path: Path) -> None:
    """Of 300 kB each decoded; together they would take 300 MB."""
    many = [path for path in plain(tmp_path, "red", "lime", size=(320, 240)) for _ in range(500)]
    given = {"width": 96}
    work.run_on("image.gif", {"images": many[:2]}, **given)
    grown = peak_growth(lambda: work.run_on("image.gif", {"images": many}, **given))
    assert grown < 16_000_000
    assert work.progress[-1] == 100


@pytest.mark.slow
def test_frames_without_end_are_stopped(tmp_path: Path) -> None:
    """1000 frames of 16 megapixels out of one small file: half an hour of work, were it not for the limit."""
    (source,) = plain(tmp_path, "red", size=(16, 16))
    folder = tmp_path / "work"
    folder.mkdir()
    clean = get_operation("image.gif").info.parameters.clean
    with pytest.raises(LimitExceeded) as caught:
        run_operation(
            "image.gif",
            parameters=clean({"width": 4000, "height": 4000}, bound=frozenset({"images"})),
            inputs={"images": [source] * 1000},
            workdir=folder,
            limits=Limits(wall_s=1.5),
        )
    assert caught.value.code == "wall_time"
    shutdown()
