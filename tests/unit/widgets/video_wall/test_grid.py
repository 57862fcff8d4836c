from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.video_wall.grid import (
    LAYOUTS,
    Rect,
    drop_tile,
    fit,
    layout_for,
    neighbour,
    tile_at,
    tile_rects,
)

SIZES = st.integers(40, 4000)


@given(st.sampled_from(sorted(LAYOUTS)), SIZES, SIZES, st.sampled_from([3, 4, 6]))
def test_tiles_fill_the_wall_and_never_touch(name: str, width: int, height: int, seam: int) -> None:
    rects = tile_rects(LAYOUTS[name], width, height, seam=seam)
    assert min(rect.x for rect in rects) == 0
    assert min(rect.y for rect in rects) == 0
    assert max(rect.right for rect in rects) == width
    assert max(rect.bottom for rect in rects) == height
    for place, one in enumerate(rects):
        for other in rects[place + 1 :]:
            beside = one.right + seam <= other.x or other.right + seam <= one.x
            above = one.bottom + seam <= other.y or other.bottom + seam <= one.y
            assert beside or above


def test_layouts_have_as_many_tiles_as_their_names_say() -> None:
    assert [(name, layout.tiles) for name, layout in LAYOUTS.items()] == [
        ("1", 1),
        ("4", 4),
        ("9", 9),
        ("16", 16),
        ("25", 25),
        ("1+5", 6),
    ]


@pytest.mark.parametrize(
    ("cameras", "name"),
    [
        (0, "1"),
        (1, "1"),
        (2, "4"),
        (5, "1+5"),
        (6, "1+5"),
        (7, "9"),
        (16, "16"),
        (17, "25"),
        (90, "25"),
    ],
)
def test_the_layout_with_the_fewest_empty_tiles_is_chosen(cameras: int, name: str) -> None:
    assert layout_for(cameras) == name


def test_a_seam_belongs_to_no_tile_but_swallows_no_drop() -> None:
    rects = tile_rects(LAYOUTS["4"], 203, 103)
    assert tile_at(rects, 101, 20) is None
    assert drop_tile(rects, 101, 20) in {0, 1}
    assert tile_at(rects, 150, 90) == 3
    assert drop_tile((), 1, 1) is None


@pytest.mark.parametrize(
    ("name", "tile", "step", "found"),
    [
        ("9", 4, (1, 0), 5),
        ("9", 4, (0, -1), 1),
        ("9", 8, (1, 0), 8),
        ("1+5", 0, (1, 0), 1),
        ("1+5", 0, (0, 1), 3),
        ("1+5", 2, (-1, 0), 0),
        ("1+5", 4, (0, -1), 0),
        ("1", 0, (0, 1), 0),
    ],
)
def test_arrows_lead_to_the_neighbour(
    name: str, tile: int, step: tuple[int, int], found: int
) -> None:
    assert neighbour(LAYOUTS[name], tile, *step) == found


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 3000), st.integers(1, 3000))
def test_a_fitted_picture_lies_inside(width: int, height: int, wide: int, high: int) -> None:
    into = Rect(5, 7, wide, high)
    found = fit(width, height, into)
    assert found.x >= into.x
    assert found.right <= into.right
    assert found.y >= into.y
    assert found.bottom <= into.bottom
    assert found.width == wide or found.height == high
