"""Arithmetic on footage: runs, gaps, what was missed while the server was away. No files, no database."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from embedded_server.services.model import ClipPiece, Gap, GapCause, Segment, TimeRange

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

JOINED_BELOW = timedelta(seconds=1)
"""Segments closer than this are one run: packets arrive with jitter, and a real loss has a gap with a cause."""


def joined(ranges: Iterable[TimeRange]) -> list[TimeRange]:
    """Runs in order, those that touch or nearly touch made one."""
    runs: list[TimeRange] = []
    for each in sorted(ranges, key=lambda one: one.start):
        if runs and each.start <= runs[-1].end + JOINED_BELOW:
            runs[-1] = TimeRange(runs[-1].start, max(runs[-1].end, each.end))
        elif each.start < each.end:
            runs.append(each)
    return runs


def clipped(ranges: Iterable[TimeRange], window: TimeRange) -> list[TimeRange]:
    """The parts inside the window."""
    return [
        TimeRange(max(each.start, window.start), min(each.end, window.end))
        for each in ranges
        if each.overlaps(window)
    ]


def shown_gaps(gaps: Sequence[Gap], runs: Sequence[TimeRange]) -> list[Gap]:
    """Gaps as they may be told: footage beats a gap, and the last of several over the same time wins nothing.

    ``runs`` must be joined. What is left of a gap that lies between runs stays; an open gap ends where footage begins.
    """
    shown: list[Gap] = []
    for gap in sorted(gaps, key=lambda one: one.start):
        covered = shown[-1].end if shown else None
        if covered is not None and gap.start < covered:
            gap = replace(gap, start=covered)
        shown += _parts_without(gap, runs)
    return shown


def unexplained(gaps: Sequence[Gap], runs: Sequence[TimeRange], camera_id: str) -> list[Gap]:
    """What lies between two runs and in no gap: a cause that nobody noted, or that was lost with a catalogue."""
    holes = [
        Gap(camera_id, before.end, after.start, GapCause.UNKNOWN)
        for before, after in pairwise(runs)
    ]
    told = [TimeRange(gap.start, gap.end) for gap in gaps if gap.end is not None]
    parts = [part for hole in holes for part in _parts_without(hole, joined(told))]
    return [part for part in parts if part.end is None or part.end - part.start > JOINED_BELOW]


def _parts_without(gap: Gap, runs: Sequence[TimeRange]) -> list[Gap]:
    parts: list[Gap] = []
    start = gap.start
    for run in runs:
        if run.end <= start:
            continue
        if gap.end is not None and run.start >= gap.end:
            break
        if run.start > start:
            parts.append(replace(gap, start=start, end=run.start))
        start = max(start, run.end)
        if gap.end is None:  # footage came back, so it is over; what follows is somebody else's gap
            return parts
    if gap.end is None or start < gap.end:
        parts.append(replace(gap, start=start))
    return parts


@dataclass(frozen=True, slots=True)
class LastSeen:
    """What the catalogue says of a camera when the server starts."""

    camera_id: str
    footage_end: datetime | None
    open_gap: Gap | None


def gaps_of_absence(seen: LastSeen, *, alive_at: datetime | None, was_clean: bool) -> list[Gap]:
    """Gaps to store at a start: the open one ended when the server did, and the absence itself.

    A camera that was switched off stays so; one without footage has nothing to miss.
    """
    gap = seen.open_gap
    if gap is not None and gap.cause is GapCause.SWITCHED_OFF:
        return []
    cause = GapCause.SERVER_STOPPED if was_clean else GapCause.SERVER_CRASHED
    if gap is not None:
        left_at = max(gap.start, alive_at or gap.start)
        return [replace(gap, end=left_at), Gap(seen.camera_id, left_at, None, cause)]
    if seen.footage_end is None:
        return []
    return [Gap(seen.camera_id, seen.footage_end, None, cause)]


def piece_of(segment: Segment, path: Path, window: TimeRange) -> ClipPiece:
    """The part of a segment's file that lies in the window."""
    start = max(window.start, segment.start) - segment.start
    end = min(window.end, segment.end) - segment.start
    return ClipPiece(path, start.total_seconds(), end.total_seconds())


def is_in(moment: datetime, segment: Segment) -> bool:
    """Whether a segment has the picture of a moment."""
    return segment.start <= moment < segment.end
