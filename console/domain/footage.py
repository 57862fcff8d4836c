"""Recorded time as the console knows it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

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


def join_runs(
    runs: Iterable[TimeRange], *, within: timedelta = timedelta(0)
) -> tuple[TimeRange, ...]:
    """The runs in order, those that touch (or lie no more than ``within`` apart) made one."""
    joined: list[TimeRange] = []
    for run in sorted(runs, key=lambda r: (r.start, r.end)):
        if joined and run.start <= joined[-1].end + within:
            joined[-1] = TimeRange(joined[-1].start, max(joined[-1].end, run.end))
        else:
            joined.append(run)
    return tuple(joined)


def merged(known: Footage, newer: Footage) -> Footage:
    """Both together: inside what ``newer`` was asked for it is right, outside what was known stays.

    Spans that do not touch cannot be one; then ``newer`` stands alone.
    """
    asked, fresh = known.asked, newer.asked
    if asked.end < fresh.start or fresh.end < asked.start:
        return newer
    kept = (piece for run in known.runs for piece in _outside(run, fresh))
    gaps = [gap for gap in known.gaps if not _touches(gap, fresh)]
    return Footage(
        camera=newer.camera,
        asked=TimeRange(min(asked.start, fresh.start), max(asked.end, fresh.end)),
        runs=join_runs((*kept, *newer.runs)),
        gaps=tuple(sorted((*gaps, *newer.gaps), key=lambda gap: gap.start)),
    )


def grown(known: Footage, span: TimeRange) -> Footage:
    """Footage after ``span`` was recorded; segments of one run may lie a frame or two apart."""
    return Footage(
        camera=known.camera,
        asked=TimeRange(known.asked.start, max(known.asked.end, span.end)),
        runs=join_runs((*known.runs, span), within=SEGMENT_SEAM),
        gaps=tuple(_ended(gap, span.start) for gap in known.gaps),
    )


def _ended(gap: Gap, at: datetime) -> Gap:
    is_over = gap.end is None and gap.start < at
    return replace(gap, end=at) if is_over else gap


SEGMENT_SEAM = timedelta(seconds=1)
"""Two files closer than this were recorded in one go."""


def _outside(run: TimeRange, hole: TimeRange) -> Iterator[TimeRange]:
    if run.start < hole.start:
        yield TimeRange(run.start, min(run.end, hole.start))
    if run.end > hole.end:
        yield TimeRange(max(run.start, hole.end), run.end)


def _touches(gap: Gap, span: TimeRange) -> bool:
    return gap.start < span.end and (gap.end is None or gap.end > span.start)
