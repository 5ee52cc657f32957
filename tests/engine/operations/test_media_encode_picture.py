"""What becomes of the picture: its pixels, their shape, colours, number and times."""

from __future__ import annotations

import itertools

import av
import numpy as np
import pytest

from django_mediacloud.exceptions import (
    UnreadableMedia,
    UnsupportedMedia,
)
from tests.media import MediaFactory

from .work import H264, Work, frame, frame_times, luma, main_file


def test_rotation_is_put_into_the_pixels(work: Work, media: MediaFactory) -> None:
    lying = media.draw(
        "lying.mp4",
        "-f",
        "lavfi",
        "-i",
        "color=gray:size=160x96:rate=25:duration=0.4,drawbox=0:0:48:48:red:fill",
        *H264,
    )
    turned = media.draw("turned.mp4", "-display_rotation:v:0", "90", "-i", str(lying), "-c", "copy")
    outcome = work.run("media.encode", turned, video_bitrate=300)
    picture = frame(main_file(outcome))
    assert picture.shape[:2] == (160, 96)
    with av.open(str(main_file(outcome))) as container:
        assert next(container.decode(video=0)).rotation == 0
    # Turned counter-clockwise, the corner at the upper left comes to the lower left.
    assert picture[150, 10, 0] > 200 > 100 > picture[150, 10, 1]
    assert abs(int(picture[10, 10, 0]) - int(picture[10, 10, 1])) < 20


def test_pixels_come_out_square_and_sides_even(work: Work, media: MediaFactory) -> None:
    wide = media.video("wide.mp4", duration_s=0.4, options=("-vf", "setsar=4/3", *H264))
    outcome = work.run("media.encode", wide, crf=30)
    with av.open(str(main_file(outcome))) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == (212, 120)
        assert stream.sample_aspect_ratio in (None, 0, 1)
    odd = media.video("odd.mkv", duration_s=0.4, size=(161, 121), options=("-c:v", "libx264", "-pix_fmt", "yuv444p"))
    outcome = work.run("media.encode", odd, crf=30)
    assert (outcome.values["width"], outcome.values["height"]) == (160, 120)
    with av.open(str(main_file(outcome))) as container:
        assert container.streams.video[0].pix_fmt == "yuv420p"


def test_variable_frame_rate_is_kept_unless_a_rate_is_given(work: Work, media: MediaFactory) -> None:
    source = media.draw(
        "vfr.mp4", "-f", "lavfi", "-i", "testsrc2=size=96x64:rate=30:duration=2,select='lt(n,30)+not(mod(n,3))'",
        "-fps_mode", "vfr", *H264,
    )  # fmt: skip
    kept = work.run("media.encode", source, crf=30)
    assert frame_times(main_file(kept)) == pytest.approx(frame_times(source), abs=0.002)
    constant = frame_times(main_file(work.run("media.encode", source, crf=30, fps=25)))
    assert {round(after - before, 3) for before, after in itertools.pairwise(constant)} == {0.04}


def test_alpha_is_flattened_for_h264_and_kept_for_vp9(work: Work, media: MediaFactory) -> None:
    source = media.draw(
        "alpha.webm", "-f", "lavfi", "-i", "color=red@0.5:size=64x64:rate=25:duration=0.4,format=yuva420p",
        "-c:v", "libvpx-vp9", "-pix_fmt", "yuva420p", "-auto-alt-ref", "0", "-cpu-used", "8",
    )  # fmt: skip
    flat = frame(main_file(work.run("media.encode", source, crf=10)))
    assert flat[32, 32, 0] == pytest.approx(127, abs=10)
    assert flat[32, 32, 1] < 12
    outcome = work.run("media.encode", source, extname="webm", crf=10)
    assert outcome.values["has_alpha"] is True
    kept = frame(main_file(outcome), pixel_format="rgba", decoder="libvpx-vp9")
    assert kept[32, 32, 3] == pytest.approx(127, abs=6)
    assert kept[32, 32, 0] > 235


def test_full_range_becomes_limited(work: Work, media: MediaFactory) -> None:
    source = media.draw(
        "full.mp4", "-f", "lavfi", "-i", "color=white:size=64x64:rate=25:duration=0.4,drawbox=0:0:32:64:black:fill",
        "-vf", "scale=out_range=full,format=yuv420p", "-color_range", "pc", "-c:v", "libx264", "-preset", "ultrafast",
    )  # fmt: skip
    assert luma(source)[32, 48] > 250
    made = main_file(work.run("media.encode", source, crf=10))
    assert luma(made)[32, 48] == pytest.approx(235, abs=3)
    assert luma(made)[32, 8] == pytest.approx(16, abs=3)
    with av.open(str(made)) as container:
        assert container.streams.video[0].codec_context.color_range in (0, 1)  # unsaid is limited


def test_hdr_is_mapped_to_bt709(work: Work, media: MediaFactory) -> None:
    source = media.draw(
        "hdr.mp4", "-f", "lavfi", "-i", "testsrc2=size=128x96:rate=25:duration=0.4", "-pix_fmt", "yuv420p10le",
        "-c:v", "libx265", "-preset", "ultrafast", "-color_trc", "smpte2084", "-color_primaries", "bt2020",
        "-colorspace", "bt2020nc", "-x265-params",
        "log-level=error:colorprim=bt2020:transfer=smpte2084:colormatrix=bt2020nc:range=limited",
    )  # fmt: skip
    outcome = work.run("media.encode", source, crf=20)
    assert outcome.values["is_tone_mapped"] is True
    with av.open(str(main_file(outcome))) as container:
        context = container.streams.video[0].codec_context
        assert context.pix_fmt == "yuv420p"
        assert (context.color_trc, context.color_primaries, context.colorspace) == (1, 1, 1)


def test_letterbox_bars_are_black_and_the_picture_is_not(work: Work, media: MediaFactory) -> None:
    source = media.draw("wide.mp4", "-f", "lavfi", "-i", "color=white:size=160x80:rate=25:duration=0.4", *H264)
    picture = frame(main_file(work.run("media.encode", source, width=160, height=120, aspect_mode="letterbox")))
    assert picture.shape[:2] == (120, 160)
    assert picture[:18].max() < 20
    assert picture[102:].max() < 20
    assert picture[24:96].min() > 230


def test_nothing_is_upscaled_unless_asked(work: Work, media: MediaFactory) -> None:
    small = work.run("media.encode", media.video(duration_s=0.4), width=320, height=240, crf=30)
    assert (small.values["width"], small.values["height"]) == (160, 120)
    large = work.run("media.encode", media.video(duration_s=0.4), width=320, height=240, crf=30, upscale=True)
    assert (large.values["width"], large.values["height"]) == (320, 240)


def test_watermark_lies_where_it_was_asked_for(work: Work, media: MediaFactory) -> None:
    source = media.draw("white.mp4", "-f", "lavfi", "-i", "color=white:size=160x120:rate=25:duration=0.4", *H264)
    mark = media.draw("mark.png", "-f", "lavfi", "-i", "color=blue:size=40x40", "-frames:v", "1")
    made = work.run(
        "media.encode",
        source,
        watermark=mark,
        watermark_bottom="10",
        watermark_right="5%",
        watermark_width="20",
        crf=10,
    )
    picture = frame(main_file(made)).astype(int)
    assert made.values["copied"] == []
    is_blue = (picture[..., 2] > 200) & (picture[..., 0] < 60)
    rows, columns = np.nonzero(is_blue)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == pytest.approx((90, 109, 132, 151), abs=1)
    with pytest.raises(UnreadableMedia, match="watermark"):
        work.run("media.encode", source, watermark=source)


def test_an_animated_gif_is_a_film(work: Work, media: MediaFactory) -> None:
    source = media.draw("loop.gif", "-f", "lavfi", "-i", "color=red:size=65x49:rate=10:duration=1")
    outcome = work.run("media.encode", source, crf=10)
    picture = frame(main_file(outcome))
    assert picture.shape[:2] == (48, 64)
    assert picture[20, 20, 0] > 230
    assert picture[20, 20, 1] < 25
    assert outcome.values["duration"] == pytest.approx(1, abs=0.15)
    still = media.picture("still.png")
    with pytest.raises(UnsupportedMedia, match="is a picture"):
        work.run("media.encode", still)
