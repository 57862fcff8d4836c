"""What moves: a background model that light, noise and standing people do not fool.

Settings and traps as measured in the detection spike: running mean and deviation per pixel, gain and
offset compensated, "light, not an object" by local correlation, no learning under the foreground.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import numpy.typing as npt

from embedded_server.detector.camera_motion import CameraMotion
from embedded_server.services.model import Box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from embedded_server.services.model import Polygon

Grey = npt.NDArray[np.uint8]
Plane = npt.NDArray[np.float32]
Mask = npt.NDArray[np.uint8]

WIDTH, HEIGHT = 320, 180
"""Averaging into this size before anything else is what kills noise."""
CELLS_X, CELLS_Y = 32, 18
_SATURATED, _BLACK = 250.0, 5.0


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """Thresholds in grey levels, pixels of 320x180, and seconds."""

    floor: float = 14.0
    deviations: float = 4.0
    texture: float = 4.0
    correlation: float = 0.9
    window_px: int = 15
    margin_px: int = 4
    learning: float = 0.03
    absorb_s: float = 60.0
    min_blob_px: int = 70
    join_above_px: int = 6
    step_level: float = 12.0
    reset_share: float = 0.20
    reset_frames: int = 3
    moved_share: float = 0.5
    moved_frames: int = 3
    suspect_share: float = 0.12
    hold_s: float = 2.0
    ghost_age_s: float = 1.5
    ghost_ratio: float = 1.8
    ghost_calm: float = 1.5
    soft_edge: float = 28.0


@dataclass(frozen=True, slots=True)
class Blob:
    """Foreground that hangs together; ``share`` is the part of the picture that it fills."""

    box: Box
    share: float


@dataclass(frozen=True, slots=True)
class Motion:
    """What one picture says: blobs, and whether they can be believed.

    ``is_held`` is true while the background settles: in the first seconds, after a reset and while the camera moves.
    """

    blobs: tuple[Blob, ...]
    is_held: bool
    light_changed: bool
    camera_moved: bool
    cells: npt.NDArray[np.bool_]

    @property
    def largest(self) -> float:
        """Share of the picture that the largest blob fills."""
        return max((blob.share for blob in self.blobs), default=0.0)


@dataclass(frozen=True, slots=True)
class Light:
    """The picture's light against the background's: ``now = gain * background + offset``."""

    gain: float = 1.0
    offset: float = 0.0


def fit_light(background: Plane, now: Plane) -> Light:
    """Gain and offset between two coarse pictures, from the 60 % of cells that agree.

    Saturated cells are left out: they say nothing about the light.
    """
    b, n = background.ravel(), now.ravel()
    usable = (b < 245) & (n < 245) & (b > 6) & (n > 2)
    if np.count_nonzero(usable) < b.size // 8:
        return Light()
    b, n = b[usable], n[usable]
    light = _first_guess(b, n)
    for _ in range(3):
        wrong = np.abs(n - (light.gain * b + light.offset))
        agree = wrong <= np.partition(wrong, int(wrong.size * 0.6))[int(wrong.size * 0.6)]
        light = _least_squares(b[agree], n[agree])
    return light


def _first_guess(b: Plane, n: Plane) -> Light:
    by_offset = Light(1.0, float(np.median(n - b)))
    by_gain = Light(float(np.clip(np.median(n / b), 0.2, 5.0)), 0.0)
    return min(
        (by_offset, by_gain), key=lambda g: float(np.median(np.abs(n - g.gain * b - g.offset)))
    )


def _least_squares(b: Plane, n: Plane) -> Light:
    mean_b, mean_n = float(b.mean()), float(n.mean())
    spread = float(((b - mean_b) ** 2).mean())
    if spread < 25.0:  # a flat picture cannot tell gain from offset
        return Light(1.0, mean_n - mean_b)
    gain = float(((b - mean_b) * (n - mean_n)).mean()) / spread
    gain = min(max(gain, 0.2), 5.0)
    return Light(gain, mean_n - gain * mean_b)


def rasterise(polygons: Sequence[Polygon]) -> Mask | None:
    """255 where motion counts, 0 inside the polygons; None when there are none."""
    if not polygons:
        return None
    mask = np.full((HEIGHT, WIDTH), 255, np.uint8)
    scale = np.array([WIDTH, HEIGHT], np.float64)
    points = [np.round(np.array(polygon) * scale).astype(np.int32) for polygon in polygons]
    cv2.fillPoly(mask, points, (0,))
    return mask


class MotionModel:
    """The background of one camera; fed with grey pictures of 320x180 and seconds of media time."""

    def __init__(
        self, settings: MotionSettings | None = None, *, masks: Sequence[Polygon] = ()
    ) -> None:
        self._s = settings or MotionSettings()
        self._allowed = rasterise(masks)
        self._mean: Plane | None = None
        self._deviation: Plane = np.full((HEIGHT, WIDTH), 2.0, np.float32)
        self._age: Plane = np.zeros((HEIGHT, WIDTH), np.float32)
        self._activity: Plane = np.zeros((HEIGHT, WIDTH), np.float32)
        self._previous: Plane = self._activity
        self._light = Light()
        self._last_s = 0.0
        self._held_until_s = 0.0
        self._frames_since_step = 1_000
        self._moved_frames = 0
        self._moved_s = float("-inf")
        self._camera = CameraMotion()
        margin = 2 * self._s.margin_px + 1
        self._margin = np.ones((margin, margin), np.uint8)
        self._opening = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
        self._near = np.ones((3, 3), np.uint8)
        self._joining = np.ones((self._s.join_above_px + 1, 3), np.uint8)

    def update(self, grey: Grey, now_s: float) -> Motion:
        """Compare one picture with the background, then learn from it."""
        now = grey.astype(np.float32)
        mean = self._mean
        if mean is None or now_s < self._last_s:
            self._restart(now, now_s)
            return self._nothing()
        dt = min(now_s - self._last_s, 1.0)
        self._last_s = now_s
        before, self._previous = self._previous, now
        self._activity += 0.3 * (np.abs(now - before) - self._activity)
        light = fit_light(_coarse(mean), _coarse(now))
        expected = np.clip(light.gain * mean + light.offset, 0.0, 255.0)
        foreground = self._foreground(now, mean, expected)
        stepped = self._note_step(mean, expected)
        share = cv2.countNonZero(foreground) / foreground.size
        cells = _cells(foreground)
        moves = self._camera_moves(cells, before, grey, now_s)
        if moves or (stepped and share > self._s.reset_share):
            self._restart(now, now_s)
            self._moved_s = now_s if moves else self._moved_s
            return self._nothing(light_changed=not moves, camera_moved=moves)
        self._learn(now, expected, foreground, dt)
        blobs = self._blobs(foreground, now, expected)
        return Motion(
            blobs=blobs,
            is_held=now_s < self._held_until_s,
            light_changed=stepped,
            camera_moved=False,
            cells=cells,
        )

    def _restart(self, now: Plane, now_s: float) -> None:
        self._mean = now.copy()
        self._previous = now
        self._deviation.fill(2.0)
        self._age.fill(0.0)
        self._light = Light()
        self._last_s = now_s
        self._held_until_s = now_s + self._s.hold_s
        self._frames_since_step = 1_000

    def _nothing(self, *, light_changed: bool = False, camera_moved: bool = False) -> Motion:
        cells = np.zeros((CELLS_Y, CELLS_X), np.bool_)
        return Motion((), True, light_changed, camera_moved, cells)

    def _foreground(self, now: Plane, mean: Plane, expected: Plane) -> Mask:
        difference = now - expected
        threshold = np.maximum(self._s.floor, self._s.deviations * self._deviation)
        # outside what the neighbouring pixels expect as well: a pole that trembles by a pixel moves nothing
        above = now - cv2.dilate(expected, self._near)
        below = cv2.erode(expected, self._near) - now
        differs = np.maximum(above, below) > threshold
        # what was saturated may be anything brighter now, what was black anything darker
        differs &= ~((mean >= _SATURATED) & (difference > 0))
        differs &= ~((mean <= _BLACK) & (difference < 0))
        mask: Mask = differs.astype(np.uint8) * np.uint8(255)
        if self._allowed is not None:
            mask &= self._allowed
        if cv2.countNonZero(mask) >= self._s.min_blob_px // 4:
            mask[self._is_only_light(now, expected)] = 0
            cv2.morphologyEx(mask, cv2.MORPH_OPEN, self._opening, dst=mask)
        return mask

    def _is_only_light(self, now: Plane, expected: Plane) -> npt.NDArray[np.bool_]:
        """Where both pictures have the same texture: shadow or lamp, not an object."""
        size = (self._s.window_px, self._s.window_px)
        mean_a, mean_b = cv2.blur(now, size), cv2.blur(expected, size)
        var_a = cv2.blur(now * now, size) - mean_a * mean_a
        var_b = cv2.blur(expected * expected, size) - mean_b * mean_b
        covariance = cv2.blur(now * expected, size) - mean_a * mean_b
        enough = self._s.texture**2
        product = np.maximum(var_a * var_b, 1e-3)
        alike = covariance > self._s.correlation * np.sqrt(product)
        result: npt.NDArray[np.bool_] = alike & (var_a > enough) & (var_b > enough)
        return result

    def _note_step(self, mean: Plane, expected: Plane) -> bool:
        """Whether the light jumped within the last few pictures."""
        level = float(np.median(expected[::4, ::4])) - float(np.median(mean[::4, ::4]))
        previous = self._light.offset
        self._light = Light(1.0, level)
        if abs(level - previous) > self._s.step_level:
            self._frames_since_step = 0
        else:
            self._frames_since_step += 1
        return self._frames_since_step < self._s.reset_frames

    def _camera_moves(
        self, cells: npt.NDArray[np.bool_], before: Plane, grey: Grey, now_s: float
    ) -> bool:
        """Most of the picture differs, or the points in it go one way.

        Points cost two milliseconds, so they are followed only when much differs or a movement has just been.
        """
        share = float(cells.mean())
        self._moved_frames = self._moved_frames + 1 if share > self._s.moved_share else 0
        if self._moved_frames >= self._s.moved_frames:
            return True
        if share < self._s.suspect_share and now_s - self._moved_s > self._s.hold_s:
            self._camera.forget()
            return False
        return self._camera.update(before.astype(np.uint8), grey)

    def _learn(self, now: Plane, expected: Plane, foreground: Mask, dt: float) -> None:
        assert self._mean is not None
        covered = cv2.dilate(foreground, self._margin) > 0
        rate = self._s.learning
        # all follows the light slowly, also what is covered; only the free part follows the picture
        self._mean += rate * (expected - self._mean)
        self._mean += np.where(covered, np.float32(0), rate * (now - expected))
        wrong = np.minimum(np.abs(now - expected), 40.0)
        self._deviation += np.where(covered, np.float32(0), rate * (wrong - self._deviation))
        is_foreground = foreground > 0
        self._age = np.where(is_foreground, self._age + dt, np.maximum(self._age - 2 * dt, 0))
        self._absorb(self._age > self._s.absorb_s, now)

    def _absorb(self, where: npt.NDArray[np.bool_], now: Plane) -> None:
        if self._mean is not None and where.any():
            self._mean[where] = now[where]
            self._deviation[where] = 2.0
            self._age[where] = 0.0

    def _blobs(self, foreground: Mask, now: Plane, expected: Plane) -> tuple[Blob, ...]:
        if cv2.countNonZero(foreground) < self._s.min_blob_px:
            return ()
        joined = cv2.dilate(foreground, self._joining)
        count, labels, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
        filled = np.bincount(labels[foreground > 0], minlength=count)
        found = []
        for index in range(1, count):
            pixels = int(filled[index])
            if pixels < self._s.min_blob_px:
                continue
            window = _window(stats[index])
            here = (labels[window] == index) & (foreground[window] > 0)
            rim = self._rim(here)
            if self._is_soft(rim, now[window] - expected[window]):
                continue
            if self._is_ghost(here, rim, window, now):
                continue
            found.append(Blob(_tight_box(here, window), pixels / foreground.size))
        return tuple(found)

    def _rim(self, here: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
        """Both sides of a blob's outline."""
        shape = here.astype(np.uint8)
        ring = self._margin[:5, :5]
        rim: npt.NDArray[np.bool_] = cv2.dilate(shape, ring) > cv2.erode(shape, ring)
        return rim

    def _is_soft(self, rim: npt.NDArray[np.bool_], difference: Plane) -> bool:
        """Whether it fades in over many pixels, as the edge of a cloud's shadow does and no object."""
        return float(np.percentile(_edges(difference)[rim], 75)) < self._s.soft_edge

    def _is_ghost(
        self,
        here: npt.NDArray[np.bool_],
        rim: npt.NDArray[np.bool_],
        window: tuple[slice, slice],
        now: Plane,
    ) -> bool:
        """Whether something left its place here: the edges are in the background, not in the picture.

        Such a place is learnt at once.
        """
        assert self._mean is not None
        if float(np.median(self._age[window][here])) < self._s.ghost_age_s:
            return False
        calm = float(np.median(self._activity[::3, ::3])) * self._s.ghost_calm + 0.5
        if (
            float(self._activity[window][rim].mean()) > calm
        ):  # something stirs: somebody stands here
            return False
        in_picture = float(_edges(now[window])[rim].mean())
        in_background = float(_edges(self._mean[window])[rim].mean())
        if in_background < self._s.ghost_ratio * in_picture:
            return False
        whole = np.zeros_like(now, np.bool_)
        whole[window] = cv2.dilate(here.astype(np.uint8), self._margin) > 0
        self._absorb(whole, now)
        return True


def _coarse(plane: Plane) -> Plane:
    coarse: Any = cv2.resize(plane, (CELLS_X, CELLS_Y), interpolation=cv2.INTER_AREA)
    result: Plane = coarse
    return result


def _cells(foreground: Mask) -> npt.NDArray[np.bool_]:
    coarse: Any = cv2.resize(foreground, (CELLS_X, CELLS_Y), interpolation=cv2.INTER_AREA)
    result: npt.NDArray[np.bool_] = coarse > 255 * 0.15
    return result


def _edges(plane: Plane) -> Plane:
    x = cv2.Sobel(plane, cv2.CV_32F, 1, 0)
    y = cv2.Sobel(plane, cv2.CV_32F, 0, 1)
    result: Plane = np.abs(x) + np.abs(y)
    return result


def _window(stats: Any) -> tuple[slice, slice]:
    x, y, width, height = (int(stats[i]) for i in range(4))
    return slice(y, y + height), slice(x, x + width)


def _tight_box(here: npt.NDArray[np.bool_], window: tuple[slice, slice]) -> Box:
    rows, columns = np.flatnonzero(here.any(axis=1)), np.flatnonzero(here.any(axis=0))
    top, left = window[0].start + int(rows[0]), window[1].start + int(columns[0])
    height, width = int(rows[-1] - rows[0]) + 1, int(columns[-1] - columns[0]) + 1
    return Box(left / WIDTH, top / HEIGHT, width / WIDTH, height / HEIGHT)
