from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from django_mediacloud.core.spec import Origin
from django_mediacloud.engine.geometry import Size
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.operation import Context
from django_mediacloud.engine.pictures import load_each, open_source, some_have_alpha
from django_mediacloud.exceptions import IncompleteMedia, LimitExceeded, UnreadableMedia, UnsupportedMedia
from tests.media import MediaFactory

from . import nasty


def context_of(folder: Path, *paths: Path, origins: tuple[Origin, ...] = ()) -> Context:
    return Context(parameters={}, inputs={"urls": paths}, origins={"urls": origins}, workdir=folder)


def test_what_is_no_picture_is_told_as_what_it_is(media: MediaFactory, tmp_path: Path) -> None:
    for path, word in ((media.video(), "a film"), (media.audio(), "sound")):
        with (
            pytest.raises(UnsupportedMedia, match=f"The file is {word}, not a picture."),
            open_source(path, limits=Limits()),
        ):
            pass
    with pytest.raises(UnreadableMedia), open_source(nasty.n02_noise(tmp_path), limits=Limits()):
        pass


def test_what_goes_wrong_in_the_body_keeps_its_words(tmp_path: Path) -> None:
    path = nasty.n06_cut_off_jpeg(tmp_path)
    with pytest.raises(IncompleteMedia), open_source(path, limits=Limits()) as picture:
        picture.load()
    with pytest.raises(RuntimeError, match="mine"), open_source(path, limits=Limits()):
        raise RuntimeError("mine")


def test_alpha_is_found_wherever_it_is(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4)).save(tmp_path / "plain.png")
    Image.new("LA", (4, 4)).save(tmp_path / "clear.png")
    plain, clear = tmp_path / "plain.png", tmp_path / "clear.png"
    assert some_have_alpha(context_of(tmp_path, clear, plain), "urls")
    assert some_have_alpha(context_of(tmp_path, plain, clear), "urls")
    assert not some_have_alpha(context_of(tmp_path, plain, plain), "urls")


def test_pictures_come_one_at_a_time_up_to_the_bad_one(tmp_path: Path) -> None:
    Image.new("RGB", (4, 4), "red").save(tmp_path / "a.png")
    paths = (tmp_path / "a.png", nasty.n06_cut_off_jpeg(tmp_path))
    origins = (Origin(url="http://files.com/a"), Origin(url="http://files.com/b"))
    pictures = load_each(context_of(tmp_path, *paths, origins=origins), "urls", Size(4, 4))
    assert next(pictures).getpixel((1, 1)) == (255, 0, 0)
    with pytest.raises(IncompleteMedia, match=r"^Picture 2 \(http://files\.com/b\): "):
        next(pictures)
    # Fewer origins than pictures: those that came with the job have none.
    unknown = load_each(context_of(tmp_path, nasty.n07_png_bomb(tmp_path)), "urls", Size(4, 4))
    with pytest.raises(LimitExceeded, match=r"^Picture 1: "):
        next(unknown)
