from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import cv2
import numpy as np

from embedded_server.detector.camera_motion import CameraMotion
from tests.unit.embedded_server.detector.test_motion import SCENE, with_person

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded_server.detector.motion import Grey


def moves(pictures: Sequence[Grey]) -> list[bool]:
    camera = CameraMotion()
    return [camera.update(a, b) for a, b in itertools.pairwise(pictures)]


def zoomed(scale: float) -> Grey:
    matrix = cv2.getRotationMatrix2D((160, 90), 0, scale)
    out = cv2.warpAffine(SCENE, matrix, (320, 180), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(out, np.uint8)


def test_a_slow_zoom_is_known_from_the_third_picture_on() -> None:
    assert moves([zoomed(1 + 0.012 * n) for n in range(8)]) == [False, False, *[True] * 5]


def test_a_pan_is_known() -> None:
    assert all(moves([np.roll(SCENE, 3 * n, 1) for n in range(8)])[2:])


def test_a_pole_in_the_wind_is_not_taken_for_a_pan() -> None:
    swaying = [np.roll(SCENE, 1 if n % 2 else -1, 1) for n in range(10)]
    assert not any(moves(swaying))


def test_somebody_who_walks_by_does_not_move_the_camera() -> None:
    assert not any(moves([with_person(SCENE, 20 + 10 * n) for n in range(12)]))


def test_a_blank_wall_says_nothing() -> None:
    assert not any(moves([np.full((180, 320), 90, np.uint8)] * 6))
