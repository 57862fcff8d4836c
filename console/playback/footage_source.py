"""How a playback thread asks for footage: every answer is a future, whoever gives it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence
    from concurrent.futures import Future

    from console.dialects.base import FootageAccess
    from console.domain.camera import CameraKey
    from console.domain.footage import Footage, SegmentIndex, SegmentRef, TimeRange

Answer = TypeVar("Answer")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FootageSource(Protocol):
    """Footage of one camera."""

    def segments(self, asked: TimeRange) -> Future[Sequence[SegmentRef]]:
        """Files that hold any of that time, oldest first."""

    def index(self, segment: SegmentRef) -> Future[SegmentIndex]:
        """Where in the file each moment lies."""

    def read(self, segment: SegmentRef, offset: int, length: int) -> Future[bytes]:
        """Bytes of the file, in one request."""

    def runs(self, asked: TimeRange) -> Future[Sequence[Footage]]:
        """Runs and gaps."""


class DialectFootage:
    """Asks a system through its dialect, which lives in the window's loop."""

    def __init__(
        self,
        camera: CameraKey,
        access: Callable[[], FootageAccess],
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self._camera = camera
        self._access = access
        self._loop = loop

    def segments(self, asked: TimeRange) -> Future[Sequence[SegmentRef]]:
        """Files that hold any of that time, oldest first."""
        return self._ask(lambda access: access.segments(self._camera, asked))

    def index(self, segment: SegmentRef) -> Future[SegmentIndex]:
        """Where in the file each moment lies."""
        return self._ask(lambda access: access.index(segment))

    def read(self, segment: SegmentRef, offset: int, length: int) -> Future[bytes]:
        """Bytes of the file, in one request."""
        return self._ask(lambda access: access.read(segment, offset, length))

    def runs(self, asked: TimeRange) -> Future[Sequence[Footage]]:
        """Runs and gaps."""
        return self._ask(lambda access: access.runs((self._camera,), asked))

    def _ask(
        self, question: Callable[[FootageAccess], Coroutine[Any, Any, Answer]]
    ) -> Future[Answer]:
        async def ask() -> Answer:
            return await question(self._access())

        return asyncio.run_coroutine_threadsafe(ask(), self._loop)


def to_us(moment: datetime) -> int:
    """Microseconds since 1970, UTC."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def to_moment(time_us: int) -> datetime:
    """The moment of so many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=time_us)
