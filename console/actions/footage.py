"""Finding out what is recorded."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from console.domain.errors import NotFound
from console.domain.event import EventFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.actions.parts import HasEvents, HasFootage
    from console.dialects.base import Events, FootageAccess
    from console.domain.camera import CameraKey
    from console.domain.footage import TimeRange
    from console.session import Sessions

EVENT_PAGE = 100
EVENT_PAGES = 5


async def load(parts: HasFootage, cameras: Sequence[CameraKey], span: TimeRange) -> None:
    """Load runs and gaps of the cameras, a margin of half the span on both sides included.

    Raises:
        ConsoleError: a system does not tell.
    """
    margin = span.duration / 2
    asked = type(span)(span.start - margin, span.end + margin)
    by_system: defaultdict[str, list[CameraKey]] = defaultdict(list)
    for key in cameras:
        by_system[key.system].append(key)
    for system, keys in by_system.items():
        footage = parts.sessions.dialect(system).footage
        if footage is None:
            continue
        for found in await footage.runs(keys, asked):
            parts.footage.merge(found)


async def load_events(parts: HasEvents, cameras: Sequence[CameraKey], span: TimeRange) -> None:
    """Load what happened before the cameras in a span; of very many events only the newest.

    Raises:
        ConsoleError: a system does not tell.
    """
    by_system: defaultdict[str, list[CameraKey]] = defaultdict(list)
    for key in cameras:
        by_system[key.system].append(key)
    for system, keys in by_system.items():
        events = parts.sessions.dialect(system).events
        if events is not None:
            await _load_events(parts, events, keys, span)


async def _load_events(
    parts: HasEvents, events: Events, cameras: Sequence[CameraKey], asked: TimeRange
) -> None:
    wanted = EventFilter(cameras=frozenset(cameras), start=asked.start, end=asked.end)
    cursor: str | None = None
    for _ in range(EVENT_PAGES):
        page, cursor = await events.list(wanted, limit=EVENT_PAGE, cursor=cursor)
        for event in page:
            parts.events.put(event)
        if cursor is None:
            return


def access(sessions: Sessions, camera: CameraKey) -> FootageAccess:
    """The way to a camera's recordings.

    Raises:
        NotFound: its system offers none, or we are signed out of it.
    """
    footage = sessions.dialect_for(camera).footage
    if footage is None:
        raise NotFound("This system does not offer recordings.")
    return footage
