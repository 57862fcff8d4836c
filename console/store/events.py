"""Events of all systems, newest first."""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING

from console.domain.event import Event, EventKey
from console.store.base import ListStore

if TYPE_CHECKING:
    from PySide6.QtCore import QObject

KEPT_EVENTS = 2000


class EventStore(ListStore[EventKey, Event]):
    """The newest events; older ones leave when there are more than ``limit``."""

    def __init__(self, *, limit: int = KEPT_EVENTS, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._limit = limit

    def key_of(self, row: Event) -> EventKey:
        """Its key."""
        return row.key

    def place_of(self, row: Event) -> int:
        """Newest first."""
        return bisect_left(
            self._rows, -row.started_at.timestamp(), key=lambda r: -r.started_at.timestamp()
        )

    def flush(self) -> None:
        """Apply what waits, then let the oldest go."""
        super().flush()
        while len(self._rows) > self._limit:
            self._remove_now(self._keys[-1])
