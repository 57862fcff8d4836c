"""Boxes and polygons in fractions of the picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from embedded_server.services.model import Box

if TYPE_CHECKING:
    from embedded_server.services.model import Polygon


def centre(box: Box) -> tuple[float, float]:
    """Its middle."""
    return box.x + box.width / 2, box.y + box.height / 2


def foot(box: Box) -> tuple[float, float]:
    """Where a standing thing touches the ground: bottom centre."""
    return box.x + box.width / 2, box.y + box.height


def area(box: Box) -> float:
    """Share of the picture."""
    return max(box.width, 0.0) * max(box.height, 0.0)


def common_area(a: Box, b: Box) -> float:
    """Share of the picture that both cover."""
    width = min(a.x + a.width, b.x + b.width) - max(a.x, b.x)
    height = min(a.y + a.height, b.y + b.height) - max(a.y, b.y)
    return width * height if width > 0 and height > 0 else 0.0


def iou(a: Box, b: Box) -> float:
    """Intersection over union."""
    common = common_area(a, b)
    union = area(a) + area(b) - common
    return common / union if union > 0 else 0.0


def cover(a: Box, b: Box) -> float:
    """Share of the smaller box that lies in the other."""
    smaller = min(area(a), area(b))
    return common_area(a, b) / smaller if smaller > 0 else 0.0


def distance(a: Box, b: Box) -> float:
    """Between the centres."""
    (ax, ay), (bx, by) = centre(a), centre(b)
    return math.hypot(ax - bx, ay - by)


def clip(box: Box) -> Box:
    """The part that lies in the picture."""
    left, top = min(max(box.x, 0.0), 1.0), min(max(box.y, 0.0), 1.0)
    right = min(max(box.x + box.width, left), 1.0)
    bottom = min(max(box.y + box.height, top), 1.0)
    return Box(left, top, right - left, bottom - top)


def pad(box: Box, share: float) -> Box:
    """Grown on each side by a share of its longer side, inside the picture."""
    margin = max(box.width, box.height) * share
    return clip(
        Box(box.x - margin, box.y - margin, box.width + 2 * margin, box.height + 2 * margin)
    )


def contains(polygon: Polygon, point: tuple[float, float]) -> bool:
    """Whether a point lies inside, by the even-odd rule."""
    x, y = point
    inside = False
    for (ax, ay), (bx, by) in zip(polygon, polygon[1:] + polygon[:1], strict=True):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            inside = not inside
    return inside
