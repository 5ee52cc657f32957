"""What every operation on one picture makes of files that are none, or too much."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.registry import get_operation
from django_mediacloud.engine.sandbox import run_operation
from django_mediacloud.exceptions import IncompleteMedia, LimitExceeded, UnreadableMedia, UnsupportedMedia
from tests.engine import nasty
from tests.engine.memory import peak_growth
from tests.media import MediaFactory

from .work import Work

each_operation = pytest.mark.parametrize("name", ["image.face", "image.smartcrop", "image.thumb"])


@each_operation
def test_what_is_no_picture(name: str, work: Work, media: MediaFactory, tmp_path: Path) -> None:
    for source, sentence in ((media.video(), "The file is a film, not a picture."), (media.audio(), "sound")):
        with pytest.raises(UnsupportedMedia, match=sentence):
            work.run(name, source)
    with pytest.raises(IncompleteMedia):
        work.run(name, nasty.n06_cut_off_jpeg(tmp_path))
    for source in (nasty.n01_empty(tmp_path), nasty.n02_noise(tmp_path), nasty.n22_svg(tmp_path)):
        with pytest.raises(UnreadableMedia):
            work.run(name, source)
    assert work.left() == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("image.face", marks=pytest.mark.slow),
        pytest.param("image.smartcrop", marks=pytest.mark.slow),
        "image.thumb",
    ],
)
def test_a_bomb_is_refused_before_it_is_decoded(name: str, work: Work, tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.png"
    Image.new("1", (10_100, 10_100)).save(bomb)
    assert bomb.stat().st_size < 50_000

    def refuse() -> None:
        with pytest.raises(LimitExceeded) as caught:
            work.run(name, bomb)
        assert caught.value.code == "too_many_pixels"

    # The attack: with no limit in its way, the picture is decoded.
    parameters = {"width": 100} if name == "image.thumb" else {}
    assert peak_growth(lambda: work.run(name, bomb, limits=Limits(threads=2, pixels=10**9), **parameters)) > 80_000_000
    assert peak_growth(refuse) < 20_000_000


@pytest.mark.parametrize("format", ["jpeg", "png", "gif"])
def test_half_a_picture_is_never_taken_for_one(format: str, tmp_path: Path) -> None:
    """Pillow writes a JPEG in one go, and takes the part that the system let it write for all of it."""
    source = tmp_path / "noise.png"
    Image.effect_noise((300, 300), 80).save(source)
    workdir = tmp_path / "work"
    workdir.mkdir()
    parameters = get_operation("image.thumb").info.parameters.clean({"format": format}, bound=frozenset({"url"}))
    with pytest.raises(LimitExceeded) as caught:
        run_operation(
            "image.thumb",
            parameters=parameters,
            inputs={"url": [source]},
            workdir=workdir,
            limits=Limits(output_bytes=10_000),
        )
    assert caught.value.code == "output_size"
