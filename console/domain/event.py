"""Events and detections as the console knows them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from console.domain.camera import CameraKey


class Severity(enum.StrEnum):
    """Triage class."""

    ALERT = "alert"
    DETECTION = "detection"
    MOTION = "motion"


@dataclass(frozen=True, slots=True)
class Box:
    """Fractions of the picture, origin top left."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, order=True)
class EventKey:
    """Names one event over all systems."""

    system: str
    event: str


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened at a camera."""

    key: EventKey
    camera: CameraKey
    camera_name: str
    started_at: datetime
    ended_at: datetime | None
    label: str
    confidence: float
    severity: Severity
    summary: str
    is_acknowledged: bool = False
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    zone: str | None = None
    box: Box | None = None
    snapshot_path: str | None = None
    """Path below the system's address; fetched through the dialect."""
    thumbnail_path: str | None = None
    version: int = 1


@dataclass(frozen=True, slots=True)
class Detection:
    """One box in one frame."""

    label: str
    confidence: float
    box: Box
    track_id: int | None = None


@dataclass(frozen=True, slots=True)
class Detections:
    """All boxes of one frame of one camera."""

    camera: CameraKey
    at: datetime
    boxes: tuple[Detection, ...]


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events are wanted; None means any."""

    cameras: frozenset[CameraKey] | None = None
    label: str | None = None
    severity: Severity | None = None
    is_acknowledged: bool | None = None
    start: datetime | None = None
    end: datetime | None = None

    def matches(self, event: Event) -> bool:
        """Whether the event is wanted."""
        return (
            (self.cameras is None or event.camera in self.cameras)
            and (self.label is None or event.label == self.label)
            and (self.severity is None or event.severity == self.severity)
            and (self.is_acknowledged is None or event.is_acknowledged == self.is_acknowledged)
            and (self.start is None or (event.ended_at or event.started_at) >= self.start)
            and (self.end is None or event.started_at < self.end)
        )
