"""The bounded queue between a receiver and its decode thread; when full, whole groups are dropped."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.playback.live_wire import Opening, Unit

MAX_UNITS = 256
MAX_BYTES = 24 * 1024 * 1024


class UnitQueue:
    """What came of one stream and is not decoded yet.

    While nobody watches it hands out nothing and keeps the newest group of pictures only, so that the
    picture is there at once when somebody looks again.
    """

    def __init__(self, *, max_units: int = MAX_UNITS, max_bytes: int = MAX_BYTES) -> None:
        self._items: deque[Opening | Unit] = deque()
        self._bytes = 0
        self._max_units = max_units
        self._max_bytes = max_bytes
        self._changed = threading.Condition()
        self._is_closed = False
        self._is_watched = True
        self._awaits_key = False
        self.dropped_count = 0

    def put_opening(self, opening: Opening) -> None:
        """New parameters; what waits of the old stream is dropped."""
        with self._changed:
            self._drop_units()
            self._items.clear()
            self._items.append(opening)
            self._awaits_key = False
            self._changed.notify()

    def put(self, unit: Unit) -> None:
        """One more access unit."""
        with self._changed:
            if unit.is_key and (self._awaits_key or not self._is_watched):
                self._drop_units()
                self._awaits_key = False
            if self._awaits_key:
                self.dropped_count += 1
                return
            self._items.append(unit)
            self._bytes += len(unit.payload)
            if len(self._items) > self._max_units or self._bytes > self._max_bytes:
                self._drop_units()
                self._awaits_key = True
            self._changed.notify()

    def get(self) -> Opening | Unit | None:
        """The next item; waits for it. None when closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or (self._is_watched and self._items))
            if self._is_closed:
                return None
            item = self._items.popleft()
            if isinstance(item, tuple):
                self._bytes -= len(item.payload)
            return item

    def is_empty(self) -> bool:
        """Whether everything was taken."""
        return not self._items

    def set_watched(self, watched: bool) -> None:
        """Hand out items or hold them."""
        with self._changed:
            self._is_watched = watched
            self._changed.notify()

    def close(self) -> None:
        """Wake the reader and hand out nothing more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    def _drop_units(self) -> None:
        openings = [item for item in self._items if not isinstance(item, tuple)]
        self.dropped_count += len(self._items) - len(openings)
        self._items = deque(openings[-1:])
        self._bytes = 0
