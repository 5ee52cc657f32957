"""Files that make a media library read other files or hosts. Each attack is first shown to work without the guard."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import av
import imageio_ffmpeg
import pytest
from PIL import Image

from django_mediacloud.engine.ffmpeg import GUARD, file_url, run_ffmpeg
from django_mediacloud.engine.frames import frame_at
from django_mediacloud.engine.limits import Limits
from django_mediacloud.engine.probe import GUARD_OPTIONS, open_media, probe
from django_mediacloud.exceptions import MediaError, UnreadableMedia

from . import nasty


class Victim:
    """An HTTP server of the inner network; ``hits`` are the paths that were asked of it."""

    def __init__(self) -> None:
        self.hits: list[str] = []
        hits = self.hits

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hits.append(self.path)
                self.send_error(404)

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture
def victim() -> Iterator[Victim]:
    victim = Victim()
    yield victim
    victim.server.shutdown()
    victim.server.server_close()


def bare(source: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """ffmpeg as it comes."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", *options, "-i", str(source)]
    return subprocess.run(
        [*command, "-frames:v", "1", "-f", "null", "-"], capture_output=True, text=True, check=False, timeout=60
    )


def assert_refused(source: Path, folder: Path) -> None:
    """By the probe, by the search for frames, and by ffmpeg as we run it."""
    for attempt in (probe, lambda path: frame_at(path, 0.0)):
        with pytest.raises(UnreadableMedia):
            attempt(source)
    with pytest.raises(MediaError):
        run_ffmpeg([*GUARD, "-i", file_url(source), "-f", "null", "-"], limits=Limits(), cwd=folder)


def web_playlist(folder: Path, victim: Victim, name: str = "list.m3u8") -> Path:
    path = folder / name
    path.write_text(f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:2.0,\n{victim.address}secret.ts\n#EXT-X-ENDLIST\n")
    return path


def test_playlist_that_reads_another_local_file(tmp_path: Path) -> None:
    source = nasty.n18_playlist(tmp_path)
    assert bare(source).returncode == 0
    # The protocols alone do not help: only the list of formats does.
    assert bare(source, "-protocol_whitelist", "file,pipe").returncode == 0
    with av.open(str(source)) as container:
        assert next(container.decode(video=0)).width == 160
    assert_refused(source, tmp_path)


def test_playlist_in_a_file_object_that_asks_another_host(tmp_path: Path, victim: Victim) -> None:
    source = web_playlist(tmp_path, victim)
    with source.open("rb") as file, pytest.raises(av.error.FFmpegError):
        av.open(file)
    assert victim.hits  # the request went out, whatever became of it
    victim.hits.clear()
    with source.open("rb") as file, pytest.raises(av.error.FFmpegError):
        av.open(file, options=dict(GUARD_OPTIONS))
    assert_refused(source, tmp_path)
    assert victim.hits == []


def test_playlist_that_asks_another_host(tmp_path: Path, victim: Victim) -> None:
    source = web_playlist(tmp_path, victim)
    bare(source, "-protocol_whitelist", "file,http,tcp")
    assert victim.hits
    victim.hits.clear()
    assert_refused(source, tmp_path)
    assert victim.hits == []


def test_manifest_that_asks_another_host(tmp_path: Path, victim: Victim) -> None:
    source = nasty.n20_manifest(tmp_path, victim.address)
    bare(source, "-protocol_whitelist", "file,http,tcp")
    assert victim.hits
    victim.hits.clear()
    assert_refused(source, tmp_path)
    assert victim.hits == []


def test_concat_list_named_as_a_film(tmp_path: Path) -> None:
    source = nasty.n19_concat(tmp_path)
    assert bare(source).returncode == 0
    assert bare(source, "-protocol_whitelist", "file,pipe").returncode == 0
    with av.open(str(source)) as container:
        assert container.format.name == "concat"
    assert_refused(source, tmp_path)


def test_name_that_is_a_pattern_of_other_files(tmp_path: Path) -> None:
    """``image2`` reads pic1.png where pic%d.png was sent."""
    Image.new("RGB", (64, 48), "red").save(tmp_path / "pic1.png")
    source = tmp_path / "pic%d.png"
    source.write_bytes(b"anything")
    assert bare(source).returncode == 0
    assert_refused(source, tmp_path)


def test_drawing_reaches_no_parser_of_xml(tmp_path: Path) -> None:
    source = nasty.n22_svg(tmp_path)
    # By its name alone, a demuxer takes it for a picture: a build with librsvg would draw it.
    with av.open(str(source)) as container:
        assert container.format.name == "image2"
    assert_refused(source, tmp_path)


def test_honest_files_of_every_format_still_open(tmp_path: Path) -> None:
    nasty.clip(tmp_path / "a.mp4")
    names = ["b.mov", "b.mkv", "b.avi", "b.flv", "b.ts", "b.mpg", "b.webm", "b.ogv", "b.wmv", "b.mxf", "b.gif"]
    for name in names:
        nasty.ffmpeg(tmp_path / name, "-i", str(tmp_path / "a.mp4"), "-t", "0.5")
    for name in ("s.mp3", "s.m4a", "s.wav", "s.flac", "s.ogg", "s.opus", "s.aac", "s.aiff", "s.ac3", "s.wma", "s.caf"):
        names.append(name)
        nasty.ffmpeg(tmp_path / name, "-f", "lavfi", "-i", "sine=d=0.5")
    for name in names:
        with open_media(tmp_path / name) as container:
            assert container.streams
        run_ffmpeg([*GUARD, "-i", file_url(tmp_path / name), "-f", "null", "-"], limits=Limits(), cwd=tmp_path)
