"""The built-in detector: OpenCV's HOG people detector and cascades as votes on crops of what moves.

On whole pictures these are slow and wrong most of the time; on the crop of a moving blob they are a fair vote.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from embedded_server.detector.base import DetectorError, Finding, Frame, Picture
from embedded_server.detector.naming import PERSON, VEHICLE
from embedded_server.detector.tracking import MODEL_TRACKS

if TYPE_CHECKING:
    from embedded_server.services.model import Box

NAME = "builtin"

_PERSON_PX = 110
"""Height of the person in the 128 px window; without this margin HOG finds next to nothing."""
_PADDING = 0.35
_SCORE = 0.5
_MIN_FACE_PX, _MIN_PLATE_PX = 60, 80


class OpenCvDetector:
    """Looks at regions; says ``person`` where HOG or a face speaks for one, ``vehicle`` where a plate does."""

    name = NAME
    needs_regions = True
    thresholds = MODEL_TRACKS

    def __init__(self) -> None:
        self._hog = cv2.HOGDescriptor()
        people = cv2.HOGDescriptor.getDefaultPeopleDetector()  # type: ignore[no-untyped-call,unused-ignore]
        self._hog.setSVMDetector(np.asarray(people, np.float32))
        self._faces = _cascade("haarcascade_frontalface_default.xml")
        self._plates = _cascade("haarcascade_russian_plate_number.xml")

    def detect(self, frame: Frame, regions: tuple[Box, ...] = ()) -> list[Finding]:
        """At most one finding for each region; its box is the region."""
        picture = frame.bgr() if regions else None
        found = []
        for region in regions:
            assert picture is not None
            if (vote := self._vote(picture, region)) is not None:
                found.append(Finding(region, *vote))
        return found

    def _vote(self, picture: Picture, region: Box) -> tuple[str, float] | None:
        height, width = picture.shape[:2]
        x, y = int(region.x * width), int(region.y * height)
        w, h = int(region.width * width), int(region.height * height)
        if w < 6 or h < 12:
            return None
        score = self._person_score(picture, x, y, w, h)
        if score > _SCORE:
            return PERSON, min(1.0, 0.5 + score / 4)
        return self._by_cascade(picture[y : y + h, x : x + w])

    def _person_score(self, picture: Picture, x: int, y: int, w: int, h: int) -> float:
        """Best HOG score in the crop, padded and scaled so that a person of its height fits the window."""
        margin = int(h * _PADDING)
        top, left = y - margin, x - margin
        bottom, right = y + h + margin, x + w + margin
        above, below = max(0, -top), max(0, bottom - picture.shape[0])
        before, after = max(0, -left), max(0, right - picture.shape[1])
        crop = picture[max(top, 0) : bottom, max(left, 0) : right]
        scale = _PERSON_PX / h
        out_width = max(72, round((right - left) * scale))
        out_height = max(136, round((bottom - top) * scale))
        if out_width > 640:  # far wider than any person
            return 0.0
        padded = cv2.copyMakeBorder(crop, above, below, before, after, cv2.BORDER_REFLECT_101)
        scaled = cv2.resize(padded, (out_width, out_height), interpolation=cv2.INTER_AREA)
        _, weights = self._hog.detectMultiScale(
            scaled, hitThreshold=0.0, winStride=(4, 4), padding=(0, 0), scale=1.08, groupThreshold=0
        )
        return float(np.max(weights)) if len(weights) else 0.0

    def _by_cascade(self, crop: Picture) -> tuple[str, float] | None:
        height, width = crop.shape[:2]
        grey = np.asarray(cv2.cvtColor(crop, cv2.COLOR_BGR2GRAY), np.uint8)
        upper = grey[: height // 2]
        if height >= 2 * _MIN_FACE_PX and len(
            self._faces.detectMultiScale(upper, 1.15, 6, minSize=(24, 24))
        ):
            return PERSON, 0.6
        if width >= 2 * _MIN_PLATE_PX and len(
            self._plates.detectMultiScale(grey, 1.15, 4, minSize=(40, 13))
        ):
            return VEHICLE, 0.6
        return None


def _cascade(name: str) -> cv2.CascadeClassifier:
    path = Path(cv2.__file__).parent / "data" / name
    cascade = cv2.CascadeClassifier(str(path))
    if cascade.empty():
        raise DetectorError(
            f"OpenCV's cascade {name} is missing. Install the package opencv-python-headless again."
        )
    return cascade
