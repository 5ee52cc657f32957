from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image

from django_mediacloud.engine.faces import find_faces
from tests.media import RealMedia

SEARCH = """
import numpy
from django_mediacloud.engine.faces import find_faces
from django_mediacloud.exceptions import EngineUnavailable
try:
    find_faces(numpy.zeros((100, 100), numpy.uint8), threads=1)
except EngineUnavailable as error:
    print(error)
"""


def grey(path: Path) -> Any:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("L"))


def said_after(preparation: str) -> str:
    """What a search says in a process of its own."""
    command = [sys.executable, "-c", preparation + SEARCH]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_a_face_is_found_once(real_media: RealMedia) -> None:
    """Both cascades answer, the frontal one at more places."""
    (face,) = find_faces(grey(real_media.portrait), threads=2)
    assert face.kind == "frontal"
    assert 0.8 < face.confidence < 1
    assert (face.left, face.top) == (pytest.approx(177, abs=8), pytest.approx(66, abs=8))
    assert face.width == face.height == pytest.approx(97, abs=10)


def test_profiles_are_found_whichever_way_they_look(real_media: RealMedia) -> None:
    picture = grey(real_media.profile)
    (one,), (other,) = (find_faces(seen, threads=2) for seen in (picture, picture[:, ::-1]))
    assert one.kind == other.kind == "profile"
    assert (one.top, one.width, one.height, one.confidence) == (other.top, other.width, other.height, other.confidence)
    assert one.left + one.width == 512 - other.left
    assert (one.left + one.width / 2, one.top + one.height / 2) == pytest.approx((228, 150), abs=12)


def test_the_order_is_the_same_however_many_threads_search(real_media: RealMedia) -> None:
    picture = np.hstack([grey(real_media.profile)[50:306, 80:336], grey(real_media.portrait)[:256, 100:356]])
    faces = find_faces(picture, threads=1)
    assert [face.kind for face in faces] == ["frontal", "profile"]
    assert find_faces(picture, threads=2) == faces
    assert cv2.getNumThreads() == 2
    assert not cv2.ocl.useOpenCL()


@pytest.mark.parametrize("shape", [(1, 1), (1, 30_000), (30_000, 1), (23, 23), (24, 24), (24, 2_000)])
def test_where_no_face_has_room(shape: tuple[int, int]) -> None:
    noise = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    assert find_faces(noise, threads=1) == []


def test_a_temple_has_no_face(real_media: RealMedia) -> None:
    assert find_faces(grey(real_media.photo), threads=2) == []


def test_without_opencv_the_extra_is_named() -> None:
    said = said_after("import sys; sys.modules['cv2'] = None")
    assert said.startswith("The engine needs cv2, which cannot be imported")
    assert said.endswith("It comes with django-mediacloud[faces].")


@pytest.mark.parametrize(
    "preparation",
    [
        # OpenCV 5 has neither the class nor the files.
        "import cv2; del cv2.CascadeClassifier",
        "import cv2; cv2.data.haarcascades = '/nowhere'",
    ],
)
def test_an_opencv_without_cascades_is_refused(preparation: str) -> None:
    assert said_after(preparation) == (
        f"OpenCV {cv2.__version__} has no cascades that find faces. django-mediacloud[faces] installs one that has."
    )
