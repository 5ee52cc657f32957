"""Detects faces with OpenCV's cascades. The wheel of version 4 contains them, so nothing is downloaded.

A cascade slides a window over the picture, at every size, and a face makes it answer in many windows around it: how
many agree says how sure it is. It knows faces that stand upright, tilted by 10 degrees or so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from ..exceptions import EngineUnavailable
from .extras import optional

cv2 = optional("cv2", extra="faces")
np = optional("numpy")

Kind = Literal["frontal", "profile"]

_CASCADES: dict[Kind, str] = {
    # Measured on 25 pictures without faces: "default" saw six in coins and one in cells, this one none.
    "frontal": "haarcascade_frontalface_alt2.xml",
    "profile": "haarcascade_profileface.xml",
}
_SCALE_STEP = 1.1
_LEAST_BESIDES = 4
"""Windows that agree besides the first. On those pictures, up to four agreed where no face was."""
_HALF_SURE = 5
_MIN_SIDE_PX, _MIN_SHARE = 24, 0.03
"""The cascades' own window is of 20 pixels."""
_SAME_FACE = 0.1
"""Two boxes that share more of their common area show one face."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Face:
    """Its box in pixels of the picture searched, from the top left. ``confidence`` is 0.5 to 1."""

    kind: Kind
    left: int
    top: int
    width: int
    height: int
    confidence: float


def find_faces(grey: Any, *, threads: int) -> list[Face]:
    """The faces in ``grey``, an array of height x width bytes; the surest first, none twice.

    With ``n`` windows that agree, the confidence is ``n / (n + 5)``: 0.5 for the five that it takes at least, 0.8 for
    20. It orders what was found and is no probability. Faces of less than 24 pixels, or less than 3 % of the shorter
    side, are not looked for. ``EngineUnavailable`` where OpenCV or its cascades are missing.
    """
    cv2.setNumThreads(threads)
    cv2.ocl.setUseOpenCL(False)
    least = max(_MIN_SIDE_PX, round(min(grey.shape) * _MIN_SHARE))
    if min(grey.shape) < least:
        return []
    frontal, profile = (_load(name) for name in _CASCADES.values())
    mirrored = np.ascontiguousarray(grey[:, ::-1])
    found = [
        *_answers(frontal, grey, "frontal", least),
        *_answers(profile, grey, "profile", least),
        # It knows faces that look to one side only.
        *(_mirrored(face, grey.shape[1]) for face in _answers(profile, mirrored, "profile", least)),
    ]
    return _each_once(found)


def _load(name: str) -> Any:
    try:
        path = Path(cv2.data.haarcascades) / name
        cascade = cv2.CascadeClassifier(str(path))
    except AttributeError as error:
        # OpenCV 5 has neither.
        raise EngineUnavailable(_without_cascades()) from error
    if cascade.empty():
        raise EngineUnavailable(_without_cascades())
    return cascade


def _without_cascades() -> str:
    version = cv2.getVersionString()
    return f"OpenCV {version} has no cascades that find faces. django-mediacloud[faces] installs one that has."


def _answers(cascade: Any, grey: Any, kind: Kind, least: int) -> Iterator[Face]:
    boxes, counts = cascade.detectMultiScale2(
        grey, scaleFactor=_SCALE_STEP, minNeighbors=_LEAST_BESIDES, minSize=(least, least)
    )
    for (left, top, width, height), count in zip(boxes, counts, strict=True):
        confidence = int(count) / (int(count) + _HALF_SURE)
        yield Face(kind=kind, left=int(left), top=int(top), width=int(width), height=int(height), confidence=confidence)


def _mirrored(face: Face, width: int) -> Face:
    return Face(
        kind=face.kind,
        left=width - face.left - face.width,
        top=face.top,
        width=face.width,
        height=face.height,
        confidence=face.confidence,
    )


def _each_once(found: list[Face]) -> list[Face]:
    ordered = sorted(found, key=lambda face: (-face.confidence, face.kind, face.top, face.left))
    boxes = [(face.left, face.top, face.width, face.height) for face in ordered]
    kept = cv2.dnn.NMSBoxes(boxes, [face.confidence for face in ordered], 0.0, _SAME_FACE)
    return [ordered[number] for number in sorted(int(number) for number in kept)]
