"""The current group of pictures of one stream, and its bounded readers.

Pure and thread-safe: the capture thread publishes, readers take from wherever they run. It stands in
the media process, and once more in the server, where the pipe feeds it.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from embedded_server.contract.live import DISCONTINUITY, AccessUnit
from embedded_server.services.model import StreamFormat, StreamState, StreamStatus

if TYPE_CHECKING:
    from collections.abc import Callable

Item = StreamFormat | AccessUnit | StreamStatus | int
"""What a reader gets; a number says how many access units it has just lost."""

MAX_UNITS = 250
MAX_BYTES = 16 * 1024 * 1024
"""How far a reader may fall behind, beyond the group of pictures that it began with."""
MAX_GROUP_UNITS = 1500
MAX_GROUP_BYTES = 32 * 1024 * 1024
"""A longer group is not kept: who joins then waits for the next key frame."""
_LIVE_STATES = frozenset({StreamState.ONLINE, StreamState.CONNECTING})


class StreamHub:
    """One stream's format, state and current group of pictures, given on to every reader."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._format: StreamFormat | None = None
        self._status: StreamStatus | None = None
        self._group: list[AccessUnit] = []
        self._group_bytes = 0
        self._readers: list[HubReader] = []
        self._is_closed = False

    @property
    def has_readers(self) -> bool:
        """Whether anybody reads."""
        return bool(self._readers)

    def publish_format(self, stream_format: StreamFormat) -> None:
        """What follows is of this format; what came before cannot be joined any more."""
        with self._lock:
            self._format = stream_format
            self._forget_group()
            self._give(stream_format)

    def publish_status(self, status: StreamStatus) -> None:
        """The stream changed its state; a lost stream's last pictures are not handed to newcomers."""
        with self._lock:
            self._status = status
            if status.state not in _LIVE_STATES:
                self._forget_group()
            self._give(status)

    def publish(self, unit: AccessUnit) -> None:
        """One more picture."""
        with self._lock:
            self._keep(unit)
            self._give(unit)

    def publish_loss(self, units: int) -> None:
        """So many pictures were lost before they came here."""
        with self._lock:
            self._give(units)

    def restart(self) -> None:
        """The source begins anew: newcomers wait for its next key frame."""
        with self._lock:
            self._forget_group()

    def open(
        self,
        wake: Callable[[], None],
        *,
        max_units: int = MAX_UNITS,
        max_bytes: int = MAX_BYTES,
    ) -> HubReader:
        """A reader that begins with the format, the state and the current group of pictures.

        ``wake`` is called from the publishing thread when there is something to take, not more than
        once between two takes.
        """
        with self._lock:
            max_units += len(self._group)
            reader = HubReader(self._drop_reader, wake, max_units, max_bytes + self._group_bytes)
            for item in (self._format, self._status, *self._group):
                if item is not None:
                    reader.put(item)
            if not self._group:
                reader.await_key()
            if self._is_closed:
                reader.end()
            else:
                self._readers.append(reader)
            return reader

    def close(self) -> None:
        """The stream is gone: every reader ends after what it still holds."""
        with self._lock:
            self._is_closed = True
            self._forget_group()
            readers, self._readers = self._readers, []
            for reader in readers:
                reader.end()

    def _drop_reader(self, reader: HubReader) -> None:
        with self._lock:
            if reader in self._readers:
                self._readers.remove(reader)

    def _give(self, item: Item) -> None:
        for reader in self._readers:
            reader.put(item)

    def _keep(self, unit: AccessUnit) -> None:
        if unit.is_key:
            self._forget_group()
        elif not self._group:
            return
        self._group.append(unit)
        self._group_bytes += len(unit.payload)
        if len(self._group) > MAX_GROUP_UNITS or self._group_bytes > MAX_GROUP_BYTES:
            self._forget_group()

    def _forget_group(self) -> None:
        self._group = []
        self._group_bytes = 0


class HubReader:
    """A queue with an end: when late it loses whole groups of pictures, and is told how many units."""

    def __init__(
        self,
        leave: Callable[[HubReader], None],
        wake: Callable[[], None],
        max_units: int,
        max_bytes: int,
    ) -> None:
        self._leave = leave
        self._wake = wake
        self._max_units = max_units
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._items: deque[Item] = deque()
        self._units = 0
        self._bytes = 0
        self._dropped = 0
        self._awaits_key = False
        self._is_woken = False
        self._is_ended = False
        self.dropped_total = 0

    @property
    def has_ended(self) -> bool:
        """Whether nothing will come any more and everything was taken."""
        with self._lock:
            return self._is_ended and not self._items

    def take(self) -> list[Item]:
        """Everything that waits, in order; empty when there is nothing."""
        with self._lock:
            items = list(self._items)
            self._items.clear()
            self._units = self._bytes = 0
            self._is_woken = False
            return items

    def close(self) -> None:
        """Read no more; safe to call twice."""
        self._leave(self)
        self.end()
        self.take()

    def await_key(self) -> None:
        """Take no access unit before the next key frame."""
        with self._lock:
            self._awaits_key = True

    def put(self, item: Item) -> None:
        """Called by the hub."""
        with self._lock:
            if self._is_ended:
                return
            if isinstance(item, AccessUnit):
                self._put_unit(item)
            else:
                self._items.append(item)
            wakes = bool(self._items) and not self._is_woken
            self._is_woken = self._is_woken or wakes
        if wakes:
            self._wake()

    def end(self) -> None:
        """Called by the hub: nothing follows."""
        with self._lock:
            if self._is_ended:
                return
            self._is_ended = True
        self._wake()

    def _put_unit(self, unit: AccessUnit) -> None:
        is_full = self._units >= self._max_units or self._bytes >= self._max_bytes
        if is_full:
            self._empty()
        if self._awaits_key and not unit.is_key:
            if self._dropped:  # before the first key frame nothing was promised, so nothing is lost
                self._dropped += 1
                self.dropped_total += 1
            return
        if self._dropped:
            self._items.append(self._dropped)
            self._dropped = 0
            unit = unit._replace(flags=unit.flags | DISCONTINUITY)
        self._awaits_key = False
        self._items.append(unit)
        self._units += 1
        self._bytes += len(unit.payload)

    def _empty(self) -> None:
        kept = [item for item in self._items if not isinstance(item, AccessUnit | int)]
        lost_before = sum(item for item in self._items if isinstance(item, int))
        self.dropped_total += self._units
        self._dropped += self._units + lost_before
        self._items = deque(kept)
        self._units = self._bytes = 0
        self._awaits_key = True
