"""Events: what the analysis reports becomes rows, pictures and messages; people look, acknowledge and review."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol, Self

from embedded_server.services.bus import CHANNEL_DETECTIONS, CHANNEL_EVENTS
from embedded_server.services.errors import Invalid, NotFound, ServiceError
from embedded_server.services.event_shape import (
    acknowledged_message,
    detections_message,
    event_message,
)
from embedded_server.services.event_values import (
    EventChanges,
    EventCursor,
    EventFilter,
    EventPage,
    EventRecord,
    ReportToSave,
    SavedEvent,
    decode_cursor,
    encode_cursor,
)
from embedded_server.services.model import EventPhase, EventReport

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from embedded_server.services.bus import Bus
    from embedded_server.services.model import DetectionBatch
    from embedded_server.services.ports import Clock

_log = logging.getLogger("gatehouse.events")

BATCH = 100
MAX_PENDING = 5000
"""Events waiting for a disk that does not answer; beyond it the pictures of further ones are let go, never the events."""
RETRY_S = 2.0
KEPT_TOTALS = 64
RETAIN_EVERY_S = 600.0
REMOVED_AT_ONCE = 500


class EventStore(Protocol):
    """Where events are kept."""

    async def save(self, reports: Sequence[ReportToSave]) -> list[SavedEvent]:
        """Insert or improve, by key; a report older than what is stored, or of an unknown camera, gives nothing."""

    async def page(
        self, wanted: EventFilter, *, after: EventCursor | None, offset: int, limit: int
    ) -> list[EventRecord]:
        """Newest first."""

    async def count(self, wanted: EventFilter) -> int:
        """All that match."""

    async def get(self, event_id: int) -> EventRecord | None:
        """One event, deleted ones too."""

    async def change(
        self, event_id: int, changes: EventChanges, *, by: str, at: datetime
    ) -> SavedEvent:
        """Apply what a person changed.

        Raises:
            NotFound: no such event.
            Conflict: it has another version.
        """

    async def delete_of_camera(self, camera_id: str, *, at: datetime) -> int:
        """Put all events of a camera in the trash; how many."""

    async def remove_expired(self, now: datetime, *, limit: int) -> list[EventRecord]:
        """Remove up to ``limit`` events older than their camera's retention, for good; flagged ones stay."""


class EventPictures(Protocol):
    """Where pictures of events are kept."""

    async def save(self, event_key: str, kind: str, started_at: datetime, jpeg: bytes) -> str:
        """Write or replace one picture atomically; its name."""

    async def remove(self, names: Sequence[str]) -> None:
        """Remove pictures; those that are gone already do not matter."""

    def path(self, name: str) -> Path:
        """Where it lies."""


class EventService:
    """Takes reports without ever making the analysis wait, and answers questions about them."""

    def __init__(self, store: EventStore, pictures: EventPictures, bus: Bus, clock: Clock) -> None:
        self._store = store
        self._pictures = pictures
        self._bus = bus
        self._clock = clock
        self._pending: dict[str, EventReport] = {}
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._latest: dict[str, DetectionBatch] = {}
        self._totals: dict[EventFilter, int] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Begin to store what is reported."""
        self._tasks = [
            asyncio.create_task(self._write_reports(), name="event reports"),
            asyncio.create_task(self._retain(), name="event retention"),
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Store what is still waiting, unless the disk does not answer, and stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.settle(), RETRY_S)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # What the analysis says

    def detected(self, batch: DetectionBatch) -> None:
        """Boxes of one frame: kept as the latest of their camera, and published."""
        self._latest[batch.camera_id] = batch
        self._bus.publish(CHANNEL_DETECTIONS, detections_message(batch))

    def event_reported(self, report: EventReport) -> None:
        """Take a report; what waits for the same event is merged with it, so that the queue has an end."""
        waiting = self._pending.get(report.key)
        if waiting is None and len(self._pending) >= MAX_PENDING:
            report = replace(report, snapshot_jpeg=None, crop_jpeg=None)
        self._pending[report.key] = report if waiting is None else merged(waiting, report)
        self._idle.clear()
        self._wake.set()

    async def settle(self) -> None:
        """Wait until everything reported so far is stored."""
        await self._idle.wait()

    # What people ask

    def latest_detections(self, camera_id: str) -> DetectionBatch | None:
        """Boxes of the camera's last analysed frame."""
        return self._latest.get(camera_id)

    async def page(
        self, wanted: EventFilter, *, cursor: str | None = None, limit: int = 50, offset: int = 0
    ) -> EventPage:
        """One page, newest first, with the exact total; a cursor wins over an offset.

        Raises:
            Invalid: the cursor is not one, or the dates stand the wrong way round.
        """
        if wanted.start and wanted.end and wanted.start > wanted.end:
            raise Invalid("start_date must not be after end_date", code="invalid_date_range")
        after = decode_cursor(cursor) if cursor else None
        found = await self._store.page(
            wanted, after=after, offset=0 if after else offset, limit=limit + 1
        )
        items = tuple(found[:limit])
        has_more = len(found) > limit
        last = items[-1] if items and has_more else None
        return EventPage(
            items=items,
            total=await self._total(wanted),
            next_cursor=None if last is None else encode_cursor(_cursor_at(last)),
            has_more=has_more,
        )

    async def get(self, event_id: int) -> EventRecord:
        """One event.

        Raises:
            NotFound: there is none.
        """
        record = await self._store.get(event_id)
        if record is None:
            raise NotFound(f"There is no event {event_id}.", code="event_not_found")
        return record

    async def acknowledge(self, event_id: int, *, by: str) -> EventRecord:
        """Mark an event as seen to; doing it twice changes nothing.

        Raises:
            NotFound: there is none.
        """
        record = await self.get(event_id)
        if record.reviewed:
            return record
        return await self.change(event_id, EventChanges({"reviewed": True}), by=by)

    async def change(self, event_id: int, changes: EventChanges, *, by: str) -> EventRecord:
        """Review an event.

        Raises:
            NotFound: there is none.
            Conflict: ``changes.version`` is not the event's.
        """
        at = self._clock.now()
        saved = await self._store.change(event_id, changes, by=by, at=at)
        self._totals.clear()
        if changes.values.get("reviewed"):
            message = acknowledged_message(saved.record, at=at, seq=saved.seq)
        else:
            message = event_message(saved.record, EventPhase.UPDATE, at=at, seq=saved.seq)
        self._bus.publish(CHANNEL_EVENTS, message)
        return saved.record

    async def picture(self, event_id: int, kind: str) -> Path:
        """Where the event's ``snapshot`` or ``crop`` lies.

        Raises:
            NotFound: no such event, or it has no such picture.
        """
        record = await self.get(event_id)
        name = record.snapshot if kind == "snapshot" else record.crop
        if name is None:
            raise NotFound(f"Event {event_id} has no {kind}.", code=f"{kind}_not_found")
        return self._pictures.path(name)

    async def forget_camera(self, camera_id: str) -> int:
        """Put the events of a deleted camera in the trash; how many."""
        self._latest.pop(camera_id, None)
        count = await self._store.delete_of_camera(camera_id, at=self._clock.now())
        self._totals.clear()
        return count

    async def remove_expired(self) -> int:
        """Remove events older than their camera's footage may be, and their pictures; how many.

        A few at a time with a pause as long as the work took, so that nothing else waits (spike, section 4).
        """
        count = 0
        while True:
            began = self._clock.monotonic()
            removed = await self._store.remove_expired(self._clock.now(), limit=REMOVED_AT_ONCE)
            names = [name for record in removed for name in (record.snapshot, record.crop) if name]
            await self._pictures.remove(names)
            if removed:
                self._totals.clear()
            count += len(removed)
            if len(removed) < REMOVED_AT_ONCE:
                return count
            await asyncio.sleep(self._clock.monotonic() - began)

    async def _total(self, wanted: EventFilter) -> int:
        """Counted once per filter and state of the catalogue: it is the expensive part of a page (spike, section 2)."""
        total = self._totals.get(wanted)
        if total is None:
            total = await self._store.count(wanted)
            while len(self._totals) >= KEPT_TOTALS:
                self._totals.pop(next(iter(self._totals)))
            self._totals[wanted] = total
        return total

    async def _write_reports(self) -> None:
        """For ever; a disk that fails delays events, it does not lose them. Says "lost" once and "back" once."""
        is_failing = False
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._pending:
                batch = [self._pending.pop(key) for key in list(self._pending)[:BATCH]]
                try:
                    await self._store_and_publish(batch)
                except (ServiceError, OSError) as error:
                    if not is_failing:
                        _log.warning("events cannot be stored and wait in memory: %s", error)
                    is_failing = True
                    self._put_back(batch)
                    await asyncio.sleep(RETRY_S)
                else:
                    if is_failing:
                        _log.warning("events are stored again")
                    is_failing = False
            self._idle.set()

    async def _retain(self) -> None:
        while True:
            await asyncio.sleep(RETAIN_EVERY_S)
            try:
                await self.remove_expired()
            except (ServiceError, OSError) as error:
                _log.warning("old events could not be removed: %s", error)

    async def _store_and_publish(self, batch: list[EventReport]) -> None:
        reports = [await self._with_pictures(report) for report in batch]
        saved = await self._store.save(reports)
        self._totals.clear()
        at = self._clock.now()
        for event in saved:
            self._bus.publish(
                CHANNEL_EVENTS, event_message(event.record, event.phase, at=at, seq=event.seq)
            )

    async def _with_pictures(self, report: EventReport) -> ReportToSave:
        names: dict[str, str] = {}
        for kind, jpeg in (("snapshot", report.snapshot_jpeg), ("crop", report.crop_jpeg)):
            if jpeg is not None:
                names[kind] = await self._pictures.save(report.key, kind, report.started_at, jpeg)
        return ReportToSave(report, **names)

    def _put_back(self, batch: list[EventReport]) -> None:
        for report in batch:
            newer = self._pending.get(report.key)
            self._pending[report.key] = report if newer is None else merged(report, newer)


def _cursor_at(record: EventRecord) -> EventCursor:
    return EventCursor(record.started_at, record.id)


def merged(older: EventReport, newer: EventReport) -> EventReport:
    """Two reports of one event as one: the newer, with the pictures that only the older brought."""
    kept: dict[str, Any] = {}
    if newer.snapshot_jpeg is None:
        kept["snapshot_jpeg"] = older.snapshot_jpeg
    if newer.crop_jpeg is None:
        kept["crop_jpeg"] = older.crop_jpeg
    return replace(newer, **kept)
