from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from widgets.video_wall.zoom import MAX_ZOOM, WHOLE

FRACTION = st.floats(0, 1)


@given(st.lists(st.tuples(st.floats(0.5, 2.0), FRACTION, FRACTION), max_size=12))
def test_the_visible_part_never_leaves_the_picture(
    steps: list[tuple[float, float, float]],
) -> None:
    view = WHOLE
    for factor, x, y in steps:
        view = view.zoomed(factor, x, y).moved(x - 0.5, y - 0.5)
        assert 0 <= view.x <= 1 - view.width + 1e-9
        assert 0 <= view.y <= 1 - view.height + 1e-9
        assert 1 <= view.factor <= MAX_ZOOM + 1e-9


def test_the_point_under_the_pointer_stays() -> None:
    view = WHOLE.zoomed(2, 0.25, 0.5)
    assert view.to_tile(0.25, 0.5) == (0.25, 0.5)


def test_zooming_out_shows_the_whole() -> None:
    assert WHOLE.zoomed(4, 0.1, 0.9).zoomed(0.1, 0.5, 0.5) == WHOLE
