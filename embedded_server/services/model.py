"""Frozen values of the server's domain; every layer below the routes speaks in these."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class StreamState(enum.StrEnum):
    """State of one capture; ``OFF`` is a camera that is switched off on purpose."""

    CONNECTING = "connecting"
    ONLINE = "online"
    STALLED = "stalled"
    OFFLINE = "offline"
    UNAUTHORISED = "unauthorised"
    UNSUPPORTED = "unsupported"
    OFF = "off"


class GapCause(enum.StrEnum):
    """Why there is no footage."""

    CAMERA_LOST = "camera_lost"
    UNAUTHORISED = "unauthorised"
    STALLED = "stalled"
    UNSUPPORTED = "unsupported"
    DISK_FULL = "disk_full"
    DISK_ERROR = "disk_error"
    SWITCHED_OFF = "switched_off"
    SERVER_STOPPED = "server_stopped"
    SERVER_CRASHED = "server_crashed"
    UNKNOWN = "unknown"


class Severity(enum.StrEnum):
    """Triage class of an event."""

    ALERT = "alert"
    DETECTION = "detection"
    MOTION = "motion"


class EventPhase(enum.StrEnum):
    """Where an event is in its life when something is said of it."""

    START = "start"
    UPDATE = "update"
    END = "end"


@dataclass(frozen=True, slots=True)
class TimeRange:
    """Half-open ``[start, end)`` in UTC."""

    start: datetime
    end: datetime

    def overlaps(self, other: TimeRange) -> bool:
        """Whether the two share any time."""
        return self.start < other.end and other.start < self.end

    @property
    def duration(self) -> timedelta:
        """Its length."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Box:
    """Fractions of the picture, origin top left."""

    x: float
    y: float
    width: float
    height: float


Polygon = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Zone:
    """A named polygon that gives events their place."""

    title: str
    polygon: Polygon
    labels: tuple[str, ...] = ()
    threshold: float | None = None
    dwell_s: float | None = None


@dataclass(frozen=True, slots=True)
class CapturePlan:
    """One RTSP/HTTP/file session: one per distinct URL of a camera, shared by all roles.

    ``url`` carries the credentials; ``shown_url`` never does and is what logs and causes may say.
    """

    stream_id: str
    """``<camera slug>/main`` or ``<camera slug>/sub``."""
    camera_id: str
    profile: str
    url: str
    shown_url: str
    roles: frozenset[str]
    """Of ``live``, ``record``, ``detect``."""
    rtsp_transport: str = "tcp"
    segment_seconds: int = 60

    @property
    def records(self) -> bool:
        """Whether footage is written from this stream."""
        return "record" in self.roles


@dataclass(frozen=True, slots=True)
class StreamStatus:
    """A capture as it stands now."""

    stream_id: str
    state: StreamState
    cause: str | None = None
    since: datetime | None = None
    next_try_at: datetime | None = None
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    bitrate_kbps: float | None = None
    reconnects: int = 0
    last_packet_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class StreamFormat:
    """What a decoder must know; H.264 and H.265 are Annex B throughout the hub."""

    codec: str
    extradata: bytes
    time_base: tuple[int, int]
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class FragmentEntry:
    """One moof+mdat of a segment. ``time_s`` counts from the segment's first picture."""

    offset: int
    length: int
    time_s: float
    is_key: bool


@dataclass(frozen=True, slots=True)
class Segment:
    """One file of footage, ``footage/<camera>/<yyyy-mm-dd>/<name>``."""

    camera_id: str
    name: str
    start: datetime
    end: datetime
    size: int
    codec: str
    width: int
    height: int
    header_length: int
    fragments: tuple[FragmentEntry, ...] = ()
    sha256: str | None = None
    is_open: bool = False

    @property
    def relative_path(self) -> str:
        """Below the footage directory, with forward slashes."""
        return f"{self.camera_id}/{self.start:%Y-%m-%d}/{self.name}"


def segment_name(start: datetime) -> str:
    """File name of a segment: its start in UTC to the millisecond, sortable, legal on every platform."""
    start = start.astimezone(UTC)
    return f"{start:%Y-%m-%d_%H-%M-%S}-{start.microsecond // 1000:03d}.mp4"


@dataclass(frozen=True, slots=True)
class Gap:
    """Time without footage; ``end`` is None while it lasts."""

    camera_id: str
    start: datetime
    end: datetime | None
    cause: GapCause
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class DetectionOut:
    """One box in one frame."""

    label: str
    confidence: float
    box: Box
    track_id: int | None = None


@dataclass(frozen=True, slots=True)
class DetectionBatch:
    """All boxes of one analysed frame."""

    camera_id: str
    at: datetime
    detections: tuple[DetectionOut, ...]


@dataclass(frozen=True, slots=True)
class EventReport:
    """What the analysis says of an event: sent at start, whenever it improves, and at end.

    ``key`` is unique and stable over the event's life, so that a report sent twice is stored once.
    """

    key: str
    camera_id: str
    phase: EventPhase
    started_at: datetime
    at: datetime
    ended_at: datetime | None
    label: str
    labels: tuple[str, ...]
    confidence: float
    severity: Severity
    summary: str
    detection_count: int
    box: Box | None = None
    zone: str | None = None
    snapshot_jpeg: bytes | None = None
    """The best picture so far, when it is new."""
    crop_jpeg: bytes | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AnalysisPlan:
    """How one camera is analysed."""

    camera_id: str
    stream_id: str
    detector: str = "builtin"
    fps: float = 5.0
    min_confidence: float = 0.45
    objects: frozenset[str] = frozenset()
    label_map: Mapping[str, str] = field(default_factory=dict)
    label_confidence: Mapping[str, float] = field(default_factory=dict)
    labels_off: frozenset[str] = frozenset()
    zones: tuple[Zone, ...] = ()
    masks: tuple[Polygon, ...] = ()
    camera_name: str = ""
    """For the sentences of events; empty means that they name the slug."""


@dataclass(frozen=True, slots=True)
class ClipPiece:
    """A file and the part of it that belongs into a clip, in seconds from its first picture."""

    path: Path
    start_s: float
    end_s: float
