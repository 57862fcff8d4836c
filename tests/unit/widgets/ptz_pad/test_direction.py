from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.ptz_pad.direction import speeds


def test_the_middle_is_still() -> None:
    assert speeds(0, 0, 50) == (0.0, 0.0)
    assert speeds(5, -5, 50) == (0.0, 0.0)
    assert speeds(10, 10, 0) == (0.0, 0.0)


@pytest.mark.parametrize(
    ("dx", "dy", "wanted"),
    [(50, 0, (1, 0)), (-50, 0, (-1, 0)), (0, -50, (0, 1)), (0, 50, (0, -1)), (200, 4, (1, 0))],
)
def test_the_edges_are_full_speed(dx: int, dy: int, wanted: tuple[float, float]) -> None:
    assert speeds(dx, dy, 50) == wanted


def test_near_an_axis_it_is_the_axis() -> None:
    assert speeds(40, 5, 50)[1] == 0.0
    assert speeds(40, 20, 50)[1] < 0


@given(st.floats(-500, 500), st.floats(-500, 500), st.floats(1, 200))
def test_speeds_stay_within_bounds(dx: float, dy: float, radius: float) -> None:
    pan, tilt = speeds(dx, dy, radius)
    assert -1 <= pan <= 1
    assert -1 <= tilt <= 1
