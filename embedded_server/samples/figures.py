"""Drawn people and vehicles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Colour = tuple[int, int, int]
"""Blue, green, red."""
_SHIFT = 4
_ONE = 1 << _SHIFT
_BEAM_GRAIN = 8
"""A beam is soft: it is drawn at an eighth of the size."""


@dataclass(frozen=True, slots=True)
class Person:
    """A walking person: feet at (x, y), ``height`` in pixels, ``stride`` in turns of the legs, walking left or right."""

    x: float
    y: float
    height: float
    stride: float
    coat: Colour
    trousers: Colour
    facing: int = 1


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A car or van seen from the side: wheels on (x, y), ``length`` in pixels."""

    x: float
    y: float
    length: float
    body: Colour
    facing: int = 1
    is_van: bool = False
    has_lights: bool = False


def draw_person(picture: NDArray[np.uint8], person: Person) -> None:
    """Draw a person with a shadow."""
    h, x, y = person.height, person.x, person.y
    swing = math.sin(person.stride * math.tau)
    bob = abs(math.cos(person.stride * math.tau)) * 0.012 * h
    hip = (x, y - 0.48 * h - bob)
    neck = (x + 0.015 * h * person.facing, y - 0.83 * h - bob)
    _shadow(picture, (x, y), (0.22 * h, 0.035 * h))
    skin = (146, 176, 214)
    for sign, shade in ((-1, 0.75), (1, 1.0)):
        knee = (x + sign * swing * 0.10 * h + 0.03 * h * person.facing, y - 0.25 * h)
        foot = (x + sign * swing * 0.20 * h, y - max(0.0, -sign * swing) * 0.03 * h)
        colour = _shaded(person.trousers, shade)
        _limb(picture, (hip, knee, foot), 0.085 * h, colour)
        _limb(
            picture, (foot, (foot[0] + 0.07 * h * person.facing, foot[1])), 0.05 * h, (30, 30, 34)
        )
    _arm(picture, person, neck, -swing, 0.7)
    _torso(picture, neck, hip, h, person.coat)
    _arm(picture, person, neck, swing, 1.0)
    _limb(picture, (neck, (neck[0], neck[1] - 0.05 * h)), 0.06 * h, skin)
    head = (neck[0] + 0.012 * h * person.facing, y - 0.925 * h - bob)
    _ellipse(picture, head, (0.058 * h, 0.075 * h), skin)
    _ellipse(
        picture,
        (head[0] - 0.012 * h * person.facing, head[1] - 0.025 * h),
        (0.06 * h, 0.055 * h),
        (34, 44, 60),
    )


def draw_vehicle(picture: NDArray[np.uint8], vehicle: Vehicle) -> None:
    """Draw a vehicle with a shadow, windows, wheels and lights."""
    n, x, y, f = vehicle.length, vehicle.x, vehicle.y, vehicle.facing
    tall = 0.52 * n if vehicle.is_van else 0.30 * n
    wheel = 0.085 * n

    def at(along: float, up: float) -> tuple[float, float]:
        return x + f * along * n, y - up * tall

    _shadow(picture, (x, y), (0.56 * n, 0.05 * n))
    if vehicle.is_van:
        body = [
            at(-0.5, 0.12),
            at(-0.5, 0.95),
            at(-0.44, 1.0),
            at(0.22, 1.0),
            at(0.38, 0.62),
            at(0.5, 0.52),
            at(0.5, 0.12),
        ]
        windows = [[at(0.05, 0.62), at(0.05, 0.9), at(0.2, 0.9), at(0.33, 0.62)]]
    else:
        body = [
            at(-0.5, 0.18),
            at(-0.5, 0.56),
            at(-0.36, 0.66),
            at(-0.24, 1.0),
            at(0.08, 1.0),
            at(0.26, 0.66),
            at(0.46, 0.56),
            at(0.5, 0.4),
            at(0.5, 0.18),
        ]
        windows = [
            [at(-0.31, 0.66), at(-0.22, 0.93), at(-0.08, 0.93), at(-0.08, 0.66)],
            [at(-0.05, 0.66), at(-0.05, 0.93), at(0.06, 0.93), at(0.2, 0.66)],
        ]
    _polygon(picture, body, vehicle.body)
    _polygon(
        picture,
        [at(-0.5, 0.18), at(-0.5, 0.36), at(0.5, 0.36), at(0.5, 0.18)],
        _shaded(vehicle.body, 0.72),
    )
    for window in windows:
        _polygon(picture, window, (92, 78, 62))
    for along in (-0.3, 0.3):
        centre = (x + f * along * n, y - wheel * 0.9)
        _ellipse(picture, centre, (wheel, wheel), (26, 26, 28))
        _ellipse(picture, centre, (wheel * 0.5, wheel * 0.5), (150, 150, 152))
    _ellipse(
        picture,
        at(0.485, 0.46),
        (0.022 * n, 0.03 * n),
        (200, 245, 255) if vehicle.has_lights else (215, 225, 230),
    )
    _ellipse(
        picture,
        at(-0.49, 0.48),
        (0.016 * n, 0.03 * n),
        (50, 50, 235) if vehicle.has_lights else (60, 60, 170),
    )
    if vehicle.has_lights:
        _beam(picture, at(0.5, 0.46), f, n)


def _torso(
    picture: NDArray[np.uint8],
    neck: tuple[float, float],
    hip: tuple[float, float],
    h: float,
    coat: Colour,
) -> None:
    (nx, ny), (hx, hy) = neck, hip
    _polygon(
        picture,
        [
            (nx - 0.10 * h, ny + 0.02 * h),
            (nx + 0.10 * h, ny + 0.02 * h),
            (hx + 0.085 * h, hy + 0.05 * h),
            (hx - 0.085 * h, hy + 0.05 * h),
        ],
        coat,
    )
    _ellipse(picture, (nx, ny + 0.03 * h), (0.10 * h, 0.04 * h), coat)


def _arm(
    picture: NDArray[np.uint8],
    person: Person,
    neck: tuple[float, float],
    swing: float,
    shade: float,
) -> None:
    h = person.height
    shoulder = (neck[0], neck[1] + 0.05 * h)
    elbow = (shoulder[0] + swing * 0.07 * h, shoulder[1] + 0.17 * h)
    hand = (elbow[0] + (swing * 0.09 + 0.03 * person.facing) * h, elbow[1] + 0.15 * h)
    _limb(picture, (shoulder, elbow, hand), 0.055 * h, _shaded(person.coat, shade * 0.9))
    _ellipse(picture, hand, (0.022 * h, 0.026 * h), (146, 176, 214))


def _beam(
    picture: NDArray[np.uint8], lamp: tuple[float, float], facing: int, length: float
) -> None:
    tip_x = lamp[0] + 1.3 * length * facing
    x0, x1 = max(0, int(min(lamp[0], tip_x))), min(picture.shape[1], int(max(lamp[0], tip_x)))
    y0, y1 = max(0, int(lamp[1] - 0.4 * length)), min(picture.shape[0], int(lamp[1] + 0.5 * length))
    if x1 - x0 < _BEAM_GRAIN or y1 - y0 < _BEAM_GRAIN:
        return
    light = np.zeros(((y1 - y0) // _BEAM_GRAIN, (x1 - x0) // _BEAM_GRAIN, 3), np.uint8)
    cone = [lamp, (tip_x, lamp[1] - 0.1 * length), (tip_x, lamp[1] + 0.28 * length)]
    _polygon(
        light, [((x - x0) / _BEAM_GRAIN, (y - y0) / _BEAM_GRAIN) for x, y in cone], (70, 80, 80)
    )
    soft = cv2.GaussianBlur(light, (0, 0), max(1.0, length / 12 / _BEAM_GRAIN))
    part = picture[y0:y1, x0:x1]
    cv2.add(part, cv2.resize(soft, (x1 - x0, y1 - y0)), dst=part)


def _shadow(
    picture: NDArray[np.uint8], centre: tuple[float, float], axes: tuple[float, float]
) -> None:
    x0, x1 = (
        max(0, int(centre[0] - axes[0]) - 1),
        min(picture.shape[1], int(centre[0] + axes[0]) + 2),
    )
    y0, y1 = (
        max(0, int(centre[1] - axes[1]) - 1),
        min(picture.shape[0], int(centre[1] + axes[1]) + 2),
    )
    if x0 >= x1 or y0 >= y1:
        return
    part = picture[y0:y1, x0:x1]
    dark = (part * 0.62).astype(np.uint8)
    mask = np.zeros(part.shape[:2], np.uint8)
    _ellipse(mask, (centre[0] - x0, centre[1] - y0), axes, (255, 255, 255))
    part[mask > 127] = dark[mask > 127]


def _shaded(colour: Colour, by: float) -> Colour:
    return (int(colour[0] * by), int(colour[1] * by), int(colour[2] * by))


def _limb(
    picture: NDArray[np.uint8],
    joints: tuple[tuple[float, float], ...],
    thickness: float,
    colour: Colour,
) -> None:
    points = np.array([[_fixed(px), _fixed(py)] for px, py in joints], np.int32)
    cv2.polylines(picture, [points], False, colour, max(1, round(thickness)), cv2.LINE_AA, _SHIFT)


def _polygon(
    picture: NDArray[np.uint8], corners: list[tuple[float, float]], colour: Colour
) -> None:
    points = np.array([[_fixed(px), _fixed(py)] for px, py in corners], np.int32)
    cv2.fillPoly(picture, [points], colour, cv2.LINE_AA, _SHIFT)


def _ellipse(
    picture: NDArray[np.uint8],
    centre: tuple[float, float],
    axes: tuple[float, float],
    colour: Colour,
) -> None:
    cv2.ellipse(
        picture,
        (_fixed(centre[0]), _fixed(centre[1])),
        (max(_ONE, _fixed(axes[0])), max(_ONE, _fixed(axes[1]))),
        0,
        0,
        360,
        colour,
        -1,
        cv2.LINE_AA,
        _SHIFT,
    )


def _fixed(value: float) -> int:
    return round(value * _ONE)
