"""Every task of the service's reference, run through the server: exactly the documented output values come out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import override_settings
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from tests.clouds.stupeflix.reference import REFERENCE
from tests.clouds.stupeflix.test_reference import OFFERED
from tests.media import MediaFactory
from tests.platforms import facebook, vimeo, youtube
from tests.servers import LocalServer, Reply

from .conftest import LOCAL, Api
from .sites import check_status

pytestmark = pytest.mark.django_db(transaction=True)

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "float": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "object": lambda value: isinstance(value, dict | list),
}
NOT_KNOWN = {"video.upload.vimeo": {"free_space"}}
"""What nobody can tell of the files and platforms of this test."""

Asset = Callable[[str], str]
RUNS: Mapping[str, Callable[[Asset], dict[str, Any]]] = {
    "audio.beats": lambda at: {"url": at("sound.mp3")},
    "audio.convert": lambda at: {"url": at("sound.mp3"), "codec": "vorbis"},
    "audio.info": lambda at: {"url": at("sound.mp3")},
    "audio.waveform": lambda at: {"url": at("sound.mp3"), "width": 64},
    "html.scrape": lambda at: {"url": at("page.html")},
    "image.gif": lambda at: {"images": [at("image.jpg")] * 2, "width": 16},
    "image.info": lambda at: {"url": at("image.jpg")},
    "image.strip": lambda at: {"urls": [at("image.jpg")] * 2, "width": 8, "height": 6},
    "image.thumb": lambda at: {"url": at("image.jpg"), "width": 8},
    "video.convert": lambda at: {"url": at("film.mp4"), "width": 80},
    "video.info": lambda at: {"url": at("film.mp4")},
    "video.reverse": lambda at: {"url": at("film.mp4")},
    "video.strip": lambda at: {"url": at("film.mp4"), "width": 16, "count": 3},
    "video.thumb": lambda at: {"url": at("film.mp4"), "width": 16},
    "video.upload.fb": lambda at: {"url": at("film.mp4"), "access_token": facebook.TOKEN, "title": "Film"},
    "video.upload.vimeo": lambda at: {"url": at("film.mp4"), "oauth2_token": vimeo.TOKEN, "title": "Film"},
    "video.upload.youtube": lambda at: {
        "url": at("film.mp4"),
        "access_token": youtube.TOKEN,
        "developer_key": youtube.KEY,
        "title": "Film",
    },
}
"""Of each task the parameters with which it is tried."""


def photograph(path: Path) -> Path:
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8769).update(
        {
            0x829A: IFDRational(1, 640),
            0x8827: 640,
            0x9003: "2009:11:02 01:21:55",
            0x9209: 0,
            0x920A: IFDRational(28, 1),
        }
    )
    Image.new("RGB", (64, 48), "orange").save(path, exif=exif)
    return path


@pytest.fixture
def asset(assets: LocalServer, media: MediaFactory, tmp_path: Path) -> Asset:
    page = b"<html><title>A page</title><img src=image.jpg></html>"
    assets.routes |= {
        "/image.jpg": Reply(body=photograph(tmp_path / "image.jpg")),
        "/film.mp4": Reply(body=media.video(duration_s=1)),
        "/sound.mp3": Reply(body=media.audio(duration_s=8)),
        "/page.html": Reply(body=page, headers={"Content-Type": "text/html"}),
    }
    return lambda name: assets.url(f"/{name}")


@pytest.fixture
def platforms() -> Iterator[None]:
    """Strict stand-ins for the platforms that films are uploaded to."""
    fakes = {"facebook": facebook.Facebook(), "vimeo": vimeo.Vimeo(), "youtube": youtube.YouTube()}
    with ExitStack() as stack:
        endpoints = {name: stack.enter_context(fake).url for name, fake in fakes.items()}
        fetch = {"ALLOW": ["127.0.0.1"]}
        stack.enter_context(
            override_settings(MEDIACLOUD={"CLOUDS": LOCAL, "FETCH": fetch, "DELIVERY_ENDPOINTS": endpoints})
        )
        yield
        assert not [complaint for fake in fakes.values() for complaint in fake.complaints]


def test_every_task_is_tried() -> None:
    assert sorted(RUNS) == OFFERED


@pytest.mark.usefixtures("platforms")
@pytest.mark.parametrize("name", OFFERED)
def test_a_task_gives_what_the_reference_says(api: Api, asset: Asset, name: str) -> None:
    reference = REFERENCE[name]
    status = check_status(api.run(name, **RUNS[name](asset)))

    assert status["status"] == "success", status["error"]
    result = status["result"]
    assert result.keys() == reference.results.keys() | set(reference.files)
    for key, kind in reference.results.items():
        is_unknown = result[key] is None and key in NOT_KNOWN.get(name, ())
        assert is_unknown or TYPES[kind](result[key]), (key, result[key])
    if not name.startswith("video.upload."):
        for file in reference.files:
            assert requests.get(result[file], timeout=60).status_code == 200


@pytest.mark.parametrize("name", sorted(REFERENCE.keys() - set(OFFERED)))
def test_a_task_that_is_not_there_yet_says_so(api: Api, name: str) -> None:
    [status] = api.create({"task_name": name, "definition": "<movie/>"})

    assert check_status(status)["error"] == f"{name} is not offered by this server."


def test_hello_is_no_part_of_the_reference_and_answers_as_in_its_example(api: Api) -> None:
    assert check_status(api.run("hello", name="John"))["result"] == "Hello John"


def test_a_task_of_the_earlier_documentation_answers_as_that_had_it(api: Api) -> None:
    """``audio.tts``, in the documentation until August 2016: "duration, content_type", and a file."""
    result = check_status(api.run("audio.tts", text="Hello John", codec="ogg"))["result"]
    assert result.keys() == {"duration", "content_type", "output"}
    assert 0.3 < result["duration"] < 3
    sound = requests.get(result["output"], timeout=60)
    assert (sound.headers["Content-Type"], result["content_type"]) == ("audio/ogg", "audio/ogg")
    assert sound.content.startswith(b"OggS")
