"""What a Gatehouse server sends, read leniently.

The shapes are the server's own contract. Where the contract lists the allowed words (states, severities), a
newer server may send one that this console does not know: such a word must not make a camera disappear. So the
narrow fields are read as plain text here and get their meaning in ``mapping``.
"""

from collections.abc import Iterable
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, Field, ValidationError

from console.domain.errors import SystemFailed
from embedded_server.contract.auth import LoginResponse
from embedded_server.contract.base import UtcTime, WireModel
from embedded_server.contract.events import Box, LatestDetections
from embedded_server.contract.footage import Fragment, Run
from embedded_server.contract.ptz import PtzPreset
from embedded_server.contract.system import Liveness, SocketMessage

__all__ = [
    "Camera",
    "CameraRuns",
    "CameraStatus",
    "Event",
    "Gap",
    "LatestDetections",
    "Liveness",
    "LoginResponse",
    "PtzPreset",
    "Rows",
    "Segment",
    "SegmentIndex",
    "SocketMessage",
    "read",
    "read_all",
    "rows_of",
]

Shape = TypeVar("Shape", bound=BaseModel)


class Paths(WireModel):
    """Which streams a camera has; what they are is the server's business."""

    live: str | None = None
    record: str | None = None
    detect: str | None = None


class StreamStatus(WireModel):
    """One stream of a camera."""

    profile: str
    roles: list[str] = Field(default_factory=list)
    state: str = "unknown"
    cause: str | None = None
    since: UtcTime | None = None
    next_try_at: UtcTime | None = None


class CameraStatus(WireModel):
    """A message: the state of a camera has changed."""

    camera_id: str
    state: str = "unknown"
    cause: str | None = None
    changed_at: UtcTime | None = None
    next_try_at: UtcTime | None = None


class Camera(WireModel):
    """The part of a camera that the console shows."""

    id: str
    name: str
    state: str = "unknown"
    cause: str | None = None
    enabled: bool = True
    ptz: bool = False
    transport: str | None = None
    host: str | None = None
    port: int | None = None
    username: str | None = None
    has_password: bool = False
    paths: Paths = Field(default_factory=Paths)
    streams: list[StreamStatus] = Field(default_factory=list)


class Event(WireModel):
    """The part of an event that the console shows."""

    id: int | str
    camera_id: str
    camera_name: str = ""
    started_at: UtcTime
    ended_at: UtcTime | None = None
    label: str = ""
    confidence: float = 0.0
    severity: str = "detection"
    summary: str | None = None
    zone: str | None = None
    box: Box | None = None
    reviewed: bool = False
    acknowledged: bool = False
    acknowledged_at: UtcTime | None = None
    acknowledged_by: str | None = None
    snapshot: str | None = None
    crop: str | None = None
    thumbnail_url: str | None = None
    version: int = 1


class Gap(WireModel):
    """Time without footage."""

    start: UtcTime
    end: UtcTime | None = None
    cause: str = "unknown"
    detail: str | None = None


class CameraRuns(WireModel):
    """Runs and gaps of one camera."""

    camera_id: str
    runs: list[Run] = Field(default_factory=list)
    gaps: list[Gap] = Field(default_factory=list)


class Segment(WireModel):
    """One file of footage."""

    camera_id: str
    name: str
    start: UtcTime
    end: UtcTime
    open: bool = False


class SegmentIndex(WireModel):
    """Where in a file each moment lies."""

    camera_id: str
    name: str
    header_length: int
    size: int
    fragments: list[Fragment] = Field(default_factory=list)


def read(shape: type[Shape], value: Any) -> Shape:
    """One value of that shape.

    Raises:
        SystemFailed: it has not that shape.
    """
    try:
        return shape.model_validate(value)
    except ValidationError as error:
        raise SystemFailed(
            f"The server sent a {shape.__name__} that cannot be read: {_first(error)}.",
            remedy="Console and server may be of very different versions: update the older one.",
        ) from error


def read_all(shape: type[Shape], values: Iterable[Any]) -> list[Shape]:
    """Every value that has the shape; one bad row must not hide the others."""
    found = []
    for value in values:
        try:
            found.append(shape.model_validate(value))
        except ValidationError:
            continue
    return found


class Rows(NamedTuple):
    """One page of a list; ``following`` is what to ask for the next one, None at the end."""

    items: list[Any]
    following: dict[str, str | int] | None


def rows_of(body: Any) -> Rows:
    """The rows of a list, whichever way the server pages; a bare array is a list too.

    Raises:
        SystemFailed: it is no list.
    """
    if isinstance(body, list):
        return Rows(body, None)
    if isinstance(body, dict):
        items = body.get("items", body.get("events"))
        if isinstance(items, list):
            pagination = body.get("pagination")
            page = pagination if isinstance(pagination, dict) else {}
            return Rows(items, _following(page, len(items)))
    raise SystemFailed("The server sent no list where one was expected.")


def _following(page: dict[str, Any], count: int) -> dict[str, str | int] | None:
    cursor, offset = page.get("next_cursor"), page.get("offset")
    if isinstance(cursor, str):
        return {"cursor": cursor}
    if page.get("has_more") is True and isinstance(offset, int) and count:
        return {"offset": offset + count}
    return None


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
