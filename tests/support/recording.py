"""Stand-ins for what surrounds a recorder: files that fail on demand, syncing without a thread."""

from __future__ import annotations

import errno
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from embedded_server.recorder.footage_dir import FootageDir, FootageFile
from tests.support.packets import WALL_US

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from embedded_server.recorder.sync import Syncable
    from embedded_server.services.model import Gap, Segment


class ManualClock:
    """Time that moves when told."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.start = datetime.fromtimestamp(WALL_US / 1e6, UTC)

    def now(self) -> datetime:
        return self.start + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class ImmediateSync:
    """Finishes closed files at once, in the caller's thread."""

    def __init__(self) -> None:
        self.growing: list[Syncable] = []

    def add(self, file: Syncable) -> None:
        self.growing.append(file)

    def finish(self, file: Syncable, done: Callable[[], None]) -> None:
        self.growing.remove(file)
        file.close()
        done()


class FailingFiles:
    """A footage directory whose disk takes ``room`` bytes, then fails with ``error``."""

    def __init__(self, root: Path, room: int, error: int = errno.ENOSPC) -> None:
        self._directory = FootageDir(root)
        self.room = room
        self.error = error

    def create(self, camera_id: str, start: datetime) -> FootageFile:
        file = self._directory.create(camera_id, start)
        append = file.append

        def limited(data: bytes) -> None:
            if len(data) > self.room:
                raise OSError(self.error, "No space left on device")
            self.room -= len(data)
            append(data)

        file.append = limited  # type: ignore[method-assign]
        return file


class Reports:
    """Remembers what a recorder told."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.gaps: list[Gap] = []
        self.alarms: list[tuple[str, str]] = []

    def segment_written(self, segment: Segment) -> None:
        self.segments.append(segment)

    def gap_changed(self, gap: Gap) -> None:
        self.gaps.append(gap)

    def alarm(self, kind: str, message: str) -> None:
        self.alarms.append((kind, message))

    @property
    def closed(self) -> list[Segment]:
        return [segment for segment in self.segments if not segment.is_open]
