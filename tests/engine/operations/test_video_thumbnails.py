from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from django_mediacloud.core.spec import ProducedFile
from django_mediacloud.engine.sandbox import run_operation
from django_mediacloud.exceptions import InvalidParameters, UnsupportedMedia
from tests.media import MediaFactory

from .work import LIMITS, Work

RAMP = "color=gray:size=64x48:rate=25:duration=4,geq=lum='16+N*2':cb=128:cr=128"
"""Frame N has the luma 16 + 2 N, so a picture tells its own time."""


def ramp(media: MediaFactory, name: str = "ramp.mp4"):
    return media.draw(
        name, "-f", "lavfi", "-i", RAMP, "-c:v", "libx264", "-crf", "5", "-g", "40", "-pix_fmt", "yuv420p"
    )


def frame_number(file: ProducedFile) -> float:
    """From the grey of the picture, back to the luma in limited range."""
    assert file.path is not None
    grey = float(np.asarray(Image.open(file.path).convert("L")).mean())
    return ((grey * 219 / 255 + 16) - 16) / 2


@pytest.mark.parametrize("name", ["ramp.mp4", "ramp.ts"])
def test_offsets_in_seconds_and_frames(work: Work, media: MediaFactory, name: str) -> None:
    outcome = work.run("video.thumbnails", ramp(media, name), frame_offsets="0s, 1s, 75f, 3.5", format="png")
    assert [file.name for file in outcome.files] == [f"thumbnail_{number}.png" for number in (1, 2, 3, 4)]
    assert [frame_number(file) for file in outcome.files] == pytest.approx([0, 25, 75, 87.5], abs=1.6)
    assert outcome.values["count"] == 4


def test_count_is_spread_evenly_and_interval_starts_at_the_beginning(work: Work, media: MediaFactory) -> None:
    spread = work.run("video.thumbnails", ramp(media), frame_count=4)
    assert [frame_number(file) for file in spread.files] == pytest.approx([12.5, 37.5, 62.5, 87.5], abs=2)
    every = work.run("video.thumbnails", ramp(media), frame_interval="1s")
    assert [frame_number(file) for file in every.files] == pytest.approx([0, 25, 50, 75], abs=2)
    frames = work.run("video.thumbnails", ramp(media), frame_interval="50f")
    assert [frame_number(file) for file in frames.files] == pytest.approx([0, 50], abs=2)
    assert work.run("video.thumbnails", ramp(media)).values["count"] == 7


def test_sizes(work: Work, media: MediaFactory) -> None:
    source = media.video(duration_s=1)
    for given, size in (
        ({"width": 75, "height": 75}, (75, 56)),
        ({"width": 75, "height": 75, "aspect_mode": "crop"}, (75, 75)),
        ({"width": 75, "height": 75, "aspect_mode": "pad"}, (75, 75)),
        ({"width": 640}, (160, 120)),
        ({"width": 320, "upscale": True}, (320, 240)),
        ({}, (160, 120)),
    ):
        outcome = work.run("video.thumbnails", source, frame_count=1, **given)
        (file,) = outcome.files
        assert file.path is not None
        with Image.open(file.path) as picture:
            assert picture.size == size == (outcome.values["width"], outcome.values["height"])
            assert picture.format == "JPEG"


def test_rotated_films_stand_upright(work: Work, media: MediaFactory) -> None:
    lying = media.video("lying.mp4", duration_s=0.4, options=("-c:v", "libx264", "-pix_fmt", "yuv420p"))
    turned = media.draw("turned.mp4", "-display_rotation:v:0", "90", "-i", str(lying), "-c", "copy")
    outcome = work.run("video.thumbnails", turned, frame_count=1)
    assert (outcome.values["width"], outcome.values["height"]) == (120, 160)
    with Image.open(outcome.files[0].path) as picture:
        assert picture.size == (120, 160)


def test_what_cannot_be(work: Work, media: MediaFactory) -> None:
    with pytest.raises(InvalidParameters, match="past the end"):
        work.run("video.thumbnails", ramp(media), frame_offsets="1s, 10s")
    with pytest.raises(InvalidParameters, match="does not go together"):
        work.run("video.thumbnails", ramp(media), frame_offsets="1s", frame_count=3)
    with pytest.raises(InvalidParameters, match="more than 500"):
        work.run("video.thumbnails", ramp(media), frame_interval="0.001s")
    with pytest.raises(InvalidParameters, match="frames such as"):
        work.run("video.thumbnails", ramp(media), frame_offsets="often")
    with pytest.raises(UnsupportedMedia, match="no picture"):
        work.run("video.thumbnails", media.audio())


def test_in_the_sandbox(media: MediaFactory, work: Work) -> None:
    folder = work.root / "sandbox"
    folder.mkdir()
    parameters = {
        "frame_count": 2,
        "width": 40,
        "height": None,
        "aspect_mode": "constrain",
        "upscale": False,
        "format": "jpeg",
    }
    outcome = run_operation(
        "video.thumbnails", parameters=parameters, inputs={"url": [ramp(media)]}, workdir=folder, limits=LIMITS
    )
    assert len(outcome.files) == 2
