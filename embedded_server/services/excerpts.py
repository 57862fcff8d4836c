"""Pictures and clips taken out of footage on request."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from embedded_server.services.errors import NotFound, Unavailable
from embedded_server.services.model import TimeRange
from embedded_server.services.ports import RenderError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from embedded_server.services.event_values import EventRecord
    from embedded_server.services.events import EventService
    from embedded_server.services.footage import FootageService
    from embedded_server.services.model import ClipPiece, Segment
    from embedded_server.services.ports import Clock, Renderer

ROLL = timedelta(seconds=5)
"""Shown before and after an event (reference: pre-roll and post-roll of 5 s each)."""
LONGEST_CLIP = timedelta(minutes=10)


class ClipFiles(Protocol):
    """Where rendered clips are kept."""

    async def find(self, name: str) -> Path | None:
        """A clip rendered before."""

    def part(self) -> Path:
        """A new place to render to."""

    async def keep(self, part: Path, name: str) -> Path:
        """Make a rendered file the clip of that name, in one step."""

    async def discard(self, part: Path) -> None:
        """Remove a file that did not become a clip."""


@dataclass(frozen=True, slots=True)
class Clip:
    """A file to send; one that is not kept is removed after sending."""

    path: Path
    is_kept: bool


class ExcerptService:
    """Asks the renderer, and keeps what will not change any more."""

    def __init__(
        self,
        events: EventService,
        footage: FootageService,
        renderer: Renderer,
        files: ClipFiles,
        clock: Clock,
    ) -> None:
        self._events = events
        self._footage = footage
        self._renderer = renderer
        self._files = files
        self._clock = clock
        self._under_way: dict[str, asyncio.Task[Path]] = {}

    async def frame(
        self, camera: str, at: datetime, *, width: int | None = None
    ) -> tuple[bytes, Segment]:
        """JPEG of the picture at a moment, and the segment that it comes from.

        Raises:
            NotFound: no such camera, or nothing was recorded then.
            Unavailable: the footage cannot be decoded.
        """
        segment, at_s = await self._footage.locate(camera, at)
        try:
            return await self._renderer.frame(
                self._footage.path(segment), at_s, width=width
            ), segment
        except RenderError as error:
            raise _not_rendered(error) from error

    async def event_clip(self, event_id: int) -> Clip:
        """The footage from 5 s before an event to 5 s after it, as an ordinary MP4.

        Raises:
            NotFound: no such event, or its time was not recorded.
            Unavailable: the footage cannot be read.
        """
        record = await self._events.get(event_id)
        now = self._clock.now()
        window = clip_window(record, now)
        name = f"event-{record.id}-{window.start:%Y%m%dT%H%M%S}-{window.duration.seconds}.mp4"
        if (kept := await self._files.find(name)) is not None:
            return Clip(kept, is_kept=True)
        try:
            segments = await self._footage.segments(record.camera_id, window)
            pieces = await self._footage.pieces(record.camera_id, window)
        except NotFound as error:
            raise NotFound(
                f"There is no footage of event {event_id}: nothing was recorded then, or it has been removed.",
                code="clip_not_found",
            ) from error
        if not is_final(record, segments, window, now):
            return Clip(await self._render(pieces), is_kept=False)
        return Clip(await self._render_once(name, pieces), is_kept=True)

    async def discard(self, clip: Clip) -> None:
        """Call when a clip has been sent."""
        if not clip.is_kept:
            await self._files.discard(clip.path)

    async def _render_once(self, name: str, pieces: Sequence[ClipPiece]) -> Path:
        """Several who ask at the same time wait for one rendering; one who leaves does not end it."""
        task = self._under_way.get(name)
        if task is None:
            task = asyncio.create_task(self._render_and_keep(name, pieces), name=f"clip {name}")
            self._under_way[name] = task
            task.add_done_callback(lambda _: self._under_way.pop(name, None))
        return await asyncio.shield(task)

    async def _render_and_keep(self, name: str, pieces: Sequence[ClipPiece]) -> Path:
        return await self._files.keep(await self._render(pieces), name)

    async def _render(self, pieces: Sequence[ClipPiece]) -> Path:
        part = self._files.part()
        try:
            return await self._renderer.clip(pieces, part)
        except RenderError as error:
            await self._files.discard(part)
            raise _not_rendered(error) from error


def clip_window(record: EventRecord, now: datetime) -> TimeRange:
    """What belongs into an event's clip; an event that still lasts is shown up to now."""
    start = record.started_at - ROLL
    end = min((record.ended_at or now) + ROLL, now, start + LONGEST_CLIP)
    return TimeRange(start, max(end, start + timedelta(seconds=1)))


def is_final(
    record: EventRecord, segments: Sequence[Segment], window: TimeRange, now: datetime
) -> bool:
    """Whether the clip would be the same if somebody asked tomorrow."""
    has_ended = record.ended_at is not None and window.end < now
    return has_ended and not any(segment.is_open for segment in segments)


def _not_rendered(error: RenderError) -> Unavailable:
    return Unavailable(f"The footage cannot be shown: {error}", code="not_rendered")
