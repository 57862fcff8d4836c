"""The machinery behind one wall: the socket loop, the converter and the slots of its tiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.playback.convert import Converter, Part, Slot
from console.playback.live import LiveFeed
from console.playback.sockets import SocketLoop

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from console.domain.stream import StreamSource
    from console.playback.convert import Picture
    from console.playback.threads import Spawner


class Engine:
    """Made once per wall; ``close`` ends all its threads."""

    def __init__(self, spawner: Spawner) -> None:
        self.spawner = spawner
        self.sockets = SocketLoop(spawner)
        self.converter = Converter(spawner)
        self._slots: dict[int, Slot] = {}

    def slot(self, tile: int) -> Slot:
        """The slot of a tile; the same one until ``renew``."""
        if tile not in self._slots:
            self._slots[tile] = Slot()
            self.converter.set_slots(self._slots)
        return self._slots[tile]

    def renew(self, tile: int) -> Slot:
        """A fresh slot for the tile; pictures of the old one no longer arrive."""
        old = self._slots.pop(tile, None)
        slot = self.slot(tile)
        if old is not None:
            slot.box, slot.part = old.box, old.part
        return slot

    def place(self, tile: int, box: tuple[int, int], part: Part) -> None:
        """How large a tile is in device pixels, and which part of the picture it shows."""
        slot = self.slot(tile)
        slot.box, slot.part = box, part

    def collect(self) -> dict[int, Picture]:
        """New pictures by tile."""
        return self.converter.collect()

    def open_live(self, name: str, fetch: Callable[[], Future[StreamSource]]) -> LiveFeed:
        """Open a live stream."""
        return LiveFeed(fetch, name=name, sockets=self.sockets, spawner=self.spawner)

    def close(self) -> None:
        """End all threads."""
        self.converter.stop()
        self.sockets.close()
