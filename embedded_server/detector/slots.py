"""Pictures waiting for analysis: one for each camera, the newest wins, the camera that waits longest is next."""

from __future__ import annotations

import threading
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Slots(Generic[Item]):
    """Filled by decode threads, emptied by analysis threads; a camera is with one thread at a time."""

    def __init__(self) -> None:
        self._waiting: dict[str, Item] = {}
        self._busy: set[str] = set()
        self._changed = threading.Condition()
        self._is_closed = False
        self.replaced = 0

    def put(self, camera_id: str, item: Item) -> None:
        """Offer a picture; one that still waits is replaced, its camera keeps its place in the queue."""
        with self._changed:
            self.replaced += camera_id in self._waiting
            self._waiting[camera_id] = item
            self._changed.notify()

    def take(self, timeout_s: float) -> tuple[str, Item] | None:
        """The picture of the camera that has waited longest, or None; ``done`` must follow."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_closed or self._next() is not None, timeout_s)
            camera_id = None if self._is_closed else self._next()
            if camera_id is None:
                return None
            self._busy.add(camera_id)
            return camera_id, self._waiting.pop(camera_id)

    def done(self, camera_id: str) -> None:
        """Give the camera back."""
        with self._changed:
            self._busy.discard(camera_id)
            self._changed.notify()

    def drop(self, camera_id: str) -> None:
        """Forget what waits of a camera."""
        with self._changed:
            self._waiting.pop(camera_id, None)

    def close(self) -> None:
        """Wake everybody; nothing is given out any more."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()

    @property
    def is_closed(self) -> bool:
        """Whether it is over."""
        return self._is_closed

    def _next(self) -> str | None:
        return next((camera for camera in self._waiting if camera not in self._busy), None)
