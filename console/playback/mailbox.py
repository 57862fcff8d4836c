"""The one-slot hand-over from a decoder to the screen: the newest picture wins, the rest is counted."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from av import VideoFrame


class Shot(NamedTuple):
    """One decoded picture and when it was taken."""

    frame: VideoFrame
    at_us: int
    """Wall time in microseconds since 1970, UTC; media time for footage."""
    aspect: float
    """Width over height as it is to be shown."""


class Mailbox:
    """Holds the newest picture until somebody takes it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._shot: Shot | None = None
        self.put_count = 0
        self.dropped_count = 0
        """Pictures that a newer one replaced before anybody had taken them."""

    def put(self, shot: Shot) -> None:
        """Leave a picture, in place of one that nobody took."""
        with self._lock:
            if self._shot is not None:
                self.dropped_count += 1
            self._shot = shot
            self.put_count += 1

    def take(self) -> Shot | None:
        """The picture left since the last call, if any."""
        with self._lock:
            shot, self._shot = self._shot, None
            return shot
