"""Builders for the server's values, and a clock that moves only when told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert

from embedded_server.services.model import (
    EventPhase,
    EventReport,
    FragmentEntry,
    Segment,
    Severity,
    segment_name,
)
from embedded_server.storage.schema import camera

if TYPE_CHECKING:
    from embedded_server.storage.catalog import Catalog

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


class StoppedClock:
    """Stands still until :meth:`advance`."""

    def __init__(self, now: datetime = NOON) -> None:
        self._now = now
        self._start = now

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return (self._now - self._start).total_seconds()

    def advance(self, seconds: float) -> None:
        self._now += timedelta(seconds=seconds)


def after(seconds: float) -> datetime:
    """A moment so long after noon."""
    return NOON + timedelta(seconds=seconds)


def a_report(
    key: str = "e1", *, started: float = 0, at: float | None = None, **changes: Any
) -> EventReport:
    """A person at the gate, ``started`` seconds after noon."""
    report = EventReport(
        key=key,
        camera_id="gate",
        phase=EventPhase.START,
        started_at=after(started),
        at=after(started if at is None else at),
        ended_at=None,
        label="person",
        labels=("person",),
        confidence=0.8,
        severity=Severity.DETECTION,
        summary="Person detected",
        detection_count=1,
    )
    return replace(report, **changes)


def a_segment(
    start: float = 0, seconds: float = 60, *, camera_id: str = "gate", **changes: Any
) -> Segment:
    """A file of footage, ``start`` seconds after noon, with a key frame every two seconds."""
    count = max(1, int(seconds // 2))
    segment = Segment(
        camera_id=camera_id,
        name=segment_name(after(start)),
        start=after(start),
        end=after(start + seconds),
        size=100 + 1000 * count,
        codec="h264",
        width=640,
        height=360,
        header_length=100,
        fragments=tuple(
            FragmentEntry(100 + 1000 * index, 1000, 2.0 * index, is_key=True)
            for index in range(count)
        ),
        sha256="0" * 64,
    )
    return replace(segment, **changes)


async def add_cameras(catalog: Catalog, *slugs: str, **columns: Any) -> None:
    """Rows for cameras of these slugs."""
    rows = [
        {
            "uuid": f"uuid-{slug}",
            "slug": slug,
            "name": slug.title(),
            "enabled": True,
            "created_at": NOON,
            "config": {},
            **columns,
        }
        for slug in slugs
    ]
    await catalog.write(lambda connection: connection.execute(insert(camera), rows))
