"""Events and detections on the wire."""

from typing import Any, Literal

from pydantic import Field

from embedded_server.contract.base import UtcTime, WireModel

Severity = Literal["alert", "detection", "motion"]
RiskLevel = Literal["low", "medium", "high", "critical"]


class Box(WireModel):
    """Fractions of the picture, origin top left."""

    x: float
    y: float
    width: float
    height: float


class Event(WireModel):
    """Something that happened; the flat union of both families' items."""

    id: int
    camera_id: str
    camera_name: str
    area_name: str | None = None
    device_type: str = "camera"
    connection_method: str = "direct"
    edge_router_name: str | None = None
    started_at: UtcTime
    ended_at: UtcTime | None = None
    label: str
    labels: list[str] = Field(default_factory=list)
    confidence: float
    severity: Severity
    risk_score: int | None = None
    risk_level: RiskLevel | None = None
    summary: str | None = None
    reasoning: str | None = None
    zone: str | None = None
    box: Box | None = None
    reviewed: bool = False
    acknowledged: bool = False
    acknowledged_at: UtcTime | None = None
    acknowledged_by: str | None = None
    flagged: bool = False
    notes: str | None = None
    snooze_until: UtcTime | None = None
    detection_count: int = 0
    detection_ids: list[int] = Field(default_factory=list)
    snapshot: str | None = Field(default=None, description="URL of the whole picture")
    crop: str | None = None
    clip: str | None = None
    plate_crop: str | None = None
    thumbnail_url: str | None = None
    deleted_at: UtcTime | None = None
    version: int = 1
    metadata: dict[str, Any] = Field(default_factory=dict)


class EventPatch(WireModel):
    """PATCH /api/events/{id}; ``version`` makes it fail with 409 when the event has changed meanwhile."""

    reviewed: bool | None = None
    flagged: bool | None = None
    notes: str | None = Field(default=None, max_length=10_000)
    snooze_until: UtcTime | None = None
    version: int | None = Field(default=None, ge=0, le=2**53 - 1)


class Detection(WireModel):
    """One box in one frame."""

    label: str
    confidence: float
    box: Box
    track_id: int | None = None


class LatestDetections(WireModel):
    """GET /api/streams/{camera_id}/detections and one message of /ws/detections."""

    camera_id: str
    at: UtcTime | None
    detections: list[Detection]
