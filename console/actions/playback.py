"""Playing what happened."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime

    from console.domain.camera import CameraKey
    from console.domain.event import Event


class Wall(Protocol):
    """The part of a wall that playing needs; ``WallView`` has it."""

    def cameras(self) -> list[CameraKey | None]:
        """Camera of each tile."""

    def selected(self) -> int:
        """The selected tile, -1 for none."""

    def select(self, tile: int) -> None:
        """Select a tile."""

    def set_camera(self, tile: int, key: CameraKey | None) -> None:
        """Fill a tile."""

    def go_to(self, moment: datetime, *, playing: bool) -> None:
        """Show the footage of that moment."""


def play_event(wall: Wall, event: Event, *, lead_s: float) -> None:
    """Show the event's camera, ``lead_s`` before the event began.

    A camera that is on the wall keeps its tile; otherwise it takes an empty one, or the selected one.
    """
    wall.select(_tile_for(wall, event.camera))
    wall.go_to(event.started_at - timedelta(seconds=lead_s), playing=True)


def _tile_for(wall: Wall, camera: CameraKey) -> int:
    shown = wall.cameras()
    if camera in shown:
        return shown.index(camera)
    tile = shown.index(None) if None in shown else max(0, wall.selected())
    wall.set_camera(tile, camera)
    return tile
