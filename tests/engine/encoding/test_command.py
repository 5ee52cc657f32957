from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_mediacloud.engine.encoding.command import parse_command
from django_mediacloud.exceptions import InvalidParameters

from .sources import PARAMETERS, URL

FIELDS = {
    "width": 480,
    "height": 320,
    "video_bitrate": 500,
    "audio_bitrate": 128,
    "h264_crf": 23,
    "keyframe_interval": 250,
    "clip_length": "00:20:00",
}
KNOWN = {item.name for item in PARAMETERS}

# Verbatim from the old service's documentation (pandastream/slate, encoding_profiles.md and api_profiles.md).
H264_SD = (
    r"ffmpeg -i $input_file$ -threads 0 -c:a libfaac -c:v libx264 -preset medium $video_quality$ $audio_bitrate$"
    r" $audio_sample_rate$ $keyframes$ $fps$ -y video_tmp_noqt.mp4\nqt-faststart video_tmp_noqt.mp4 $output_file$"
)
AVI = (
    "ffmpeg -i $input_file$ -threads 0 -c:v msmpeg4 -c:a libmp3lame -tag:v MP43 $audio_sample_rate$"
    " $audio_sample_rate$ $video_bitrate$ $audio_bitrate$ $fps$ $filters$ -y $output_file$"
)
OGG_TWO_PASS = (
    r"ffmpeg -i $input_file$ -f ogg -pass 1 -threads 0 -c:v libtheora -c:a libvorbis $audio_sample_rate$"
    r" $video_bitrate$ $audio_bitrate$ $fps$ $filters$ -y /dev/null\nffmpeg -i $input_file$ -f ogg -pass 2 -threads 0"
    r" -c:v libtheora -c:a libvorbis $audio_sample_rate$ $video_bitrate$ $audio_bitrate$ $fps$ $filters$"
    r" -y $output_file$"
)
MP4 = (
    "ffmpeg -i $input_file$ -c:a libfaac $audio_bitrate$ -c:v libx264 $video_bitrate$"
    " -preset medium $filters$ -y $output_file$"
)
FLV = (
    "ffmpeg -i $input_file$ -threads 0 $audio_sample_rate$ $video_bitrate$ $audio_bit"
    "rate$ $fps$ $filters$ -y $output_file$"
)
WMV = (
    "ffmpeg -i $input_file$ -threads 0 -c:v wmv2 -c:a wmav2 $audio_sample_rate$ $vide"
    "o_bitrate$ $audio_bitrate$ $fps$ $filters$ -y $output_file$"
)


def test_the_documented_commands_are_understood() -> None:
    assert parse_command(H264_SD, FIELDS) == {
        "audio_codec": "aac",
        "video_codec": "h264",
        "encoder_preset": "medium",
        "video_bitrate": 500,
        "h264_crf": 23,
        "audio_bitrate": 128,
        "keyframe_interval": 250,
    }
    assert parse_command(AVI, FIELDS)["video_codec"] == "msmpeg4"
    assert parse_command(OGG_TWO_PASS, FIELDS)["two_pass"] is True
    assert parse_command(MP4, FIELDS)["width"] == 480
    assert "video_codec" not in parse_command(FLV, FIELDS)
    assert parse_command(WMV, FIELDS)["audio_codec"] == "wmav2"
    for extname, command in ((".mp4", H264_SD), (".avi", AVI), (".ogg", OGG_TWO_PASS), (".flv", FLV), (".wmv", WMV)):
        PARAMETERS.clean({**parse_command(command, FIELDS), "extname": extname}, bound=URL)


def test_options_and_tokens_as_values() -> None:
    text = (
        "ffmpeg -ss 10 -t 5 -i $input_file$ -b:v $video_bitrate$k -ab 96k -ar 44100 -ac 1 -r 30000/1001 -g 50"
        " -s $width$x$height$ -vf 'yadif,fps=25' -profile:v main -level 3.1 -maxrate 1.5M"
        " -y $output_file$"
    )
    with pytest.raises(InvalidParameters, match="not a bitrate"):
        parse_command(text, FIELDS)
    assert parse_command(text.replace("1.5M", "1M"), FIELDS) == {
        "clip_offset": "10",
        "clip_length": "5",
        "video_bitrate": 500,
        "audio_bitrate": 96,
        "audio_sample_rate": 44100,
        "audio_channels": 1,
        "fps": 25.0,
        "keyframe_interval": 50,
        "width": 480,
        "height": 320,
        "upscale": True,
        "aspect_mode": "stretch",
        "deinterlace": "keep_fps",
        "h264_profile": "main",
        "h264_level": "3.1",
        "max_video_bitrate": 1000,
    }


@pytest.mark.parametrize(
    ("command", "named"),
    [
        ("ffmpeg -i /etc/passwd $output_file$", "input_file"),
        ("ffmpeg -i $input_file$ -i /etc/passwd $output_file$", "input_file"),
        ("ffmpeg -i http://169.254.169.254/ $output_file$", "input_file"),
        ("ffmpeg -f concat -i $input_file$ $output_file$", "concat"),
        ("ffmpeg -f lavfi -i $input_file$ $output_file$", "lavfi"),
        ("ffmpeg -f tee -i $input_file$ $output_file$", "tee"),
        ("ffmpeg -i $input_file$ -filter_complex movie=/etc/passwd $output_file$", "-filter_complex"),
        ("ffmpeg -i $input_file$ -vf movie=/etc/passwd $output_file$", "movie"),
        ("ffmpeg -i $input_file$ -vf drawtext=textfile=/etc/passwd $output_file$", "drawtext"),
        ("ffmpeg -i $input_file$ -vf scale=640:480:param0=1 $output_file$", "scale"),
        ("ffmpeg -i $input_file$ -vf subtitles=/etc/passwd $output_file$", "subtitles"),
        ("ffmpeg -i $input_file$ $output_file$; rm -rf /", "rm"),
        ("ffmpeg -i $input_file$ $output_file$ | sh", "'|'"),
        ("ffmpeg -i $input_file$ $output_file$ && reboot", "'&&'"),
        ("ffmpeg -i $input_file$ $(reboot)", r"\$\("),
        ("ffmpeg -i $input_file$ `reboot`", "reboot"),
        ("ffmpeg -i $input_file$ /etc/cron.d/evil", "/etc/cron.d/evil"),
        ("ffmpeg -i $input_file$ ../evil.mp4", "evil.mp4"),
        ("ffmpeg -i $input_file$ other.mp4", "output_file"),
        ("ffmpeg -i $input_file$ $output_file$ other.mp4", "exactly one"),
        ("ffmpeg -i $input_file$ -passlogfile /tmp/x $output_file$", "-passlogfile"),
        ("ffmpeg -i $input_file$ -x264-params stats=/etc/passwd $output_file$", "-x264-params"),
        ("ffmpeg -i $input_file$ -vstats_file /tmp/x $output_file$", "-vstats_file"),
        ("ffmpeg -i $input_file$ -attach /etc/passwd $output_file$", "-attach"),
        ("ffmpeg -i $input_file$ -protocol_whitelist http $output_file$", "-protocol_whitelist"),
        ("ffmpeg -i $input_file$ -c:v libx264rgb $output_file$", "libx264rgb"),
        ("ffmpeg -i $input_file$ -tag:v 'x y' $output_file$", "x y"),
        ("mencoder $input_file$ -o $output_file$", "mencoder"),
        ("sh -c true", "sh"),
        ("/usr/bin/ffmpeg -i $input_file$ $output_file$", "/usr/bin/ffmpeg"),
        ("ffmpeg -i $input_file$ -y $output_file$\nffmpeg -i $input_file$ -y $output_file$", "-pass 1 and -pass 2"),
        ("ffmpeg -i $input_file$ -pass 1 $output_file$", "two commands"),
        ("ffmpeg -i '$input_file$ $output_file$", "words"),
        ("ffmpeg -i $input_file$ -b:v", "no value"),
        ("ffmpeg -y $output_file$", "input_file"),
        ("ffmpeg -i $input_file$ -ar $video_bitrate$ $output_file$", "audio|-ar"),
        ("", "no ffmpeg command"),
    ],
)
def test_what_is_not_known_is_refused_by_name(command: str, named: str) -> None:
    with pytest.raises(InvalidParameters, match=named) as caught:
        parse_command(command, FIELDS)
    assert list(caught.value.errors) == ["command"]


WORDS = st.sampled_from(
    [
        "ffmpeg", "-i", "$input_file$", "$output_file$", "-y", "-c:v", "libx264", "-vf", "scale=2:2", "movie=x", "|",
        "-b:v", "500k", "/etc/passwd", "-f", "concat", "mp4", "-pass", "1", "2", "\n", ";", "$filters$", "$clip$", "-",
        "-map", "0", "http://x/", "-s", "$width$x$height$", "-r", "25/1", "qt-faststart", "x.mp4", "$(sh)", "-attach",
    ]
)  # fmt: skip


@given(st.lists(WORDS, max_size=12).map(" ".join) | st.text(max_size=60))
def test_whatever_is_accepted_is_known_parameters_of_their_own_type(text: str) -> None:
    for command in (text, f"ffmpeg -i $input_file$ {text} $output_file$"):
        try:
            values = parse_command(command, FIELDS)
        except InvalidParameters:
            continue
        assert set(values) <= KNOWN
        assert not any(isinstance(value, str) and ("/" in value or "|" in value) for value in values.values())
