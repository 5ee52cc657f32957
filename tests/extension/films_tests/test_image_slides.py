from __future__ import annotations

from pathlib import Path

import av
import pytest

from django_mediacloud.exceptions import InvalidParameters, UnreadableMedia
from tests.media import MediaFactory

from .work import Work

GIVEN = {"width": 31, "height": 24, "access_token": "T0KEN", "developer_key": "K3Y", "title": "Slides"}


def test_every_picture_is_shown(work: Work, media: MediaFactory) -> None:
    pictures = [media.picture("a.png", size=(64, 48)), media.picture("b.jpg", size=(20, 90))]

    outcome = work.run_on("image.slides", {"urls": pictures}, **GIVEN)

    assert dict(outcome.values) == {"count": 2}
    [file] = outcome.files
    assert file.path is not None
    with av.open(str(file.path)) as film:
        shown = film.streams.video[0]
        assert (shown.codec.name, shown.width, shown.height) == ("h264", 32, 24)
        assert shown.duration * shown.time_base == 2
    assert work.progress == [25, 50]


def test_a_bad_picture_is_named(work: Work, media: MediaFactory, tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"no picture")
    with pytest.raises(UnreadableMedia, match="2"):
        work.run_on("image.slides", {"urls": [media.picture("a.png"), broken]}, **GIVEN)


def test_bad_parameters_are_named(work: Work) -> None:
    with pytest.raises(InvalidParameters) as refused:
        work.run_on("image.slides", {}, urls=[], width=0, height=24, access_token="a b", developer_key="K3Y")
    assert refused.value.errors.keys() == {"urls", "width", "access_token", "title"}
