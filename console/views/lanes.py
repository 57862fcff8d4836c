"""From footage and events to the lanes of a timeline; pure."""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from console.domain.event import Severity
from console.domain.footage import join_runs
from console.views.words import gap_text, when_on
from widgets.timeline import GapMark, Lane, Mark

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date, datetime

    from console.domain.camera import CameraKey
    from console.domain.event import Event
    from console.domain.footage import Footage

MARK_LOOKS = {
    Severity.ALERT: ("alert", 3),
    Severity.DETECTION: ("caution", 2),
    Severity.MOTION: ("text_3", 1),
}
SEAM = timedelta(seconds=1)
LEAST_GAP = timedelta(seconds=1)


def lane_of(
    key: CameraKey, name: str, footage: Footage | None, events: Iterable[Event], now: datetime
) -> Lane:
    """The lane of one camera."""
    runs = () if footage is None else tuple((r.start, r.end) for r in footage.runs)
    gaps = () if footage is None else _gaps(footage, "", now)
    today = now.astimezone().date()
    marks = tuple(mark_of(event, today) for event in events if event.camera == key)
    return Lane(str(key), name, runs, gaps, marks)


def summed_lane(
    name: str,
    footages: Sequence[tuple[str, Footage]],
    events: Iterable[Event],
    keys: Iterable[CameraKey],
    now: datetime,
) -> Lane:
    """All cameras in one lane: footage where any has some, a thin gap where one lacks it."""
    wanted = frozenset(keys)
    runs = join_runs((run for _, footage in footages for run in footage.runs), within=SEAM)
    gaps = tuple(gap for camera, footage in footages for gap in _gaps(footage, camera, now))
    today = now.astimezone().date()
    marks = tuple(mark_of(event, today) for event in events if event.camera in wanted)
    return Lane("", name, tuple((run.start, run.end) for run in runs), gaps, marks)


@lru_cache(maxsize=4096)  # every lane is made anew for every event that comes
def mark_of(event: Event, today: date) -> Mark:
    """An event on a lane."""
    role, weight = MARK_LOOKS[event.severity]
    if event.is_acknowledged and event.severity is Severity.ALERT:
        role = "caution"
    text = (
        f"{event.summary or event.label} · {event.camera_name} · {when_on(event.started_at, today)}"
    )
    return Mark(event.started_at, event.ended_at, role, event.key, text, weight)


def _gaps(footage: Footage, camera: str, now: datetime) -> tuple[GapMark, ...]:
    prefix = f"{camera}: " if camera else ""
    return tuple(
        GapMark(gap.start, gap.end, prefix + gap_text(gap), is_partial=bool(camera))
        for gap in footage.gaps
        if (gap.end or now) - gap.start >= LEAST_GAP
    )
