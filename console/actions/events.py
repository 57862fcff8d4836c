"""What the operator does with events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.domain.errors import NotFound, NotPermitted

if TYPE_CHECKING:
    from console.actions.parts import HasEvents
    from console.dialects.base import Events
    from console.domain.event import Event, EventFilter, EventKey


async def acknowledge(parts: HasEvents, key: EventKey) -> Event:
    """Acknowledge an event; the store has it at once.

    Raises:
        ConsoleError: the system does not take it.
    """
    event = await _events(parts, key.system).acknowledge(key)
    parts.events.put(event)
    parts.events.flush()
    return event


async def load_older(
    parts: HasEvents, system: str, wanted: EventFilter, *, cursor: str | None = None
) -> str | None:
    """Load a page of events into the store; the cursor of the next page.

    Raises:
        ConsoleError: it cannot be had.
    """
    page, following = await _events(parts, system).list(wanted, limit=100, cursor=cursor)
    for event in page:
        parts.events.put(event)
    return following


async def picture(parts: HasEvents, event: Event) -> bytes:
    """The whole picture of an event, as JPEG.

    Raises:
        ConsoleError: there is none.
    """
    if event.snapshot_path is None:
        raise NotFound("This event has no picture.")
    return await _events(parts, event.key.system).picture(event.snapshot_path)


def _events(parts: HasEvents, system: str) -> Events:
    events = parts.sessions.dialect(system).events
    if events is None:
        raise NotPermitted("This system has no events.")
    return events
