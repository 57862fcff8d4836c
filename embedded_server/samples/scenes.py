"""The sample scenes: what each camera sees at a moment.

A scene is a function of wall time alone, so that every client sees the same picture and a restart goes on where
the clock is. Movers come and go with pauses, because an empty scene is what a detector must also get right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from embedded_server.samples.figures import Person, Vehicle, draw_person, draw_vehicle

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH, HEIGHT = 960, 540
_NOISE_ZERO = 20


class Scene(Protocol):
    """Draws one camera's picture."""

    name: str

    def draw(self, at_s: float) -> NDArray[np.uint8]:
        """The picture at a wall time in seconds since 1970: 540 × 960 × 3, blue green red."""


@dataclass(frozen=True, slots=True)
class Walk:
    """Somebody crosses the picture again and again: every ``period_s`` for ``duration_s``."""

    period_s: float
    duration_s: float
    offset_s: float
    start: tuple[float, float]
    end: tuple[float, float]

    def progress(self, at_s: float) -> float | None:
        """How far they are, 0 to 1; None while nobody is there."""
        seconds = (at_s + self.offset_s) % self.period_s
        return seconds / self.duration_s if seconds < self.duration_s else None

    def position(self, progress: float) -> tuple[float, float]:
        """Where, in pixels."""
        (x0, y0), (x1, y1) = self.start, self.end
        return x0 + (x1 - x0) * progress, y0 + (y1 - y0) * progress

    @property
    def facing(self) -> int:
        """1 to the right, -1 to the left."""
        return 1 if self.end[0] >= self.start[0] else -1


class MainGate:
    """A barrier at a gatehouse: cars come, the barrier opens; people pass on the pavement."""

    name = "Main gate"

    def __init__(self) -> None:
        self._ground = _gate_background()
        self._cars = (
            (Walk(38, 15, 0, (-220, 432), (WIDTH + 220, 432)), (60, 52, 168), False),
            (Walk(47, 16, 20, (WIDTH + 260, 486), (-260, 486)), (188, 186, 182), True),
        )
        self._people = (
            (Walk(53, 34, 8, (-40, 372), (WIDTH + 40, 366)), (92, 66, 40), (58, 50, 46)),
            (Walk(71, 40, 40, (WIDTH + 40, 360), (-40, 368)), (40, 84, 196), (92, 80, 70)),
        )

    def draw(self, at_s: float) -> NDArray[np.uint8]:
        """The picture at a wall time."""
        picture = self._ground.copy()
        for walk, coat, trousers in self._people:
            _walker(picture, walk, at_s, 128, coat, trousers)
        openness = 0.0
        for walk, body, is_van in self._cars:
            progress = walk.progress(at_s)
            if progress is None:
                continue
            x, y = walk.position(progress)
            openness = max(openness, 1 - min(1.0, max(0.0, abs(x - 560) - 170) / 130))
            draw_vehicle(picture, Vehicle(x, y, 250, body, walk.facing, is_van))
        _barrier(picture, openness)
        return picture


class Yard:
    """A yard with containers; people cross it on three ways."""

    name = "Yard"

    def __init__(self) -> None:
        self._ground = _yard_background()
        self._people = (
            (Walk(46, 36, 0, (-30, 330), (WIDTH + 30, 420)), 138.0, (70, 60, 150), (70, 64, 60)),
            (Walk(61, 40, 25, (WIDTH + 30, 300), (-30, 350)), 118.0, (52, 110, 70), (50, 44, 40)),
            (
                Walk(83, 50, 50, (420, 250), (240, HEIGHT + 150)),
                130.0,
                (60, 170, 220),
                (110, 80, 50),
            ),
        )

    def draw(self, at_s: float) -> NDArray[np.uint8]:
        """The picture at a wall time."""
        picture = self._ground.copy()
        shown = [
            (walk.position(progress), height, walk, coat, trousers)
            for walk, height, coat, trousers in self._people
            if (progress := walk.progress(at_s)) is not None
        ]
        for (x, y), height, walk, coat, trousers in sorted(shown, key=lambda one: one[0][1]):
            size = height * (0.55 + 0.75 * y / HEIGHT)
            draw_person(picture, Person(x, y, size, at_s * 0.85, coat, trousers, walk.facing))
        return picture


class ServiceRoad:
    """A road across the picture: cars and vans in both directions, sometimes two at once."""

    name = "Service road"

    def __init__(self) -> None:
        self._ground = _road_background()
        self._vehicles = (
            (Walk(24, 9, 0, (-260, 330), (WIDTH + 260, 330)), 190.0, (150, 90, 40), False),
            (Walk(31, 8, 11, (WIDTH + 260, 430), (-260, 430)), 260.0, (60, 60, 66), False),
            (Walk(57, 13, 30, (-320, 338), (WIDTH + 320, 338)), 250.0, (206, 210, 212), True),
        )

    def draw(self, at_s: float) -> NDArray[np.uint8]:
        """The picture at a wall time."""
        picture = self._ground.copy()
        for walk, length, body, is_van in self._vehicles:
            progress = walk.progress(at_s)
            if progress is not None:
                x, y = walk.position(progress)
                draw_vehicle(picture, Vehicle(x, y, length, body, walk.facing, is_van))
        return picture


class LoadingDock:
    """A loading dock at night under infra-red light, with the noise of a dark picture."""

    name = "Loading dock"

    def __init__(self) -> None:
        self._ground = _dock_background()
        self._light = _lamp_light((300, 250), 520)
        chance = np.random.default_rng(7)
        self._noise = [
            np.clip(chance.normal(_NOISE_ZERO, 5, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)
            for _ in range(4)
        ]
        self._guard = Walk(44, 30, 0, (WIDTH + 40, 470), (-40, 452))
        self._van = Walk(95, 20, 60, (-320, 500), (WIDTH + 320, 500))

    def draw(self, at_s: float) -> NDArray[np.uint8]:
        """The picture at a wall time."""
        picture = self._ground.copy()
        _walker(picture, self._guard, at_s, 190, (120, 120, 120), (70, 70, 70))
        progress = self._van.progress(at_s)
        if progress is not None:
            x, y = self._van.position(progress)
            draw_vehicle(
                picture, Vehicle(x, y, 330, (150, 150, 150), 1, is_van=True, has_lights=True)
            )
        lit = _lit(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8), self._light)
        noisy = cv2.addWeighted(
            lit, 1, self._noise[int(at_s * 12) % len(self._noise)], 1, -_NOISE_ZERO
        )
        return np.asarray(cv2.cvtColor(noisy, cv2.COLOR_GRAY2BGR), np.uint8)


class BackFence:
    """A fence line that turns from day to night and back every two minutes; somebody walks along it."""

    name = "Back fence"

    def __init__(self) -> None:
        self._ground = _fence_background()
        self._light = _lamp_light((690, 170), 420)
        self._walkers = (
            (Walk(58, 38, 12, (-40, 440), (WIDTH + 40, 428)), (48, 48, 56), (60, 56, 52)),
            (Walk(97, 42, 60, (WIDTH + 40, 452), (-40, 446)), (70, 120, 60), (80, 60, 52)),
        )

    def draw(self, at_s: float) -> NDArray[np.uint8]:
        """The picture at a wall time."""
        picture = self._ground.copy()
        for walk, coat, trousers in self._walkers:
            _walker(picture, walk, at_s, 165, coat, trousers)
        _fence(picture)
        day = daylight(at_s)
        if day >= 1:
            return picture
        grey = _lit(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8), self._light)
        blue_night = [
            grey,
            cv2.convertScaleAbs(grey, alpha=0.86),
            cv2.convertScaleAbs(grey, alpha=0.72),
        ]
        return np.asarray(
            cv2.addWeighted(picture, day, cv2.merge(blue_night), 1 - day, 0), np.uint8
        )


class Lobby:
    """An entrance hall: people come in, wait at the desk, and leave by the other side."""

    name = "Lobby"

    def __init__(self) -> None:
        self._ground = _lobby_background()
        self._visitors = (
            (Visit(67, 42, 0), (44, 60, 150), (60, 54, 52)),
            (Visit(89, 36, 45), (140, 108, 60), (44, 44, 50)),
        )

    def draw(self, at_s: float) -> NDArray[np.uint8]:
        """The picture at a wall time."""
        picture = self._ground.copy()
        for visit, coat, trousers in self._visitors:
            stance = visit.stance(at_s)
            if stance is not None:
                x, stride = stance
                draw_person(picture, Person(x, 486, 250, stride, coat, trousers))
        _plant(picture)
        return picture


@dataclass(frozen=True, slots=True)
class Visit:
    """Somebody walks to the middle, stands there, and walks out: every ``period_s`` for ``duration_s``."""

    period_s: float
    duration_s: float
    offset_s: float
    stands_share: float = 0.4

    def stance(self, at_s: float) -> tuple[float, float] | None:
        """Where, in pixels, and how far the legs have turned; None while nobody is there."""
        seconds = (at_s + self.offset_s) % self.period_s
        if seconds >= self.duration_s:
            return None
        walks_s = self.duration_s * (1 - self.stands_share) / 2
        walked_s = min(seconds, walks_s) + max(0.0, seconds - self.duration_s + walks_s)
        x = -80 + (WIDTH + 160) * walked_s / (2 * walks_s)
        return x, walked_s * 0.8


def daylight(at_s: float, period_s: float = 240.0) -> float:
    """How light it is, 0 (night) to 1 (day): two minutes each with a dusk of about ten seconds."""
    wave = math.sin(at_s / period_s * math.tau) * 8
    return min(1.0, max(0.0, wave + 0.5))


def all_scenes() -> tuple[Scene, ...]:
    """Every sample scene, in the order of the cameras."""
    return (MainGate(), Yard(), ServiceRoad(), LoadingDock(), BackFence(), Lobby())


def _walker(
    picture: NDArray[np.uint8],
    walk: Walk,
    at_s: float,
    height: float,
    coat: tuple[int, int, int],
    trousers: tuple[int, int, int],
) -> None:
    progress = walk.progress(at_s)
    if progress is not None:
        x, y = walk.position(progress)
        draw_person(picture, Person(x, y, height, at_s * 0.9, coat, trousers, walk.facing))


def _gradient(
    top: tuple[int, int, int], bottom: tuple[int, int, int], rows: int
) -> NDArray[np.uint8]:
    mix = np.linspace(0, 1, rows, dtype=np.float32)[:, None, None]
    column = np.array(top, np.float32) * (1 - mix) + np.array(bottom, np.float32) * mix
    return np.asarray(np.repeat(column, WIDTH, axis=1), np.uint8)


def _textured(picture: NDArray[np.uint8], strength: float, seed: int) -> NDArray[np.uint8]:
    grain = (
        np.random.default_rng(seed)
        .normal(0, strength, (HEIGHT // 2, WIDTH // 2))
        .astype(np.float32)
    )
    grain = cv2.resize(grain, (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    return np.asarray(np.clip(picture + grain[..., None], 0, 255), np.uint8)


def _outdoors(
    horizon: int, sky: tuple[int, int, int], ground: tuple[int, int, int]
) -> NDArray[np.uint8]:
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:horizon] = _gradient(sky, (232, 226, 218), horizon)
    far = tuple(int(channel * 0.82) for channel in ground)
    picture[horizon:] = _gradient((far[0], far[1], far[2]), ground, HEIGHT - horizon)
    return picture


def _box(
    picture: NDArray[np.uint8], x: int, y: int, w: int, h: int, colour: tuple[int, int, int]
) -> None:
    cv2.rectangle(picture, (x, y), (x + w, y + h), colour, -1)
    cv2.rectangle(picture, (x, y), (x + w, y + h), tuple(int(c * 0.7) for c in colour), 2)


def _trees(picture: NDArray[np.uint8], horizon: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    for x in range(-20, WIDTH + 40, 34):
        radius = int(chance.integers(22, 46))
        shade = int(chance.integers(60, 95))
        cv2.circle(
            picture,
            (x, horizon - radius // 3),
            radius,
            (shade - 22, shade + 22, shade - 8),
            -1,
            cv2.LINE_AA,
        )


def _gate_background() -> NDArray[np.uint8]:
    picture = _outdoors(250, (214, 176, 138), (104, 106, 108))
    _trees(picture, 252, 3)
    picture[250:300] = (112, 150, 118)
    picture[300:385] = (150, 154, 156)
    cv2.line(picture, (0, 385), (WIDTH, 385), (196, 198, 200), 4)
    for x in range(10, WIDTH, 120):
        cv2.line(picture, (x, 460), (x + 56, 460), (206, 208, 208), 4, cv2.LINE_AA)
    _box(picture, 640, 120, 190, 210, (138, 148, 160))
    _box(picture, 625, 104, 220, 22, (84, 78, 74))
    _box(picture, 660, 170, 100, 74, (120, 98, 74))
    _box(picture, 775, 180, 40, 148, (70, 84, 104))
    cv2.putText(
        picture,
        "GATE 1",
        (668, 158),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.75,
        (236, 240, 242),
        2,
        cv2.LINE_AA,
    )
    return _textured(picture, 3.5, 1)


def _barrier(picture: NDArray[np.uint8], openness: float) -> None:
    pivot = (600, 372)
    _box(picture, pivot[0] - 14, pivot[1] - 20, 28, 62, (60, 150, 226))
    angle = math.radians(3 + 78 * openness)
    for piece in range(10):
        a, b = 22 + piece * 30, 22 + (piece + 1) * 30
        ends = [
            (round(pivot[0] - math.cos(angle) * r), round(pivot[1] - math.sin(angle) * r))
            for r in (a, b)
        ]
        cv2.line(
            picture,
            ends[0],
            ends[1],
            (52, 52, 214) if piece % 2 else (238, 240, 242),
            10,
            cv2.LINE_AA,
        )


def _yard_background() -> NDArray[np.uint8]:
    picture = _outdoors(210, (220, 188, 156), (122, 128, 130))
    _box(picture, 40, 96, 300, 150, (150, 108, 54))
    _box(picture, 352, 120, 240, 124, (62, 92, 168))
    _box(picture, 606, 86, 330, 160, (104, 134, 92))
    for start, width in ((40, 300), (352, 240), (606, 330)):
        for x in range(start + 14, start + width, 22):
            picture[100 if start == 40 else 124 if start == 352 else 90 : 244, x : x + 3] = (
                picture[100 if start == 40 else 124 if start == 352 else 90 : 244, x : x + 3] * 0.8
            ).astype(np.uint8)
    for x in range(-200, WIDTH, 190):
        cv2.line(picture, (x + 260, 262), (x, HEIGHT), (190, 198, 200), 4, cv2.LINE_AA)
    cv2.line(picture, (0, 262), (WIDTH, 262), (190, 198, 200), 3, cv2.LINE_AA)
    return _textured(picture, 4, 2)


def _road_background() -> NDArray[np.uint8]:
    picture = _outdoors(220, (218, 184, 148), (98, 140, 108))
    _trees(picture, 226, 9)
    picture[262:462] = (96, 98, 100)
    cv2.line(picture, (0, 262), (WIDTH, 262), (214, 216, 216), 4)
    cv2.line(picture, (0, 462), (WIDTH, 462), (214, 216, 216), 5)
    for x in range(0, WIDTH, 110):
        cv2.line(picture, (x, 358), (x + 60, 358), (214, 218, 218), 4, cv2.LINE_AA)
    for x in (120, 520, 880):
        cv2.line(picture, (x, 262), (x, 96), (110, 110, 112), 7, cv2.LINE_AA)
        cv2.line(picture, (x, 98), (x + 48, 90), (110, 110, 112), 5, cv2.LINE_AA)
    return _textured(picture, 4, 4)


def _dock_background() -> NDArray[np.uint8]:
    picture = _gradient((110, 110, 110), (150, 150, 150), HEIGHT)
    picture[370:] = _gradient((120, 120, 120), (170, 170, 170), HEIGHT - 370)
    for x in (60, 370, 680):
        _box(picture, x, 130, 220, 236, (176, 176, 176))
        for y in range(150, 360, 26):
            cv2.line(picture, (x, y), (x + 220, y), (150, 150, 150), 2)
        _box(picture, x - 10, 366, 240, 18, (70, 70, 70))
    for number, x in enumerate((60, 370, 680), start=1):
        cv2.putText(
            picture,
            str(number),
            (x + 96, 118),
            cv2.FONT_HERSHEY_SIMPLEX,
            1.3,
            (220, 220, 220),
            3,
            cv2.LINE_AA,
        )
    return _textured(picture, 3, 5)


def _fence_background() -> NDArray[np.uint8]:
    picture = _outdoors(240, (216, 180, 142), (96, 146, 112))
    _trees(picture, 246, 21)
    picture[404:470] = (140, 158, 164)
    cv2.line(picture, (690, 430), (690, 150), (120, 120, 122), 9, cv2.LINE_AA)
    cv2.ellipse(picture, (690, 150), (24, 12), 0, 0, 360, (222, 236, 240), -1, cv2.LINE_AA)
    return _textured(picture, 4.5, 6)


def _lobby_background() -> NDArray[np.uint8]:
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    picture[:390] = _gradient((206, 212, 216), (182, 190, 196), 390)
    picture[390:] = _gradient((96, 122, 148), (128, 158, 186), HEIGHT - 390)
    for x in range(-300, WIDTH + 300, 130):
        cv2.line(picture, (480 + (x - 480) // 2, 390), (x, HEIGHT), (108, 136, 162), 2, cv2.LINE_AA)
    cv2.rectangle(picture, (0, 378), (WIDTH, 392), (120, 128, 134), -1)
    for x in (70, 250):
        _box(picture, x, 90, 160, 290, (196, 172, 140))
        cv2.line(picture, (x + 80, 90), (x + 80, 380), (150, 130, 104), 3)
    _box(picture, 560, 96, 130, 90, (88, 70, 58))
    cv2.putText(
        picture,
        "RECEPTION",
        (566, 148),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.68,
        (236, 240, 242),
        1,
        cv2.LINE_AA,
    )
    _box(picture, 500, 270, 300, 118, (70, 98, 132))
    _box(picture, 486, 256, 328, 18, (52, 74, 104))
    return _textured(picture, 2.5, 8)


def _plant(picture: NDArray[np.uint8]) -> None:
    for dx, dy in ((-34, -96), (-14, -122), (12, -118), (34, -88), (0, -140)):
        cv2.ellipse(
            picture,
            (880 + dx, 440 + dy // 2),
            (13, 62),
            dx * 0.9,
            0,
            360,
            (56, 112 - dx, 60),
            -1,
            cv2.LINE_AA,
        )
    _box(picture, 850, 440, 60, 64, (70, 84, 150))


def _fence(picture: NDArray[np.uint8]) -> None:
    for x in range(0, WIDTH + 1, 120):
        cv2.line(picture, (x, 478), (x, 330), (150, 152, 154), 6, cv2.LINE_AA)
    for y in (338, 404, 472):
        cv2.line(picture, (0, y), (WIDTH, y), (160, 162, 164), 2, cv2.LINE_AA)


def _lit(grey: NDArray[np.uint8], light: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.multiply(grey, light, scale=1 / 255), np.uint8)


def _lamp_light(centre: tuple[int, int], reach: float) -> NDArray[np.uint8]:
    ys, xs = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float32)
    distance = np.hypot(xs - centre[0], (ys - centre[1]) * 1.2) / reach
    return np.asarray(255 * (0.16 + 0.8 * np.exp(-(distance**2))), np.uint8)
