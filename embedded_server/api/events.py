"""Routes of events: list, one, acknowledge, review; and the boxes of the last analysed frame."""

import re
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query
from fastapi.responses import Response
from pydantic import BaseModel, BeforeValidator

from embedded_server.api.access import EventEditor, SignedIn
from embedded_server.api.deps import Served
from embedded_server.api.errors import responses
from embedded_server.api.sparse import unwanted
from embedded_server.contract.base import Page, Pagination, UtcTime
from embedded_server.contract.events import (
    Event,
    EventPatch,
    LatestDetections,
    RiskLevel,
    Severity,
)
from embedded_server.services import event_values, model
from embedded_server.services.event_shape import detections_on_wire, event_on_wire
from embedded_server.services.event_values import EventChanges, EventFilter, EventPage

router = APIRouter(prefix="/api", tags=["events"])

OFFSET_WARNING = (
    "Offset pagination is deprecated and will be removed in a future version. Please use cursor-based "
    "pagination instead by using the 'cursor' parameter with the 'next_cursor' value from the response."
)
EventId = Annotated[int, Path(ge=1, le=2**62)]
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def _whole_day(value: object) -> object:
    if isinstance(value, str) and _DATE.fullmatch(value):
        return f"{value}T23:59:59.999999Z"
    return value


EndTime = Annotated[UtcTime, BeforeValidator(_whole_day)]
"""The last moment of a filter; a date alone means that day to its end."""


class EventQuery(BaseModel):
    """Filters and paging of the list; lists may be repeated."""

    camera_id: list[str] = []
    label: list[str] = []
    object_type: list[str] = []
    severity: list[Severity] = []
    risk_level: list[RiskLevel] = []
    start_date: UtcTime | None = None
    end_date: EndTime | None = None
    reviewed: bool | None = None
    acknowledged: bool | None = None
    include_deleted: bool = False
    fields: str | None = None
    limit: Annotated[int, Query(ge=1, le=100)] = 50
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0
    cursor: str | None = None

    def as_filter(self) -> EventFilter:
        """In the services' words; ``reviewed`` and ``acknowledged`` are one thing under two names."""
        return EventFilter(
            camera_ids=tuple(self.camera_id),
            labels=(*self.label, *self.object_type),
            severities=tuple(model.Severity(name) for name in self.severity),
            risk_levels=tuple(event_values.RiskLevel(name) for name in self.risk_level),
            start=self.start_date,
            end=self.end_date,
            reviewed=self.acknowledged if self.reviewed is None else self.reviewed,
            include_deleted=self.include_deleted,
        )


@router.get("/events", response_model=Page[Event], responses=responses(400, 401))
async def list_events(
    query: Annotated[EventQuery, Query()], services: Served, _caller: SignedIn
) -> Response:
    """Events, newest first. Page on with ``cursor`` = ``pagination.next_cursor``."""
    exclude = unwanted(query.fields, Event)
    found = await services.events.page(
        query.as_filter(), cursor=query.cursor, limit=query.limit, offset=query.offset
    )
    # Ready bytes: validating what was just built costs a third of the request (catalogue spike, section 5).
    page = _page(query, found)
    return Response(page.model_dump_json(exclude=exclude), media_type="application/json")


@router.get("/events/{event_id}", responses=responses(401, 404))
async def get_event(event_id: EventId, services: Served, _caller: SignedIn) -> Event:
    """One event."""
    return event_on_wire(await services.events.get(event_id))


@router.post("/events/{event_id}/ack", responses=responses(401, 403, 404))
async def acknowledge_event(event_id: EventId, services: Served, caller: EventEditor) -> Event:
    """Mark an event as seen to; doing it twice changes nothing."""
    return event_on_wire(await services.events.acknowledge(event_id, by=caller.username))


@router.patch("/events/{event_id}", responses=responses(401, 403, 404, 409))
async def review_event(
    event_id: EventId, patch: EventPatch, services: Served, caller: EventEditor
) -> Event:
    """Review an event; with ``version`` it fails when somebody else was faster."""
    values = patch.model_dump(exclude_unset=True, exclude={"version"})
    changes = EventChanges(_without_nulls(values), patch.version)
    return event_on_wire(await services.events.change(event_id, changes, by=caller.username))


@router.get("/streams/{camera_id}/detections", responses=responses(401, 404))
async def latest_detections(
    camera_id: str, services: Served, _caller: SignedIn
) -> LatestDetections:
    """Boxes of the camera's last analysed frame."""
    slug = await services.footage.camera(camera_id)
    return detections_on_wire(slug, services.events.latest_detections(slug))


def _page(query: EventQuery, found: EventPage) -> Page[Event]:
    pages_by_offset = query.offset > 0 and not query.cursor
    return Page[Event](
        items=[event_on_wire(record) for record in found.items],
        pagination=Pagination(
            total=found.total,
            limit=query.limit,
            offset=None if query.cursor else query.offset,
            cursor=query.cursor or None,
            next_cursor=found.next_cursor,
            has_more=found.has_more,
        ),
        deprecation_warning=OFFSET_WARNING if pages_by_offset else None,
    )


def _without_nulls(values: dict[str, Any]) -> dict[str, Any]:
    """An explicit null clears notes and the snooze; for a yes-or-no it says nothing."""
    return {
        name: value
        for name, value in values.items()
        if value is not None or name in {"notes", "snooze_until"}
    }
