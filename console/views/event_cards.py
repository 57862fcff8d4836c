"""Events as cards: what one says, and the choice of which are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QCoreApplication

from console.models.events import EventRole
from console.views.words import event_state, full_time, severity_look, utc_time, when
from widgets.event_cards import Card

if TYPE_CHECKING:
    from PySide6.QtCore import QModelIndex, QPersistentModelIndex

    from console.domain.event import Event


def card_of(index: QModelIndex | QPersistentModelIndex) -> Card | None:
    """The card of an event's row."""
    event: Event | None = index.data(EventRole.EVENT)
    if event is None:
        return None
    look = severity_look(event.severity)
    is_new = not event.is_acknowledged
    return Card(
        title=title_of(event),
        subtitle=f"{event.camera_name} · {when(event.started_at, datetime.now(UTC))}",
        glyph=look.glyph,
        state=event_state(event),
        role=look.role,
        action=QCoreApplication.translate("events", "Acknowledge") if is_new else "",
        action_key="A" if is_new else "",
        picture=index.data(EventRole.PICTURE),
        picture_key=(event.key, event.thumbnail_path),
        has_picture=event.thumbnail_path is not None,
        is_new=is_new,
        tip=tip_of(event),
    )


def title_of(event: Event) -> str:
    """What happened, without the camera's name, which stands below it."""
    return (event.summary or event.label).removesuffix(f" in {event.camera_name}")


def tip_of(event: Event) -> str:
    """Everything about an event, in a few lines."""
    lines = [
        event.summary or event.label,
        f"{event.camera_name} · {full_time(event.started_at)}",
        utc_time(event.started_at),
        f"{event.label}, {event.confidence:.0%} · {event_state(event)}",
    ]
    return "\n".join(lines)
