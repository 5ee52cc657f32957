"""The service's own "Tasks Reference (v2)", as data: every task, parameter, output value and output file.

Source: "Stupeflix Tasks API Documentation", February 2017. ``url_callback`` and ``url_errback``, which every task has
there, are left out. What the reference says in prose only (a default in a description) is here as well, and marked.
The book draws its table from here, and the tests hold the engine against it.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parents[3]
PROOF = "tests/clouds/stupeflix/server/test_reference_tasks.py::test_a_task_gives_what_the_reference_says"


class Given(NamedTuple):
    """A parameter, in the reference's words."""

    type: str
    default: Any = None
    choices: tuple[Any, ...] = ()


class Task(NamedTuple):
    parameters: Mapping[str, Given]
    results: Mapping[str, str]
    """Types of the output values."""
    files: tuple[str, ...] = ()


_URL = {"url": Given("string")}
_SIZE = {"width": Given("integer"), "height": Given("integer")}
_CROP = {"crop": Given("boolean", False)}
_JPEG_PNG = {"format": Given("string", "jpeg", ("jpeg", "png"))}
_H264 = {"video_codec": Given("string", "h264", ("h264",))}
_WRAP = {"wrap": Given("integer")}
_SIZES_OUT = {
    "width": "integer",
    "height": "integer",
    "original_width": "integer",
    "original_height": "integer",
}
_UPLOAD_TEXTS = {"title": Given("string"), "description": Given("string")}

REFERENCE: Mapping[str, Task] = {
    "audio.beats": Task(_URL, {"beats": "object", "duration": "integer", "downbeats": "object"}),
    "audio.convert": Task(
        {
            **_URL,
            "codec": Given("string", "mp3", ("mp3", "vorbis", "aac")),
            "force": Given("boolean", False),
        },
        {"duration": "float", "content_type": "string"},
        ("output",),
    ),
    "audio.info": Task(_URL, {"duration": "float", "content_type": "string", "codec": "string"}),
    "audio.waveform": Task(
        {
            **_URL,
            "width": Given("integer", 1024),
            "height": Given("integer", 60),
            "vmargin": Given("integer", 0),
            "fill": Given("string", "#000000"),
            "background": Given("string", "#FFFFFF"),
            "start": Given("float", 0.0),
            "end": Given("float"),
            "format": Given("string", "jpeg", ("png", "jpeg")),
        },
        {"duration": "float", "width": "integer", "height": "integer", "content_type": "string"},
        ("output",),
    ),
    "html.scrape": Task(_URL, {"hits": "object", "page_title": "string"}),
    "image.gif": Task(
        {
            "images": Given("list of strings"),
            "loop": Given("integer", 0),
            "frame_duration": Given("float", 0.1),
            **_SIZE,
        },
        {},
        ("output",),
    ),
    "image.info": Task(
        _URL,
        {
            "content_type": "string",
            "type": "string",
            "width": "integer",
            "height": "integer",
            "alpha": "boolean",
            "exif_orientation": "integer",
            "rotation": "float",
            "date_time": "string",
            "flash": "boolean",
            "focal_length": "float",
            "iso_speed": "float",
            "exposure_time": "float",
        },
    ),
    "image.strip": Task(
        {"urls": Given("MultiHttpFileField"), **_SIZE, **_CROP, **_WRAP, **_JPEG_PNG},
        {"count": "integer", "width": "integer", "height": "integer", "content_type": "string"},
        ("output",),
    ),
    "image.thumb": Task(
        {
            **_SIZE,
            **_CROP,
            **_URL,
            "rotation": Given("integer", 0, (0, 90, 180, 270)),
            "poster": Given("boolean", False),
            "format": Given("string", "jpeg", ("jpeg", "gif", "png")),
        },
        _SIZES_OUT,
        ("output",),
    ),
    "video.convert": Task(
        {
            **_URL,
            **_SIZE,
            **_CROP,
            "audio_codec": Given("string", "aac", ("mp2", "mp3", "aac", "wmav1", "wmav2")),
            **_H264,
            "video_bitrate": Given("integer", 3000),
            "audio_bitrate": Given("integer", 128),
            "sample_rate": Given("integer", 44100, (22050, 44100, 48000)),
            "crf": Given("integer", 23),
            "gop": Given("integer", 250),
        },
        {
            "content_type": "string",
            **_SIZES_OUT,
            "duration": "float",
            "frame_rate": "float",
            "audio_codec": "string",
            "video_codec": "string",
            "alpha": "boolean",
            "rotation": "float",
        },
        ("output",),
    ),
    "video.create": Task(
        {
            "definition": Given("string"),
            "profile": Given("string", "360p"),
            "preview": Given("boolean", False),
            "export": Given("boolean", True),
            "thumbnail_time": Given("float", 1.0),
            "antialias": Given("integer", 4, (1, 2, 4)),
        },
        {"duration": "float", "width": "integer", "height": "integer"},
        ("preview", "export", "thumbnail"),
    ),
    "video.info": Task(
        _URL,
        {
            "content_type": "string",
            "width": "integer",
            "height": "integer",
            "duration": "float",
            "frame_rate": "float",
            "alpha": "boolean",
            "rotation": "float",
            "audio_codec": "string",
            "video_codec": "string",
        },
    ),
    "video.reverse": Task(
        {
            **_URL,
            **_SIZE,
            **_CROP,
            **_H264,
            "video_bitrate": Given("integer"),
            "crf": Given("integer", 23),
            "gop": Given("integer", 250),
        },
        {"duration": "float"},
        ("output",),
    ),
    "video.strip": Task(
        {
            **_URL,
            **_SIZE,
            **_CROP,
            **_WRAP,
            "start": Given("float", 0.0),
            "end": Given("float"),
            "count": Given("integer", 10),
            **_JPEG_PNG,
        },
        {"count": "integer", **_SIZES_OUT, "duration": "float", "frame_rate": "float", "content_type": "string"},
        ("output",),
    ),
    "video.thumb": Task(
        {
            **_URL,
            **_SIZE,
            **_CROP,
            "time": Given("float", 0.0),
            **_JPEG_PNG,
            "poster": Given("boolean", False),
            "quality": Given("integer", 75),
        },
        {**_SIZES_OUT, "duration": "float", "content_type": "string"},
        ("output",),
    ),
    "video.upload.fb": Task(
        {
            **_URL,
            "access_token": Given("string"),
            **_UPLOAD_TEXTS,
            "privacy": Given("string", "AUTO", ("AUTO", "EVERYONE", "ALL_FRIENDS", "FRIENDS_OF_FRIENDS", "SELF")),
            "no_story": Given("boolean", False),
            "api_key": Given("string", "-"),
            "app_secret": Given("string", "-"),
        },
        {"duration": "float"},
        ("output",),
    ),
    "video.upload.vimeo": Task(
        {
            **_URL,
            **_UPLOAD_TEXTS,
            "consumer_key": Given("string"),
            "consumer_secret": Given("string"),
            "access_token_key": Given("string"),
            "access_token_secret": Given("string"),
            "oauth2_token": Given("string"),
        },
        {"free_space": "integer", "uploaded_file_size": "integer", "output": "string", "duration": "float"},
    ),
    "video.upload.youtube": Task(
        {
            **_URL,
            "access_token": Given("string"),
            "developer_key": Given("string"),
            **_UPLOAD_TEXTS,
            "tags": Given("list of strings", []),
            # The default stands in the description.
            "category_id": Given("integer", 22),
            "privacy_status": Given("string", "public", ("public", "private", "unlisted")),
        },
        {"output": "string", "duration": "float"},
    ),
}
