"""Digital zoom of one tile: which part of the picture is shown, in fractions; no Qt."""

from __future__ import annotations

from dataclasses import dataclass

MAX_ZOOM = 16.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """The visible part of a picture, in fractions of it."""

    x: float = 0.0
    y: float = 0.0
    width: float = 1.0
    height: float = 1.0

    @property
    def is_whole(self) -> bool:
        """Whether the whole picture is shown."""
        return self.width >= 1.0 and self.height >= 1.0

    @property
    def factor(self) -> float:
        """How many times enlarged."""
        return 1.0 / self.width

    def zoomed(self, factor: float, at_x: float, at_y: float) -> Viewport:
        """Zoomed by ``factor`` so that the point at these fractions of the *tile* stays where it is."""
        size = min(1.0, max(1.0 / MAX_ZOOM, self.width / factor))
        return _within(
            self.x + (self.width - size) * at_x, self.y + (self.height - size) * at_y, size
        )

    def moved(self, dx: float, dy: float) -> Viewport:
        """Moved by fractions of what is visible, never past the picture's edge."""
        return _within(self.x + dx * self.width, self.y + dy * self.height, self.width)

    def to_tile(self, x: float, y: float) -> tuple[float, float]:
        """Where in the tile a point of the picture lies; outside 0..1 if it is not visible."""
        return (x - self.x) / self.width, (y - self.y) / self.height


WHOLE = Viewport()


def _within(x: float, y: float, size: float) -> Viewport:
    return Viewport(min(max(x, 0.0), 1.0 - size), min(max(y, 0.0), 1.0 - size), size, size)
