from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from django_mediacloud.core.spec import Origin
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.operation import Outcome
from django_mediacloud.engine.registry import get_operation
from django_mediacloud.engine.sandbox import run_operation, shutdown
from django_mediacloud.exceptions import (
    IncompleteMedia,
    InvalidParameters,
    LimitExceeded,
    UnreadableMedia,
    UnsupportedMedia,
)
from tests.engine import nasty
from tests.engine.memory import peak_growth
from tests.media import MediaFactory

from .work import Work

URLS = ["http://files.com/a.jpg", "http://files.com/b.jpg"]
COLORS = {"red": (255, 0, 0), "lime": (0, 255, 0), "blue": (0, 0, 255)}


def plain(folder: Path, *colors: str, size: tuple[int, int] = (60, 40), mode: str = "RGB") -> list[Path]:
    paths = []
    for number, color in enumerate(colors):
        paths.append(folder / f"{number}-{color}.png")
        Image.new(mode, size, color).save(paths[-1])
    return paths


def picture_of(outcome: Outcome) -> Any:
    (file,) = outcome.files
    assert file.path is not None
    with Image.open(file.path) as picture:
        picture.load()
    assert picture.size == (outcome.values["width"], outcome.values["height"])
    assert Image.MIME[picture.format] == file.content_type == outcome.values["content_type"]
    return picture


def test_all_in_one_row_by_default(work: Work, tmp_path: Path) -> None:
    outcome = work.run_on("image.strip", {"urls": plain(tmp_path, *COLORS)}, width=30, height=20)
    assert dict(outcome.values) == {"count": 3, "width": 90, "height": 20, "content_type": "image/jpeg"}
    (file,) = outcome.files
    assert (file.name, file.role) == ("output.jpg", "output")
    strip = picture_of(outcome)
    for number, color in enumerate(COLORS.values()):
        assert strip.getpixel((30 * number + 15, 10)) == pytest.approx(color, abs=4)
    assert work.progress == pytest.approx([100 / 3, 200 / 3, 100])


def test_defaults_are_those_of_the_reference() -> None:
    assert get_operation("image.strip").info.parameters.clean({"urls": URLS, "width": 3, "height": 2}) == {
        "urls": URLS,
        "width": 3,
        "height": 2,
        "crop": False,
        "wrap": None,
        "format": "jpeg",
    }


def test_rows(work: Work, tmp_path: Path) -> None:
    given = {"width": 30, "height": 20, "wrap": 2, "format": "png"}
    outcome = work.run_on("image.strip", {"urls": plain(tmp_path, *COLORS)}, **given)
    assert (outcome.values["count"], outcome.values["width"], outcome.values["height"]) == (3, 60, 40)
    strip = picture_of(outcome)
    places = [(15, 10), (45, 10), (15, 30), (45, 30)]
    assert [strip.getpixel(place) for place in places] == [*COLORS.values(), (0, 0, 0)]
    wide = work.run_on("image.strip", {"urls": plain(tmp_path, *COLORS)}, **{**given, "wrap": 9})
    assert wide.values["width"] == 90


def test_pictures_fit_or_fill_their_sections(work: Work, tmp_path: Path) -> None:
    wide = plain(tmp_path, "red", size=(80, 20))[0]
    high = plain(tmp_path, "lime", size=(20, 80))[0]
    given = {"width": 40, "height": 40, "format": "png"}
    fitted = picture_of(work.run_on("image.strip", {"urls": [wide, high]}, **given))
    expected = {(20, 2): (0, 0, 0), (20, 20): COLORS["red"], (42, 20): (0, 0, 0), (60, 2): COLORS["lime"]}
    assert {place: fitted.getpixel(place) for place in expected} == expected
    filled = picture_of(work.run_on("image.strip", {"urls": [wide, high]}, **given, crop=True))
    assert filled.getpixel((20, 2)) == filled.getpixel((2, 38)) == COLORS["red"]
    assert filled.getpixel((42, 20)) == filled.getpixel((78, 2)) == COLORS["lime"]


def test_sources_of_every_kind(work: Work, tmp_path: Path) -> None:
    """Turned by EXIF, of 16 bits, in print colours, animated."""
    sources = [
        nasty.n10_exif(tmp_path, 6),
        nasty.n09_grey16_png(tmp_path),
        nasty.n08_cmyk_jpeg(tmp_path),
        nasty.n15_animated_gif(tmp_path),
    ]
    strip = picture_of(work.run_on("image.strip", {"urls": sources}, width=60, height=40, format="png"))
    expected = {(10, 8): (254, 0, 0), (90, 20): (128, 128, 128), (150, 20): (0, 255, 255), (210, 20): (255, 0, 0)}
    for place, color in expected.items():
        assert strip.getpixel(place) == pytest.approx(color, abs=8)


def test_transparency_is_kept_where_it_can_be(work: Work, tmp_path: Path) -> None:
    clear = tmp_path / "clear.png"
    Image.new("RGBA", (60, 20), (255, 0, 0, 128)).save(clear)
    sources = {"urls": [*plain(tmp_path, "blue"), clear]}
    kept = picture_of(work.run_on("image.strip", sources, width=60, height=40, format="png"))
    assert [kept.getpixel(place) for place in ((30, 20), (90, 20), (90, 2))] == [
        (0, 0, 255, 255),
        (255, 0, 0, 128),
        (0, 0, 0, 0),
    ]
    flat = picture_of(work.run_on("image.strip", sources, width=60, height=40))
    assert flat.mode == "RGB"
    assert flat.getpixel((90, 20)) == pytest.approx((255, 127, 127), abs=6)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "height: this field is required; urls: this field is required; width: this field is required"),
        ({"urls": URLS, "width": 10}, "height: this field is required"),
        ({"urls": URLS, "height": 10}, "width: this field is required"),
        ({"urls": [], "width": 10, "height": 10}, "urls: must have at least 1 item"),
        ({"urls": URLS[0], "width": 10, "height": 10}, "urls: must be a list"),
        ({"urls": [URLS[0], "ftp://a/b"], "width": 10, "height": 10}, "urls: item 1: must be an http or https URL"),
        ({"urls": [None], "width": 10, "height": 10}, "urls: item 0: must be a string"),
        ({"urls": URLS * 501, "width": 10, "height": 10}, "urls: must have at most 1000 items"),
        ({"urls": URLS, "width": "a", "height": 10}, "width: must be an integer"),
        ({"urls": URLS, "width": 0, "height": 10}, "width: must be at least 1"),
        ({"urls": URLS, "width": 10, "height": 16_385}, "height: must be at most 16384"),
        ({"urls": URLS, "width": 10, "height": 10, "crop": 2}, "crop: must be true or false"),
        ({"urls": URLS, "width": 10, "height": 10, "wrap": 0}, "wrap: must be at least 1"),
        ({"urls": URLS, "width": 10, "height": 10, "wrap": 1001}, "wrap: must be at most 1000"),
        ({"urls": URLS, "width": 10, "height": 10, "wrap": 1.5}, "wrap: must be an integer"),
        ({"urls": URLS, "width": 10, "height": 10, "format": "gif"}, "format: must be one of: jpeg, png"),
        ({"urls": URLS, "width": 10, "height": 10, "url": URLS[0]}, "url: unknown parameter"),
    ],
)
def test_bad_parameters(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameters) as caught:
        get_operation("image.strip").info.parameters.clean(given)
    assert "; ".join(sorted(str(caught.value).split("; "))) == message


def test_a_bad_one_is_named(work: Work, media: MediaFactory, tmp_path: Path) -> None:
    good = plain(tmp_path, "red", "lime")
    for bad, kind, sentence in (
        (nasty.n02_noise(tmp_path), UnreadableMedia, ""),
        (nasty.n06_cut_off_jpeg(tmp_path), IncompleteMedia, "The picture ends too early."),
        (media.video(), UnsupportedMedia, "The file is a film, not a picture."),
    ):
        for origins, words in (
            ({}, "Picture 3: "),
            ({"urls": [Origin()] * 3}, "Picture 3: "),
            ({"urls": [Origin(url=f"http://files.com/{n}") for n in range(3)]}, "Picture 3 (http://files.com/2): "),
        ):
            with pytest.raises(kind) as caught:
                work.run_on("image.strip", {"urls": [*good, bad]}, origins=origins, width=9, height=9)
            assert str(caught.value).startswith(words + sentence)
            assert (caught.value.code, caught.value.advice) == (kind.code, kind.advice)
            assert work.left() == []


def test_the_sandbox_names_it_too(tmp_path: Path) -> None:
    sources = [*plain(tmp_path, "red"), nasty.n06_cut_off_jpeg(tmp_path)]
    folder = tmp_path / "work"
    folder.mkdir()
    parameters = get_operation("image.strip").info.parameters.clean(
        {"width": 9, "height": 9}, bound=frozenset({"urls"})
    )
    origins = {"urls": [Origin(url="http://files.com/a"), Origin(url="http://files.com/b")]}
    with pytest.raises(IncompleteMedia, match=r"^Picture 2 \(http://files.com/b\): The picture ends too early\.$"):
        run_operation("image.strip", parameters=parameters, inputs={"urls": sources}, origins=origins, workdir=folder)
    shutdown()


def test_a_bomb_in_the_list_is_found_before_anything_is_decoded(work: Work, tmp_path: Path) -> None:
    """Without the look at all heads, the two pictures before it would have been decoded in vain."""
    bomb = nasty.n07_png_bomb(tmp_path)
    with pytest.raises(LimitExceeded, match=r"^Picture 3: ") as caught:
        work.run_on("image.strip", {"urls": [*plain(tmp_path, "red", "lime"), bomb]}, width=9, height=9)
    assert caught.value.code == "too_many_pixels"
    assert work.progress == []


def test_a_strip_that_is_too_large_is_not_begun(work: Work, tmp_path: Path) -> None:
    sources = {"urls": plain(tmp_path, "red") * 100}
    with pytest.raises(LimitExceeded, match="200000 x 2000") as caught:
        work.run_on("image.strip", sources, width=2000, height=2000)
    assert caught.value.code == "too_many_pixels"
    with pytest.raises(LimitExceeded):
        work.run_on("image.strip", sources, width=10, height=10, limits=Limits(pixels=9_999))
    with pytest.raises(UnsupportedMedia, match="65500"):
        work.run_on("image.strip", sources, width=656, height=1)
    assert work.progress == []
    assert work.run_on("image.strip", sources, width=656, height=1, format="png").values["width"] == 65_600


@pytest.mark.slow
def test_a_thousand_pictures_take_the_memory_of_one(work: Work, tmp_path: Path) -> None:
    """Each is of 300 kB decoded; together they would take 300 MB."""
    many = plain(tmp_path, "red", size=(320, 240)) * 1000
    given = {"width": 8, "height": 6, "wrap": 100}
    work.run_on("image.strip", {"urls": many[:2]}, **given)
    assert peak_growth(lambda: work.run_on("image.strip", {"urls": many}, **given)) < 16_000_000
    assert work.progress[-1] == 100
    assert peak_growth(lambda: [Image.open(path).convert("RGB") for path in many[:200]]) > 32_000_000
