"""Health and messages of the sockets."""

from typing import Any, Literal

from pydantic import Field

from embedded_server.contract.base import UtcTime, WireModel


class Liveness(WireModel):
    """GET /health and /healthz: one body for both families."""

    status: Literal["alive"] = "alive"
    ok: bool = True
    service: str = "gatehouse"
    version: str
    startedAt: UtcTime  # noqa: N815 (the recording controller's name)


class ServiceHealth(WireModel):
    """One part of the server."""

    status: Literal["healthy", "degraded", "unhealthy"]
    message: str | None = None
    details: dict[str, Any] = Field(default_factory=dict)


class SystemHealth(WireModel):
    """GET /api/system/health: 200 when healthy, else 503 with the same body."""

    status: Literal["healthy", "degraded", "unhealthy"]
    services: dict[str, ServiceHealth]
    timestamp: UtcTime


class Readiness(WireModel):
    """GET /ready and /api/system/health/ready."""

    ready: bool
    status: Literal["ready", "degraded", "not_ready"]
    checks: dict[str, ServiceHealth] = Field(default_factory=dict)
    timestamp: UtcTime


class SocketMessage(WireModel):
    """Envelope of /ws/events, /ws/system and /ws/detections.

    Types on /ws/events: ``event`` (``data`` is an Event plus ``phase`` start, update or end), ``event_acknowledged``,
    ``camera_status`` (``data`` has camera_id, camera_name, status, previous_status, state, cause, changed_at),
    ``camera_created``, ``camera_updated``, ``camera_deleted`` (``data`` is a Camera or has camera_id), ``footage``
    (``data`` has camera_id, start, end, open), ``gap``. On /ws/system: ``system_status``. On /ws/detections: ``detections``
    (``data`` is LatestDetections). On all: ``ping``.
    """

    type: str
    data: dict[str, Any] = Field(default_factory=dict)
    timestamp: UtcTime | None = None
    seq: int | None = None
