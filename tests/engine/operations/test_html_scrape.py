from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from django_mediacloud.core.spec import Origin
from django_mediacloud.engine.operation import Context
from django_mediacloud.engine.operations.html_scrape import OPERATION
from django_mediacloud.engine.pages import finder, hits, page, structured
from django_mediacloud.engine.sandbox import run_operation
from django_mediacloud.exceptions import UnreadableMedia, UnsupportedMedia
from tests.engine import nasty

ORIGIN = Origin(url="https://example.com/news/page.html", content_type="text/html")


class Scrape:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, content: str | bytes, origin: Origin = ORIGIN, **parameters: Any) -> dict[str, Any]:
        path = self.folder / "page"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        context = Context(parameters=parameters, inputs={"url": [path]}, origins={"url": [origin]}, workdir=self.folder)
        return dict(OPERATION.run(context).values)


@pytest.fixture
def scrape(tmp_path: Path) -> Scrape:
    return Scrape(tmp_path)


def addresses(values: dict[str, Any], group: str = "images") -> list[str]:
    return [hit["url"].removeprefix("https://example.com/") for hit in values["hits"][group]]


def image(url: str, source: str, **more: Any) -> dict[str, Any]:
    return {"url": f"https://example.com/{url}", "source": source} | {
        name: more.get(name) for name in ("width", "height", "title", "content_type")
    }


def video(url: str, source: str, **more: Any) -> dict[str, Any]:
    names = (
        "type", "width", "height", "duration", "title", "content_type", "provider", "provider_id", "thumbnail",
    )  # fmt: skip
    return {"url": url, "source": source} | {name: more.get(name) for name in names}


NEWS = """<!DOCTYPE html>
<html lang="en"><head>
<title>
  Bears &amp; honey \u2013 News
</title>
<meta name="description" content="What bears   eat.">
<meta property="og:site_name" content="News">
<meta property="og:title" content="Bears">
<meta property="og:image" content="/lead.jpg"><meta property="og:image:width" content="1200">
<meta property="og:image:height" content="630"><meta property="og:image:alt" content="A bear">
<meta property="og:video" content="http://example.com/bear.mp4">
<meta property="og:video:secure_url" content="https://example.com/bear.mp4">
<meta property="og:video:type" content="video/mp4"><meta property="og:video:width" content="1280">
<meta property="video:duration" content="63">
<meta name="twitter:image" content="/lead.jpg">
<meta name="twitter:player" content="https://example.com/player"><meta name="twitter:player:width" content="480">
<link rel="canonical" href="/bears"><link rel="icon" sizes="32x32" type="image/png" href="/icon">
<link rel="alternate" type="application/json+oembed" href="/oembed?url=1" title="Bears">
<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [
  {"@type": "VideoObject", "name": "Honey", "contentUrl": "honey.mp4", "embedUrl": "https://youtu.be/dQw4w9WgXcQ",
   "thumbnailUrl": ["honey.jpg"], "duration": "PT1M3.5S", "width": {"@type": "QuantitativeValue", "value": 1920},},
  {"@type": ["Article"], "image": {"@id": "#nothing"}, "publisher": {"logo": {"@type": "ImageObject",
   "url": "logo.png", "width": "60px"}}}]}</script>
</head><body>
<img src="lead.jpg" width="300" alt="small"><img src="/lead.jpg" width="2400" height="1260">
<picture><source srcset="a.webp 640w, b,c.webp 2x"><img src="a.jpg" width="100%" height="20"></picture>
<video width="640" height="360" poster="still.jpg"><source src="a.m3u8">
<source src="a.webm" type='video/webm; codecs="vp9"'>
</video>
<audio src="bear.mp3" title="Growl"></audio>
<img class="lazy" src="data:image/gif;base64,R0lGODlhAQABAAAAACw=" data-src="late.jpg" data-srcset="late2.jpg 800w">
<noscript><img src="plain.jpg"></noscript>
<iframe src="https://www.youtube-nocookie.com/embed/abcdefghijk?rel=0" width="560"></iframe>
<iframe src="https://ads.example.org/frame"></iframe>
<iframe data-src="//player.vimeo.com/video/76979871"></iframe>
<div style="background-image: url( 'wall\\'s.jpg' ), url(second.png)"></div>
<div itemscope itemtype="https://schema.org/VideoObject"><meta itemprop="contentUrl" content="m.mp4">
<meta itemprop="width" content="320"><link itemprop="thumbnailUrl" href="m.jpg"></div>
<a href="full.JPEG" title="Full size">x</a> <a href="page2.html">next</a> <a href="javascript:x.jpg">no</a>
<amp-img src="amp.jpg" width="10" height="10"></amp-img><amp-youtube data-videoid="ABCDEFGHIJK"></amp-youtube>
<object data="movie.swf" type="application/x-shockwave-flash"></object><embed src="clip.mov">
<svg><title>No title</title><image xlink:href="in.svg"/></svg><template><img src="{{url}}"></template>
</body></html>
"""


def test_a_page_of_news(scrape: Scrape) -> None:
    values = scrape(NEWS)
    assert values["page_title"] == "Bears & honey – News"
    jpeg, png, webp, mp4 = "image/jpeg", "image/png", "image/webp", "video/mp4"
    found = values["hits"]
    assert found["images"] == [
        image("lead.jpg", "og", width=2400, height=1260, title="A bear", content_type=jpeg),
        image("icon", "icon", width=32, height=32, content_type=png),
        image("news/honey.jpg", "json-ld", content_type=jpeg),
        image("news/logo.png", "json-ld", width=60, content_type=png),
        image("news/lead.jpg", "img", width=300, title="small", content_type=jpeg),
        image("news/a.webp", "picture", width=640, content_type=webp),
        image("news/b,c.webp", "picture", content_type=webp),
        image("news/a.jpg", "img", height=20, content_type=jpeg),
        image("news/still.jpg", "poster", width=640, height=360, content_type=jpeg),
        image("news/late.jpg", "lazy", content_type=jpeg),
        image("news/late2.jpg", "lazy", width=800, content_type=jpeg),
        image("news/plain.jpg", "img", content_type=jpeg),
        image("news/wall's.jpg", "style", content_type=jpeg),
        image("news/second.png", "style", content_type=png),
        image("news/m.jpg", "microdata", content_type=jpeg),
        image("news/full.JPEG", "a", title="Full size", content_type=jpeg),
        image("news/amp.jpg", "amp", width=10, height=10, content_type=jpeg),
        image("news/in.svg", "svg", content_type="image/svg+xml"),
    ]
    at = "https://example.com/"
    flash = "application/x-shockwave-flash"
    film = {"width": 640, "height": 360, "thumbnail": f"{at}news/still.jpg"}
    lead, honey = {"thumbnail": f"{at}lead.jpg"}, {"title": "Honey", "duration": 63.5, "width": 1920}
    honey["thumbnail"] = f"{at}news/honey.jpg"
    youtube = {"type": "embed", "provider": "youtube"}
    assert found["videos"] == [
        video(f"{at}bear.mp4", "og", type="file", width=1280, duration=63.0, content_type=mp4, **lead),
        video(f"{at}player", "twitter", type="embed", width=480, **lead),
        video(f"{at}news/honey.mp4", "json-ld", type="file", content_type=mp4, **honey),
        video("https://youtu.be/dQw4w9WgXcQ", "json-ld", provider_id="dQw4w9WgXcQ", **honey, **youtube),
        video(f"{at}news/a.m3u8", "video", type="stream", content_type="application/vnd.apple.mpegurl", **film),
        video(f"{at}news/a.webm", "video", type="file", content_type="video/webm", **film),
        video(
            "https://www.youtube-nocookie.com/embed/abcdefghijk?rel=0", "iframe",
            width=560, provider_id="abcdefghijk", **youtube,
        ),
        video(
            "https://player.vimeo.com/video/76979871", "iframe", type="embed", provider="vimeo", provider_id="76979871"
        ),
        video(
            f"{at}news/m.mp4", "microdata",
            type="file", width=320, content_type=mp4, thumbnail=f"{at}news/m.jpg",
        ),
        video("https://www.youtube.com/embed/ABCDEFGHIJK", "amp", provider_id="ABCDEFGHIJK", **youtube),
        video(f"{at}news/movie.swf", "object", type="embed", content_type=flash),
        video(f"{at}news/clip.mov", "embed", type="file", content_type="video/quicktime"),
    ]  # fmt: skip
    assert found["audio"] == [
        {"url": f"{at}news/bear.mp3", "type": "file", "duration": None, "title": "Growl", "content_type": "audio/mpeg",
         "provider": None, "provider_id": None, "source": "audio"},
    ]  # fmt: skip
    assert found["oembed"] == [{"url": f"{at}oembed?url=1", "format": "json", "title": "Bears"}]
    assert found["page"] == {
        "url": ORIGIN.url,
        "canonical_url": f"{at}bears",
        "description": "What bears eat.",
        "site_name": "News",
        "language": "en",
        "charset": "utf-8",
    }
    assert found["left_out"] == {"images": 0, "videos": 0, "audio": 0, "oembed": 0}
    assert found["is_truncated"] is False


@pytest.mark.parametrize(
    ("markup", "title"),
    [
        ("<title> \n </title><meta property=og:title content='From&#32;OG'>", "From OG"),
        ("<body><svg><title>Icon</title></svg><title>a &lt;b> &amp; c\x00</title>", "a <b> & c\ufffd"),
        ("<p>nothing", None),
        (f"<title>{'x' * 10_000}</title>", "x" * hits.MAX_TEXT_CHARS),
        ("<title>never closed <img src=a.jpg>", "never closed <img src=a.jpg>"),
    ],
)
def test_titles(scrape: Scrape, markup: str, title: str | None) -> None:
    assert scrape(markup)["page_title"] == title


@pytest.mark.parametrize(
    "markup",
    [
        "<table><p><b><i></table></b><img src=a.jpg></i></div></x></body></html><img src=b.jpg",
        "<IMG SRC=a.jpg<p><img src='a.jpg'><a <b",
        "<!-- <img src=no.jpg> --><![CDATA[<img src=no.jpg>]]><img/src=a.jpg>",
        "<script>'<img src=no.jpg>'</script><textarea><img src=no.jpg></textarea><img src=a.jpg>",
        "<frameset><img src=a.jpg>",
        "\x00<img\x00 src=no.jpg><img src=a.jpg>",
        "<script type='application/ld+json'>{broken</script><img src=a.jpg>",
    ],
)
def test_broken_html(scrape: Scrape, markup: str) -> None:
    assert "news/a.jpg" in addresses(scrape(markup))
    assert "news/no.jpg" not in addresses(scrape(markup))


def test_where_the_page_lay(scrape: Scrape) -> None:
    markup = "<img src=a.jpg><img src=//example.com/b.jpg><img src=https://example.com/c.jpg>"
    assert addresses(scrape(markup)) == ["news/a.jpg", "b.jpg", "c.jpg"]
    assert addresses(scrape(markup, Origin(), url="https://example.com/x")) == ["a.jpg", "b.jpg", "c.jpg"]
    assert addresses(scrape(markup, Origin())) == ["c.jpg"]
    assert addresses(scrape(f"{markup}<base href=https://example.com/z/>", Origin())) == ["c.jpg"]
    assert addresses(scrape(f"<base href=https://example.com/z/>{markup}", Origin()))[0] == "z/a.jpg"


def test_charset_of_the_server(scrape: Scrape) -> None:
    origin = Origin(url=ORIGIN.url, content_type="text/html", charset="windows-1251")
    values = scrape("<title>Привет, мир</title>".encode("cp1251"), origin)
    assert (values["page_title"], values["hits"]["page"]["charset"]) == ("Привет, мир", "cp1251")
    assert scrape("<title>Привет</title><img src=ж.jpg>".encode("utf-16"))["page_title"] == "Привет"


@pytest.mark.parametrize(
    ("content", "content_type", "words"),
    [
        (b"%PDF-1.7 <a >", "text/html", "a PDF document, not"),
        (b"\x89PNG\r\n\x1a\n<p >", "", "a picture, not"),
        (b"\xff\xd8\xff\xe1 <x:xmpmeta >", "image/jpeg", r"a picture \(image/jpeg\), not"),
        (b"<?xml version='1.0'?><!-- x --><svg xmlns='x'><image href='a.png'/></svg>", "", "a picture, not"),
        (b"<rss version='2.0'>", "text/html", "a news feed, not"),
        (b'{"a": 1}', "application/json", r"something else \(application/json\), not"),
        (b"#EXTM3U\n", "", "a playlist, not"),
    ],
)
def test_what_is_no_page_is_refused(scrape: Scrape, content: bytes, content_type: str, words: str) -> None:
    with pytest.raises(UnsupportedMedia, match=words):
        scrape(content, Origin(url=ORIGIN.url, content_type=content_type))


def test_files_that_are_no_pages(scrape: Scrape, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedMedia, match="a film"):
        scrape(nasty.clip(tmp_path / "clip.mp4").read_bytes())
    with pytest.raises(UnreadableMedia, match="empty"):
        scrape(b"")
    # The bytes weigh more than what the server says.
    assert scrape("<title>x</title>", Origin(content_type="text/plain"))["page_title"] == "x"


SHAPE = {"images", "videos", "audio", "oembed", "page", "left_out", "is_truncated"}
PIECES = st.sampled_from(
    [
        b"<img src=", b"<script type=application/ld+json>", b'{"@type":"VideoObject","contentUrl":', b"</script>",
        b"'a b'", b'"//x/\xd0\xb6"', b"<meta property=og:image content=", b" srcset=", b">", b"<video poster=", b"</",
        b"<source src=", b"<base href=", b"<svg>", b"<template>", b"<title>", b" itemscope itemprop=", b"}",
        b" style=url(", b'"\\ud800"',
    ]
)  # fmt: skip


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(st.one_of(st.binary(max_size=400), st.lists(st.one_of(PIECES, st.binary(max_size=8))).map(b"".join)))
def test_any_bytes_give_a_refusal_or_the_whole_shape(scrape: Scrape, content: bytes) -> None:
    try:
        values = scrape(content)
    except (UnsupportedMedia, UnreadableMedia):
        return
    assert set(values) == {"hits", "page_title"} == set(OPERATION.info.results)
    assert set(values["hits"]) == SHAPE
    # A surrogate cannot be encoded.
    assert json.dumps(values, ensure_ascii=False).encode()
    assert "\x00" not in (values["page_title"] or "")
    for group in ("images", "videos", "audio"):
        for hit in values["hits"][group]:
            assert hit["url"].startswith(("http://", "https://"))
            assert hit["url"].isascii()


def test_more_hits_than_are_told(scrape: Scrape, monkeypatch: pytest.MonkeyPatch) -> None:
    markup = "".join(f"<img src={number}.jpg>" for number in range(1500)) + "<video src=a.mp4></video>"
    values = scrape(markup)["hits"]
    assert (len(values["images"]), values["left_out"]["images"], values["is_truncated"]) == (1000, 500, False)
    assert values["images"][-1]["url"] == "https://example.com/news/999.jpg"
    assert len(values["videos"]) == 1
    monkeypatch.setattr(hits, "MAX_REFERENCES", 1200)
    values = scrape(markup)["hits"]
    assert (len(values["images"]), values["left_out"]["images"], values["is_truncated"]) == (1000, 200, True)


def test_pages_made_to_stall_the_parser_end_early(scrape: Scrape, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = "<img src=a.jpg>" + "<x>" * 30_000 + "</y>" * 15_000 + "<img src=b.jpg>"
    monkeypatch.setattr(page, "MAX_SEARCH_STEPS", 10**8)
    values = scrape(bomb)
    assert (addresses(values), values["hits"]["is_truncated"]) == (["news/a.jpg"], True)
    # Without the guard it is read to its end, in time that grows with the square of its length.
    monkeypatch.setattr(page, "MAX_SEARCH_STEPS", 10**18)
    assert addresses(scrape(bomb)) == ["news/a.jpg", "news/b.jpg"]


def test_pages_nested_too_deep_end_early(scrape: Scrape) -> None:
    values = scrape("<img src=a.jpg>" + "<div>" * 150_000 + "<img src=b.jpg>")
    assert (addresses(values), values["hits"]["is_truncated"]) == (["news/a.jpg"], True)
    assert addresses(scrape("<div>" * 50_000 + "<img src=b.jpg>")) == ["news/b.jpg"]


def test_long_pages_are_read_as_far_as_allowed(scrape: Scrape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "MAX_PAGE_BYTES", 100_000)
    values = scrape("<img src=a.jpg>" + " " * 100_000 + "<img src=b.jpg>")
    assert (addresses(values), values["hits"]["is_truncated"]) == (["news/a.jpg"], True)


def test_items_within_items_under_two_names_are_read_once(scrape: Scrape, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hits, "MAX_REFERENCES", 1000)
    depth = 12
    markup = "<div itemscope itemprop='image logo'>" * depth + "<link itemprop=url href=a.jpg>" + "</div>" * depth
    assert addresses(scrape(markup)) == ["news/a.jpg"]
    # What is guarded against: an item that is handed on under both names is read 2 ** 12 times.
    twice: dict[str, Any] = {"url": "a.jpg"}
    for _ in range(depth):
        twice = {"image": twice, "logo": twice}
    found = finder.Finder(page.Addresses(ORIGIN.url, "utf-8"))
    structured.find_media(twice, found, "microdata", 1)
    assert found.hits.is_full


@pytest.mark.parametrize(
    "script",
    [
        "[" * 100_000,
        '{"image": ' * 100_000,
        '["' + '\\"' * 1_000_000,
        '{"image": "b.jpg", "width": 1e400, "height": ' + "9" * 5000 + "}",
        '{"image": {"url": "b.jpg", "width": 1e400, "height": NaN, "name": "\\ud800\\u0000"}}',
    ],
)
def test_hostile_json(scrape: Scrape, script: str) -> None:
    values = scrape(f"<script type=application/ld+json>{script}</script><img src=a.jpg>")
    assert addresses(values)[-1] == "news/a.jpg"
    json.dumps(values, allow_nan=False)


def test_every_process_tells_the_same(tmp_path: Path) -> None:
    """Python draws anew in each process how texts are hashed."""
    source = tmp_path / "page.html"
    source.write_text('<html><meta property="og:image" name="twitter:image" content="http://a.com/1.png"><p>Text')
    program = "import pathlib, sys; from django_mediacloud.engine.pages.page import read_page; "
    program += "print(read_page(pathlib.Path(sys.argv[1]), url='').hits['images'])"
    told = {
        subprocess.run(
            [sys.executable, "-c", program, source],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for seed in range(1, 7)
    }
    assert len(told) == 1
    assert "'source': 'og'" in told.pop()


def test_entities_do_not_multiply(scrape: Scrape) -> None:
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    markup = f'<!DOCTYPE html [<!ENTITY e0 "x">{entities}]><title>&e9;</title><img src="a.jpg">'
    values = scrape(markup)
    assert addresses(values) == ["news/a.jpg"]
    assert len(values["page_title"]) < 10


def test_through_the_sandbox(tmp_path: Path) -> None:
    source, workdir = tmp_path / "page", tmp_path / "work"
    source.write_bytes("<title>Привет</title><img src='ж.jpg'>".encode("koi8-r"))
    workdir.mkdir()
    origin = Origin(url="https://example.com/moved/", content_type="text/html", charset="koi8-r")
    outcome = run_operation(
        "html.scrape",
        parameters={"url": "https://example.com/asked"},
        inputs={"url": [source]},
        origins={"url": [origin]},
        workdir=workdir,
    )
    assert outcome.values["page_title"] == "Привет"
    assert addresses(dict(outcome.values)) == ["moved/%D0%B6.jpg"]
    assert (outcome.files, list(workdir.iterdir())) == ((), [])
