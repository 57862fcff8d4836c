"""Recorded time as the console knows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from console.domain.camera import CameraKey


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Half-open ``[start, end)`` in UTC."""

    start: datetime
    end: datetime

    @property
    def duration(self) -> timedelta:
        """Its length."""
        return self.end - self.start

    def contains(self, moment: datetime) -> bool:
        """Whether the moment lies in it."""
        return self.start <= moment < self.end


@dataclass(frozen=True, slots=True)
class Gap:
    """Time without footage and why; ``end`` None while it lasts."""

    start: datetime
    end: datetime | None
    cause: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Footage:
    """What is recorded of one camera within ``asked``."""

    camera: CameraKey
    asked: TimeRange
    runs: tuple[TimeRange, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class SegmentRef:
    """One file of footage that a player can read. ``name`` is the system's own."""

    camera: CameraKey
    name: str
    span: TimeRange
    is_open: bool


@dataclass(frozen=True, slots=True)
class Fragment:
    """A part of a segment that is read in one piece. ``time_s`` counts from the segment's first picture."""

    offset: int
    length: int
    time_s: float
    is_key: bool


@dataclass(frozen=True, slots=True)
class SegmentIndex:
    """Where in a segment each moment lies."""

    segment: SegmentRef
    header_length: int
    size: int
    fragments: tuple[Fragment, ...]
