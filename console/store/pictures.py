"""Stills behind events, fetched once and kept within bounds."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from console.domain.errors import ConsoleError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine

Place = tuple[str, str]
"""System id and the path below its address."""
KEPT_BYTES = 48 * 1024 * 1024
WAITING = 64
AT_ONCE = 4
KEPT_FAILURES = 512


class PictureStore(QObject):
    """JPEGs by system and path.

    A list that scrolls fast asks for many: the newest wishes are served first, the oldest are forgotten
    (the list asks again when it paints them again).
    """

    arrived = Signal(str, str)
    """System and path of a picture that ``get`` now returns."""

    def __init__(
        self,
        fetch: Callable[[str, str], Awaitable[bytes]],
        start: Callable[[Coroutine[object, object, None]], object],
        *,
        kept_bytes: int = KEPT_BYTES,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._fetch = fetch
        self._start = start
        self._limit = kept_bytes
        self._size = 0
        self._kept: OrderedDict[Place, bytes] = OrderedDict()
        self._failed: OrderedDict[Place, None] = OrderedDict()
        self._wanted: deque[Place] = deque(maxlen=WAITING)
        self._busy: set[Place] = set()

    def get(self, system: str, path: str) -> bytes | None:
        """The picture, or None: then it is fetched, and ``arrived`` says when it is there."""
        place = (system, path)
        kept = self._kept.get(place)
        if kept is not None:
            self._kept.move_to_end(place)
        elif place not in self._busy and place not in self._failed:
            self._want(place)
        return kept

    def forget_failures(self) -> None:
        """Try again what could not be had; after a reconnect, say."""
        self._failed.clear()

    async def load(self, system: str, path: str) -> bytes:
        """The picture, waited for.

        Raises:
            ConsoleError: it cannot be had.
        """
        kept = self._kept.get((system, path))
        if kept is not None:
            return kept
        picture = await self._fetch(system, path)
        self._keep((system, path), picture)
        return picture

    def _want(self, place: Place) -> None:
        if place in self._wanted:
            self._wanted.remove(place)
        self._wanted.append(place)
        self._serve()

    def _serve(self) -> None:
        while self._wanted and len(self._busy) < AT_ONCE:
            place = self._wanted.pop()
            self._busy.add(place)
            self._start(self._bring(place))

    async def _bring(self, place: Place) -> None:
        try:
            await self.load(*place)
        except ConsoleError:
            # Nobody is told: a missing thumbnail shows as such, and the list is full of others.
            self._note_failure(place)
        else:
            self.arrived.emit(*place)
        finally:
            self._busy.discard(place)
        self._serve()

    def _note_failure(self, place: Place) -> None:
        self._failed[place] = None
        if len(self._failed) > KEPT_FAILURES:
            self._failed.popitem(last=False)

    def _keep(self, place: Place, picture: bytes) -> None:
        self._size += len(picture) - len(self._kept.pop(place, b""))
        self._kept[place] = picture
        while self._size > self._limit and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._size -= len(oldest)
