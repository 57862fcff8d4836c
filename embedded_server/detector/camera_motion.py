"""Whether the camera itself moves: most of the still texture goes one way, or grows, from picture to picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Grey = npt.NDArray[np.uint8]

_POINTS = 80
_LEAST_POINTS = 16
_INLIERS = 0.6
_SPREAD = 0.25


class CameraMotion:
    """Follows points over two pictures; believes a movement that three in a row agree on.

    A pole in the wind trembles to and fro and is no movement; pan, tilt and zoom go on in one direction.
    """

    def __init__(self, *, scale: float = 0.004, shift_px: float = 1.2, pictures: int = 3) -> None:
        self._scale = scale
        self._shift_px = shift_px
        self._pictures = pictures
        self._steps: list[tuple[float, float, float]] = []

    def update(self, before: Grey, now: Grey) -> bool:
        """Whether the camera moves, as of these two pictures."""
        step = _step(before, now)
        self._steps = [*self._steps, step][-self._pictures :] if step else []
        if len(self._steps) < self._pictures:
            return False
        growth = [math.log(scale) for scale, _, _ in self._steps]
        zooms = all(g > self._scale for g in growth) or all(g < -self._scale for g in growth)
        mean_x = sum(x for _, x, _ in self._steps) / self._pictures
        mean_y = sum(y for _, _, y in self._steps) / self._pictures
        least = min(math.hypot(x, y) for _, x, y in self._steps)
        pans = math.hypot(mean_x, mean_y) > self._shift_px and least > self._shift_px / 2
        return zooms or pans

    def forget(self) -> None:
        """Pictures were left out."""
        self._steps.clear()


def _step(before: Grey, now: Grey) -> tuple[float, float, float] | None:
    """Scale, and shift of the middle, that most points agree on; None when they do not."""
    # cv2's types hide that both calls may give None
    points: Any = cv2.goodFeaturesToTrack(before, _POINTS, 0.01, 8)
    if points is None or len(points) < _LEAST_POINTS:
        return None
    there, found, _ = cv2.calcOpticalFlowPyrLK(
        before, now, points, np.zeros_like(points), winSize=(15, 15), maxLevel=2
    )
    good = found.ravel() > 0
    if np.count_nonzero(good) < _LEAST_POINTS:
        return None
    source, target = points[good].reshape(-1, 2), there[good].reshape(-1, 2)
    fit: Any = cv2.estimateAffinePartial2D(source, target, ransacReprojThreshold=0.8)
    matrix, inliers = fit
    if matrix is None or float(np.mean(inliers)) < _INLIERS:
        return None
    height, width = now.shape
    agreeing = source[inliers.ravel() > 0]
    spread = np.prod(np.ptp(agreeing, axis=0)) / (width * height)
    if spread < _SPREAD:
        return None
    middle = np.array([width / 2, height / 2, 1.0])
    moved = matrix @ middle - middle[:2]
    return float(np.hypot(matrix[0, 0], matrix[1, 0])), float(moved[0]), float(moved[1])
