"""An event as it goes over the wire; the routes and the bus send the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from embedded_server.contract.events import Box, Detection, Event, LatestDetections
from embedded_server.contract.system import SocketMessage
from embedded_server.services.event_values import risk_level

if TYPE_CHECKING:
    from datetime import datetime

    from embedded_server.services.event_values import EventRecord
    from embedded_server.services.model import Box as ModelBox
    from embedded_server.services.model import DetectionBatch, EventPhase


def event_on_wire(record: EventRecord) -> Event:
    """The flat union of both families' items; pictures as URLs, never as file names."""
    snapshot = _media_url("snapshot", record.id) if record.snapshot else None
    crop = _media_url("crop", record.id) if record.crop else None
    return Event(
        id=record.id,
        camera_id=record.camera_id,
        camera_name=record.camera_name,
        device_type=record.device_type,
        connection_method=record.connection_method,
        started_at=record.started_at,
        ended_at=record.ended_at,
        label=record.label,
        labels=list(record.labels),
        confidence=record.confidence,
        severity=record.severity.value,
        risk_score=record.risk_score,
        risk_level=risk_level(record.risk_score).value,
        summary=record.summary,
        reasoning=record.reasoning,
        zone=record.zone,
        box=_box(record.box),
        reviewed=record.reviewed,
        acknowledged=record.reviewed,
        acknowledged_at=record.acknowledged_at,
        acknowledged_by=record.acknowledged_by,
        flagged=record.flagged,
        notes=record.notes,
        snooze_until=record.snooze_until,
        detection_count=record.detection_count,
        snapshot=snapshot,
        crop=crop,
        clip=_media_url("clip", record.id),
        thumbnail_url=crop or snapshot,
        deleted_at=record.deleted_at,
        version=record.version,
        metadata=dict(record.metadata),
    )


def event_message(
    record: EventRecord, phase: EventPhase, *, at: datetime, seq: int
) -> SocketMessage:
    """What /ws/events says of a report or a change."""
    data = event_on_wire(record).model_dump(mode="json") | {
        "event_id": record.id,
        "phase": phase.value,
    }
    return SocketMessage(type="event", data=data, timestamp=at, seq=seq)


def acknowledged_message(record: EventRecord, *, at: datetime, seq: int) -> SocketMessage:
    """What /ws/events says when somebody has seen to an event."""
    data = event_on_wire(record).model_dump(mode="json") | {"event_id": record.id}
    return SocketMessage(type="event_acknowledged", data=data, timestamp=at, seq=seq)


def detections_on_wire(camera_id: str, batch: DetectionBatch | None) -> LatestDetections:
    """The boxes of the last analysed frame; none when nothing was analysed yet."""
    if batch is None:
        return LatestDetections(camera_id=camera_id, at=None, detections=[])
    return LatestDetections(
        camera_id=camera_id,
        at=batch.at,
        detections=[
            Detection(
                label=found.label,
                confidence=found.confidence,
                box=Box(
                    x=found.box.x, y=found.box.y, width=found.box.width, height=found.box.height
                ),
                track_id=found.track_id,
            )
            for found in batch.detections
        ],
    )


def detections_message(batch: DetectionBatch) -> SocketMessage:
    """One message of /ws/detections."""
    data = detections_on_wire(batch.camera_id, batch).model_dump(mode="json")
    return SocketMessage(type="detections", data=data, timestamp=batch.at)


def _box(box: ModelBox | None) -> Box | None:
    return None if box is None else Box(x=box.x, y=box.y, width=box.width, height=box.height)


def _media_url(kind: str, event_id: int) -> str:
    return f"/api/recordings/{kind}/{event_id}"
