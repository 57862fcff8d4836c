"""From a point on the pad to speeds; no Qt."""

from __future__ import annotations

import math

DEAD = 0.18
"""Share of the radius in which nothing moves."""


def speeds(dx: float, dy: float, radius: float) -> tuple[float, float]:
    """Pan and tilt from -1 to 1 for a point ``dx`` right of and ``dy`` below the middle.

    Slow near the middle and fast at the edge, squared so that small moves stay small; a direction within 10
    degrees of an axis is that axis, so that a horizon stays level.
    """
    reach = math.hypot(dx, dy) / radius if radius > 0 else 0.0
    if reach < DEAD:
        return 0.0, 0.0
    speed = min((reach - DEAD) / (1 - DEAD), 1.0) ** 2
    speed = max(speed, 0.05)
    angle = math.atan2(-dy, dx)
    quarter = round(angle / (math.pi / 2)) * (math.pi / 2)
    if abs(angle - quarter) < math.radians(10):
        angle = quarter
    pan, tilt = speed * math.cos(angle), speed * math.sin(angle)
    return round(pan, 3) + 0.0, round(tilt, 3) + 0.0
