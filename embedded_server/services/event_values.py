"""Events as the services speak of them: the record, the filter, the cursor, and how grave one is."""

from __future__ import annotations

import base64
import binascii
import enum
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from embedded_server.services.errors import Invalid
from embedded_server.services.model import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from embedded_server.services.model import Box, EventPhase, EventReport


class RiskLevel(enum.StrEnum):
    """How grave an event is, in words."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


RISK_LOW_MAX = 29
RISK_MEDIUM_MAX = 59
RISK_HIGH_MAX = 84

_BASE_SCORE: Final[Mapping[Severity, int]] = {
    Severity.MOTION: 10,
    Severity.DETECTION: 35,
    Severity.ALERT: 65,
}
_LABEL_SCORE: Final[Mapping[str, int]] = {
    "person": 10,
    "face": 10,
    "person-like": 5,
    "car": 0,
    "cat": -15,
    "dog": -10,
    "bird": -15,
}


def risk_score(severity: Severity, label: str) -> int:
    """From 0 to 100: the triage class gives the base (motion 10, detection 35, alert 65), the label moves it a little.

    Nothing here looks at pictures: the score orders a list, it judges nobody. Whoever computes a better one reports it
    in the event's metadata.
    """
    return max(0, min(100, _BASE_SCORE[severity] + _LABEL_SCORE.get(label, 0)))


def risk_level(score: int) -> RiskLevel:
    """The word for a score: low to 29, medium to 59, high to 84, critical above."""
    if score <= RISK_LOW_MAX:
        return RiskLevel.LOW
    if score <= RISK_MEDIUM_MAX:
        return RiskLevel.MEDIUM
    return RiskLevel.HIGH if score <= RISK_HIGH_MAX else RiskLevel.CRITICAL


@dataclass(frozen=True, slots=True)
class EventRecord:
    """An event as stored, with what is shown of its camera."""

    id: int
    key: str
    camera_id: str
    camera_name: str
    device_type: str
    connection_method: str
    started_at: datetime
    ended_at: datetime | None
    label: str
    labels: tuple[str, ...]
    confidence: float
    severity: Severity
    risk_score: int
    summary: str | None
    reasoning: str | None
    zone: str | None
    box: Box | None
    reviewed: bool
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    flagged: bool
    notes: str | None
    snooze_until: datetime | None
    detection_count: int
    snapshot: str | None
    """Where the picture lies, below the media directory."""
    crop: str | None
    deleted_at: datetime | None
    version: int
    """Counts what people change, not what the analysis adds, so that a review never fails because of a late report."""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events; an empty tuple or None asks for nothing in particular. Both ends of the time are inclusive."""

    camera_ids: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    severities: tuple[Severity, ...] = ()
    risk_levels: tuple[RiskLevel, ...] = ()
    start: datetime | None = None
    end: datetime | None = None
    reviewed: bool | None = None
    include_deleted: bool = False


@dataclass(frozen=True, slots=True)
class EventCursor:
    """The last event of a page; the next page begins behind it."""

    started_at: datetime
    id: int


@dataclass(frozen=True, slots=True)
class EventChanges:
    """What a person changes; only the named fields are touched."""

    values: Mapping[str, Any]
    """Of ``reviewed``, ``flagged``, ``notes``, ``snooze_until``."""
    version: int | None = None


@dataclass(frozen=True, slots=True)
class ReportToSave:
    """A report with the places of its pictures, already written."""

    report: EventReport
    snapshot: str | None = None
    crop: str | None = None


@dataclass(frozen=True, slots=True)
class SavedEvent:
    """What became of a report; ``seq`` numbers the change."""

    record: EventRecord
    phase: EventPhase
    seq: int


@dataclass(frozen=True, slots=True)
class EventPage:
    """One page, newest first."""

    items: tuple[EventRecord, ...]
    total: int
    next_cursor: str | None
    has_more: bool


def encode_cursor(cursor: EventCursor) -> str:
    """URL-safe base64 of a JSON object with ``id`` and ``started_at``."""
    body = {"id": cursor.id, "started_at": cursor.started_at.isoformat()}
    return base64.urlsafe_b64encode(json.dumps(body).encode()).decode()


def decode_cursor(text: str) -> EventCursor:
    """Read a cursor; ``created_at`` and a missing zone (UTC) are accepted too.

    Raises:
        Invalid: it is not one; the sentence begins with ``Invalid cursor: ``.
    """
    try:
        body = json.loads(base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise _invalid_cursor("not base64 of a JSON object") from error
    if not isinstance(body, dict) or type(body.get("id")) is not int:
        raise _invalid_cursor("it has no integer id")
    moment = body.get("started_at", body.get("created_at"))
    try:
        at = datetime.fromisoformat(str(moment))
    except ValueError as error:
        raise _invalid_cursor("it has no readable started_at") from error
    return EventCursor(
        at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC), body["id"]
    )


def _invalid_cursor(cause: str) -> Invalid:
    return Invalid(f"Invalid cursor: {cause}", code="invalid_cursor")
