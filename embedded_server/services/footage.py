"""Footage: what is recorded of each camera, what is missing and why, and how long it is kept."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, Self

from embedded_server.contract.system import SocketMessage
from embedded_server.services.bus import CHANNEL_EVENTS
from embedded_server.services.errors import ErrorKind, Invalid, NotFound, ServiceError
from embedded_server.services.footage_rules import (
    LastSeen,
    clipped,
    gaps_of_absence,
    is_in,
    joined,
    piece_of,
    shown_gaps,
    unexplained,
)
from embedded_server.services.model import ClipPiece, Gap, Segment, TimeRange

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from embedded_server.services.bus import Bus
    from embedded_server.services.ports import Clock

_log = logging.getLogger("gatehouse.footage")

MAX_WAITING = 10_000
RETRY_S = 2.0
ALIVE_EVERY_S = 10.0
RETAIN_EVERY_S = 60.0
TOLD_EVERY = timedelta(seconds=2)
"""An open segment grows twice a second; who listens is told less often."""
REMOVED_AT_ONCE = 200
ADOPTED_FIRST = 3
"""Newest files per camera that are adopted before anything else starts: the ones that a crash leaves."""
KEPT_BEFORE_NOW = timedelta(minutes=2)
"""Never removed for want of space: it would be gone before anybody could look."""


class FootageStore(Protocol):
    """Where footage is entered."""

    async def slug(self, camera: str) -> str | None:
        """The slug of a camera named by slug, integer or uuid."""

    async def put(self, entries: Sequence[Segment | Gap], *, at: datetime) -> None:
        """Enter segments (a known one changes nothing) and gaps (by camera and start), in order."""

    async def segments(self, camera_id: str, window: TimeRange) -> list[Segment]:
        """Those that overlap the window, oldest first, without their fragments."""

    async def find(self, camera_id: str, name: str) -> Segment | None:
        """One segment with its fragments."""

    async def runs(self, camera_id: str, window: TimeRange) -> list[TimeRange]:
        """Runs that overlap the window, and the nearest one on each side of it."""

    async def gaps(self, camera_id: str, window: TimeRange) -> list[Gap]:
        """Gaps that overlap the window."""

    async def known(self) -> frozenset[str]:
        """Relative paths of all segments, garbage too."""

    async def last_seen(self) -> list[LastSeen]:
        """Of every camera that is switched on."""

    async def open_gaps(self) -> list[Gap]:
        """The gaps that have no end yet, of all cameras."""

    async def alive_mark(self) -> tuple[datetime, bool] | None:
        """When the last server was known to run, and whether it stopped in order."""

    async def set_alive_mark(self, at: datetime, *, is_clean: bool) -> None:
        """Remember that for the next start."""

    async def expired(self, now: datetime, *, limit: int) -> list[Segment]:
        """Segments older than their camera's retention, oldest first."""

    async def oldest(self, before: datetime, *, limit: int) -> list[Segment]:
        """The oldest segments of all cameras that ended before a moment."""

    async def to_garbage(self, segments: Sequence[Segment]) -> None:
        """Take them out of every list and of their runs; the rows stay until the files are gone."""

    async def garbage(self, *, limit: int) -> list[Segment]:
        """What is still to be unlinked."""

    async def drop(self, segments: Sequence[Segment]) -> None:
        """Drop the rows of files that are gone."""

    async def forget_changes(self, before: datetime) -> int:
        """Drop old rows of the outbox."""


class FootageFiles(Protocol):
    """Where footage lies."""

    def path(self, segment: Segment) -> Path:
        """Of a segment's file."""

    async def unknown(self, known: frozenset[str]) -> list[tuple[str, Path]]:
        """Segment files that the catalogue does not have, with their camera, newest first within each."""

    async def recover(self, camera_id: str, path: Path) -> Segment | None:
        """Read a file, cut at its last whole fragment; None if there is no footage in it."""

    async def unlink(self, segments: Sequence[Segment]) -> None:
        """Remove files, and sync their directories."""

    async def room(self) -> Room:
        """How full the disk is."""

    async def hold_reserve(self) -> None:
        """Keep a little room that only we can free, while there is plenty."""

    async def release_reserve(self) -> None:
        """Free that room: on a full disk not even the catalogue can be told what is to be removed."""


class OpenSegments(Protocol):
    """The part of ``ports.MediaPlane`` that footage needs."""

    def open_segments(self) -> Mapping[str, Segment]:
        """By camera id, as of the last whole fragment."""


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes of a disk."""

    free: int
    total: int

    @property
    def wanted_free(self) -> int:
        """2 % of the disk, between 200 MB and 2 GB, but never more than a tenth of it."""
        return min(2_000_000_000, max(200_000_000, self.total // 50), self.total // 10)

    @property
    def is_tight(self) -> bool:
        """Whether old footage must go."""
        return self.free < self.wanted_free


@dataclass(frozen=True, slots=True)
class Coverage:
    """Runs and gaps of one camera in a time range."""

    camera_id: str
    runs: tuple[TimeRange, ...]
    gaps: tuple[Gap, ...]


class FootageService:
    """Enters what the media process reports, and answers what is there. The file is the truth, the row follows."""

    def __init__(
        self,
        store: FootageStore,
        files: FootageFiles,
        bus: Bus,
        clock: Clock,
        media: OpenSegments,
    ) -> None:
        self._store = store
        self._files = files
        self._bus = bus
        self._clock = clock
        self._media = media
        self._waiting: deque[Segment | Gap] = deque()
        self._told_at: dict[str, datetime] = {}
        self._open_gaps: dict[str, Gap] = {}
        self._trouble: str | None = None
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._room_wanted = asyncio.Event()
        self._removing = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        """Adopt what a crash left, note the absence as gaps, and begin to work; before the media process starts."""
        unknown = await self._files.unknown(await self._store.known())
        first, rest = _newest_first(unknown)
        await self._adopt(first)
        await self._note_absence()
        self._open_gaps = {gap.camera_id: gap for gap in await self._store.open_gaps()}
        self._tasks = [
            asyncio.create_task(self._enter_waiting(), name="footage entries"),
            asyncio.create_task(self._stay_alive(), name="footage alive mark"),
            asyncio.create_task(self._retain(), name="footage retention"),
            asyncio.create_task(self._adopt(rest), name="footage adoption"),
        ]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Enter what waits, say that this was an orderly stop, and end; after the media process has stopped."""
        try:
            await asyncio.wait_for(self.settle(), RETRY_S)
            await self._store.set_alive_mark(self._clock.now(), is_clean=True)
        except (TimeoutError, ServiceError) as failure:
            _log.warning("the stop could not be entered in the catalogue: %s", failure)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    # What the media process says (ports.MediaListener)

    def segment_written(self, segment: Segment) -> None:
        """A segment grew, or was closed and synced."""
        self._end_gap(segment)
        if not segment.is_open:
            self._enter(segment)
            return
        told_at = self._told_at.get(segment.camera_id)
        if told_at is None or segment.end - told_at >= TOLD_EVERY or segment.end < told_at:
            self._told_at[segment.camera_id] = segment.end
            self._publish(segment)

    def gap_changed(self, gap: Gap) -> None:
        """A gap began, or ended."""
        if gap.end is None:
            self._open_gaps[gap.camera_id] = gap
        else:
            self._open_gaps.pop(gap.camera_id, None)
        self._enter(gap)

    def make_room(self) -> None:
        """The disk is full: look at once what can go."""
        self._room_wanted.set()

    async def settle(self) -> None:
        """Wait until everything reported so far is entered."""
        await self._idle.wait()

    # What people ask

    async def camera(self, name: str) -> str:
        """The slug of a camera named by slug, integer or uuid.

        Raises:
            NotFound: there is none.
        """
        slug = await self._store.slug(name)
        if slug is None:
            raise NotFound(f"There is no camera {name}.", code="camera_not_found")
        return slug

    async def segments(self, camera: str, window: TimeRange) -> list[Segment]:
        """Files that overlap the window, oldest first, the one being written included.

        Raises:
            NotFound: no such camera.
            Invalid: the window ends before it starts.
        """
        _check(window)
        slug = await self.camera(camera)
        fresh = self._not_entered(slug)
        stored = await self._store.segments(slug, window)
        by_name = {segment.name: segment for segment in (*fresh, *stored)}
        found = [
            one for one in by_name.values() if one.start < window.end and one.end > window.start
        ]
        return sorted(found, key=lambda one: one.start)

    async def segment(self, camera: str, name: str) -> Segment:
        """One segment with its index; of an open one, as far as its last whole fragment.

        Raises:
            NotFound: no such camera or segment.
        """
        slug = await self.camera(camera)
        for segment in self._not_entered(slug):
            if segment.name == name:
                return segment
        stored = await self._store.find(slug, name)
        if stored is None:
            raise NotFound(f"There is no segment {name} of {slug}.", code="segment_not_found")
        return stored

    def path(self, segment: Segment) -> Path:
        """Where a segment's file lies; from the catalogue's own words, never from a request's."""
        return self._files.path(segment)

    async def coverage(self, camera: str, window: TimeRange) -> Coverage:
        """Runs and gaps in the window, up to now.

        Raises:
            NotFound: no such camera.
            Invalid: the window ends before it starts.
        """
        _check(window)
        slug = await self.camera(camera)
        fresh = [TimeRange(one.start, one.end) for one in self._not_entered(slug)]
        runs = joined([*await self._store.runs(slug, window), *fresh])
        told = shown_gaps(await self._store.gaps(slug, window), runs)
        gaps = sorted([*told, *unexplained(told, runs, slug)], key=lambda gap: gap.start)
        return Coverage(
            camera_id=slug,
            runs=tuple(clipped(runs, window)),
            gaps=tuple(gap for gap in gaps if _touches(gap, window)),
        )

    async def locate(self, camera: str, at: datetime) -> tuple[Segment, float]:
        """The segment that has the picture of a moment, and the seconds into it.

        Raises:
            NotFound: no such camera, or nothing was recorded then.
        """
        moment = TimeRange(at, at + timedelta(microseconds=1))
        for segment in reversed(await self.segments(camera, moment)):
            if is_in(at, segment):
                return segment, (at - segment.start).total_seconds()
        raise NotFound(
            f"Nothing of {camera} was recorded at {at.isoformat()}.", code="footage_not_found"
        )

    async def pieces(self, camera: str, window: TimeRange) -> list[ClipPiece]:
        """The parts of files that make up a window, for a clip.

        Raises:
            NotFound: no such camera, or nothing was recorded then.
        """
        segments = await self.segments(camera, window)
        if not segments:
            raise NotFound(
                f"Nothing of {camera} was recorded between {window.start.isoformat()} and "
                f"{window.end.isoformat()}.",
                code="footage_not_found",
            )
        return [piece_of(segment, self.path(segment), window) for segment in segments]

    async def known_segments(self) -> frozenset[str]:
        """Relative paths of all files in the catalogue."""
        return await self._store.known()

    # Keeping and letting go

    async def retain_once(self) -> int:
        """Remove what is older than its camera's retention, then the oldest while room is wanted; how many files."""
        async with self._removing:
            return await self._retain_once()

    async def _retain_once(self) -> int:
        removed = await self._finish_garbage()
        now = self._clock.now()
        while expired := await self._store.expired(now, limit=REMOVED_AT_ONCE):
            await self._remove(expired)
            removed += len(expired)
        room = await self._files.room()
        while room.is_tight:
            oldest = await self._store.oldest(now - KEPT_BEFORE_NOW, limit=20)
            if not oldest:
                self._say_once(
                    f"the footage disk is nearly full ({room.free // 1_000_000} MB left) and there is no old "
                    "footage to remove; free space on it"
                )
                break
            await self._remove(oldest)
            removed += len(oldest)
            room = await self._files.room()
        await self._store.forget_changes(now - timedelta(days=1))
        if not room.is_tight:
            self._say_once(None)
            await self._files.hold_reserve()
        return removed

    async def _remove(self, segments: Sequence[Segment]) -> None:
        """Row to garbage, unlink, sync the directory, drop the row: at no point is a row without its file listed."""
        await self._store.to_garbage(segments)
        await self._files.unlink(segments)
        await self._store.drop(segments)

    async def _finish_garbage(self) -> int:
        removed = 0
        while left := await self._store.garbage(limit=REMOVED_AT_ONCE):
            await self._files.unlink(left)
            await self._store.drop(left)
            removed += len(left)
        return removed

    async def _retain(self) -> None:
        while True:
            pause_s = RETAIN_EVERY_S
            try:
                await self.retain_once()
            except (ServiceError, OSError) as error:
                self._say_once(f"old footage could not be removed: {error}")
                if isinstance(error, ServiceError) and error.kind is ErrorKind.EXHAUSTED:
                    with suppress(OSError):
                        await self._files.release_reserve()
                    pause_s = RETRY_S
            except Exception:  # noqa: BLE001  (or nothing would ever be removed again)
                _log.exception("old footage could not be removed; it is tried again")
            self._room_wanted.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._room_wanted.wait(), pause_s)

    def _say_once(self, trouble: str | None) -> None:
        """What keeps footage from being let go, when it begins or changes and when it is over."""
        if trouble is not None and self._trouble is None:
            _log.warning("%s", trouble)
        elif trouble is None and self._trouble is not None:
            _log.warning("there is room for footage again")
        self._trouble = trouble

    # Entering

    def _end_gap(self, segment: Segment) -> None:
        """Footage is back, also after a gap that only the catalogue remembers: one from before this start."""
        gap = self._open_gaps.get(segment.camera_id)
        if gap is not None and segment.start >= gap.start:
            self.gap_changed(replace(gap, end=segment.start))

    def _enter(self, entry: Segment | Gap) -> None:
        if len(self._waiting) >= MAX_WAITING:
            _log.warning("the catalogue takes no entries; the oldest waiting one is let go")
            self._waiting.popleft()
        self._waiting.append(entry)
        self._idle.clear()
        self._wake.set()

    async def _enter_waiting(self) -> None:
        """For ever; what cannot be entered waits, and the files are adopted at the next start at the latest."""
        is_failing, at_once = False, MAX_WAITING
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                batch = list(self._waiting)[:at_once]
                try:
                    await self._store.put(batch, at=self._clock.now())
                except (ServiceError, OSError) as error:
                    if not is_failing:
                        _log.warning("footage cannot be entered in the catalogue yet: %s", error)
                    is_failing = True
                    await asyncio.sleep(RETRY_S)
                    continue
                except Exception:  # noqa: BLE001  (one entry must not hold up all that follow)
                    if len(batch) == 1:
                        _log.exception(
                            "an entry of footage makes no sense and is let go: %r", batch[0]
                        )
                        self._take_off(batch)
                    at_once = 1  # find the one that holds up all others
                    continue
                if is_failing:
                    _log.warning("footage is entered in the catalogue again")
                is_failing = False
                self._take_off(batch)
                for entry in batch:
                    self._publish(entry)
            at_once = MAX_WAITING
            self._idle.set()

    def _take_off(self, batch: list[Segment | Gap]) -> None:
        entered = {id(entry) for entry in batch}
        while self._waiting and id(self._waiting[0]) in entered:
            self._waiting.popleft()

    def _not_entered(self, slug: str) -> list[Segment]:
        """Segments that no row tells of yet: the open one and those whose commit is under way."""
        waiting = [
            entry
            for entry in self._waiting
            if isinstance(entry, Segment) and entry.camera_id == slug
        ]
        growing = self._media.open_segments().get(slug)
        known = {segment.name for segment in waiting}
        return waiting if growing is None or growing.name in known else [*waiting, growing]

    def _publish(self, entry: Segment | Gap) -> None:
        if isinstance(entry, Gap):
            kind, data = "gap", gap_data(entry)
        else:
            kind, data = "footage", footage_data(entry)
        message = SocketMessage(type=kind, data=data, timestamp=self._clock.now())
        self._bus.publish(CHANNEL_EVENTS, message)

    # Starting

    async def _adopt(self, files: Sequence[tuple[str, Path]]) -> None:
        for camera_id, path in files:
            try:
                segment = await self._files.recover(camera_id, path)
                if segment is not None:
                    await self._store.put([segment], at=self._clock.now())
            except (ServiceError, OSError) as error:
                _log.warning("%s could not be adopted: %s", path.name, error)
        if files:
            _log.info(
                "%d files of footage that the catalogue did not know were looked at", len(files)
            )

    async def _note_absence(self) -> None:
        mark = await self._store.alive_mark()
        now = self._clock.now()
        if mark is not None:
            alive_at, was_clean = mark
            gaps = [
                gap
                for seen in await self._store.last_seen()
                for gap in gaps_of_absence(seen, alive_at=alive_at, was_clean=was_clean)
            ]
            await self._store.put(gaps, at=now)
        await self._store.set_alive_mark(now, is_clean=False)

    async def _stay_alive(self) -> None:
        while True:
            await asyncio.sleep(ALIVE_EVERY_S)
            try:
                await self._store.set_alive_mark(self._clock.now(), is_clean=False)
            except ServiceError as error:
                _log.info("the alive mark could not be written: %s", error)


def footage_data(segment: Segment) -> dict[str, object]:
    """What /ws/events says of new footage."""
    return {
        "camera_id": segment.camera_id,
        "name": segment.name,
        "start": segment.start.isoformat(),
        "end": segment.end.isoformat(),
        "open": segment.is_open,
    }


def gap_data(gap: Gap) -> dict[str, object]:
    """What /ws/events says of a gap."""
    return {
        "camera_id": gap.camera_id,
        "start": gap.start.isoformat(),
        "end": gap.end and gap.end.isoformat(),
        "cause": gap.cause.value,
        "detail": gap.detail,
    }


def _check(window: TimeRange) -> None:
    if window.start >= window.end:
        raise Invalid("start must lie before end", code="invalid_date_range")


def _touches(gap: Gap, window: TimeRange) -> bool:
    return gap.start < window.end and (gap.end is None or gap.end > window.start)


def _newest_first(
    files: Sequence[tuple[str, Path]],
) -> tuple[list[tuple[str, Path]], list[tuple[str, Path]]]:
    first: list[tuple[str, Path]] = []
    rest: list[tuple[str, Path]] = []
    counts: dict[str, int] = {}
    for camera_id, path in files:
        counts[camera_id] = counts.get(camera_id, 0) + 1
        (first if counts[camera_id] <= ADOPTED_FIRST else rest).append((camera_id, path))
    return first, rest
