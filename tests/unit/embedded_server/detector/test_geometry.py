from __future__ import annotations

import pytest

from embedded_server.detector import geometry
from embedded_server.services.model import Box

LEFT, RIGHT = Box(0.0, 0.0, 0.5, 1.0), Box(0.25, 0.0, 0.5, 1.0)


def test_overlap_of_two_halves() -> None:
    assert geometry.common_area(LEFT, RIGHT) == pytest.approx(0.25)
    assert geometry.iou(LEFT, RIGHT) == pytest.approx(1 / 3)
    assert geometry.cover(LEFT, RIGHT) == pytest.approx(0.5)


def test_boxes_apart_share_nothing() -> None:
    assert geometry.iou(Box(0, 0, 0.1, 0.1), Box(0.5, 0.5, 0.1, 0.1)) == 0
    assert geometry.cover(Box(0, 0, 0, 0), LEFT) == 0


def test_what_hangs_over_the_edge_is_cut_off() -> None:
    cut = geometry.clip(Box(-0.1, 0.9, 0.3, 0.3))
    assert (cut.x, cut.y) == (0.0, 0.9)
    assert cut.width == pytest.approx(0.2)
    assert cut.height == pytest.approx(0.1)


def test_feet_are_at_the_bottom() -> None:
    assert geometry.foot(Box(0.2, 0.2, 0.2, 0.4)) == pytest.approx((0.3, 0.6))


@pytest.mark.parametrize(
    ("point", "is_inside"), [((0.5, 0.5), True), ((0.05, 0.9), False), ((0.9, 0.05), False)]
)
def test_a_point_in_a_polygon(point: tuple[float, float], is_inside: bool) -> None:
    square = ((0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8))
    assert geometry.contains(square, point) is is_inside
