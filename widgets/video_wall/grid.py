"""Where the tiles of a wall lie: whole device pixels, no Qt."""

from __future__ import annotations

from dataclasses import dataclass

SEAM_PX = 3
"""Black seam between two tiles, in logical pixels."""


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle of whole pixels."""

    x: int
    y: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column that is outside."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """First row that is outside."""
        return self.y + self.height

    def contains(self, x: float, y: float) -> bool:
        """Whether the point lies inside."""
        return self.x <= x < self.right and self.y <= y < self.bottom


@dataclass(frozen=True, slots=True)
class Layout:
    """Tiles on a raster of cells; each cell is (column, row, columns wide, rows high)."""

    name: str
    columns: int
    rows: int
    cells: tuple[tuple[int, int, int, int], ...]

    @property
    def tiles(self) -> int:
        """How many tiles it has."""
        return len(self.cells)


def _square(side: int) -> Layout:
    cells = tuple((column, row, 1, 1) for row in range(side) for column in range(side))
    return Layout(str(side * side), side, side, cells)


_ONE_AND_FIVE = Layout(
    "1+5",
    3,
    3,
    ((0, 0, 2, 2), (2, 0, 1, 1), (2, 1, 1, 1), (0, 2, 1, 1), (1, 2, 1, 1), (2, 2, 1, 1)),
)

LAYOUTS: dict[str, Layout] = {
    layout.name: layout for layout in (*(_square(side) for side in range(1, 6)), _ONE_AND_FIVE)
}
"""Every layout by name, in the order in which they are offered."""


def layout_for(cameras: int) -> str:
    """The layout that shows that many cameras with the fewest empty tiles; the largest if none holds them."""
    holding = [layout for layout in LAYOUTS.values() if layout.tiles >= cameras]
    return min(holding, key=lambda layout: layout.tiles).name if holding else "25"


def tile_rects(layout: Layout, width: int, height: int, *, seam: int = SEAM_PX) -> tuple[Rect, ...]:
    """The rectangle of each tile; together with the seams they fill the whole surface exactly."""
    columns = _edges(width, layout.columns, seam)
    rows = _edges(height, layout.rows, seam)
    return tuple(
        Rect(
            columns[column][0],
            rows[row][0],
            columns[column + wide - 1][1] - columns[column][0],
            rows[row + high - 1][1] - rows[row][0],
        )
        for column, row, wide, high in layout.cells
    )


def tile_at(rects: tuple[Rect, ...], x: float, y: float) -> int | None:
    """The tile under a point; a point on a seam belongs to no tile."""
    return next((tile for tile, rect in enumerate(rects) if rect.contains(x, y)), None)


def drop_tile(rects: tuple[Rect, ...], x: float, y: float) -> int | None:
    """The tile that a drop at this point means: the nearest one, so that a seam swallows nothing."""
    if not rects:
        return None
    return min(range(len(rects)), key=lambda tile: _distance(rects[tile], x, y))


def neighbour(layout: Layout, tile: int, dx: int, dy: int) -> int:
    """The tile that an arrow key leads to from ``tile``; the same one at the edge of the wall."""
    rects = tile_rects(layout, 300 * layout.columns, 300 * layout.rows, seam=0)
    here = rects[tile]
    x, y = here.x + min(here.width, 300) / 2, here.y + min(here.height, 300) / 2
    target_x = x + dx * 300 if dx <= 0 else here.right + 150
    target_y = y + dy * 300 if dy <= 0 else here.bottom + 150
    found = tile_at(rects, target_x if dx else x, target_y if dy else y)
    return tile if found is None else found


def fit(width: float, height: float, into: Rect) -> Rect:
    """The largest rectangle of that shape in the middle of ``into``."""
    if width <= 0 or height <= 0 or into.width <= 0 or into.height <= 0:
        return Rect(into.x, into.y, max(into.width, 0), max(into.height, 0))
    ratio = (width / height) / (into.width / into.height)
    if ratio > 1:
        high = max(1, round(into.width * height / width))
        return Rect(into.x, into.y + (into.height - high) // 2, into.width, high)
    wide = max(1, round(into.height * width / height))
    return Rect(into.x + (into.width - wide) // 2, into.y, wide, into.height)


def _edges(length: int, parts: int, seam: int) -> list[tuple[int, int]]:
    usable = max(parts, length - seam * (parts - 1))
    return [
        (usable * part // parts + seam * part, usable * (part + 1) // parts + seam * part)
        for part in range(parts)
    ]


def _distance(rect: Rect, x: float, y: float) -> float:
    dx = max(rect.x - x, 0, x - rect.right + 1)
    dy = max(rect.y - y, 0, y - rect.bottom + 1)
    return float(dx * dx + dy * dy)
