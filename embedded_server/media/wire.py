"""What the server and its media process say to each other, as JSON bodies."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from embedded_server.contract.live import AccessUnit
from embedded_server.ipc import Message
from embedded_server.services.model import (
    CapturePlan,
    FragmentEntry,
    Gap,
    GapCause,
    Segment,
    StreamFormat,
    StreamState,
    StreamStatus,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# To the media process
START = "start"
APPLY = "apply"
SUBSCRIBE = "subscribe"
UNSUBSCRIBE = "unsubscribe"
STOP = "stop"
# From it
READY = "ready"
STATUS = "status"
MEASURED = "measured"
FORMAT = "format"
UNIT = "unit"
LOSS = "loss"
SEGMENT = "segment"
GAP = "gap"
ALARM = "alarm"
BEAT = "beat"

_STATUS_TIMES = ("since", "next_try_at", "last_packet_at")


def plans_body(plans: Sequence[CapturePlan]) -> dict[str, Any]:
    """Body of ``apply``."""
    return {"plans": [_fields(plan) | {"roles": sorted(plan.roles)} for plan in plans]}


def read_plans(body: dict[str, Any]) -> list[CapturePlan]:
    """Plans of ``apply``."""
    return [CapturePlan(**plan | {"roles": frozenset(plan["roles"])}) for plan in body["plans"]]


def status_body(status: StreamStatus) -> dict[str, Any]:
    """Body of ``status`` and ``measured``."""
    return _fields(status)


def read_status(body: dict[str, Any]) -> StreamStatus:
    """Status of ``status`` and ``measured``."""
    times = {name: _time(body[name]) for name in _STATUS_TIMES}
    return StreamStatus(**body | times | {"state": StreamState(body["state"])})


def format_message(stream_id: str, generation: int, stream_format: StreamFormat) -> Message:
    """A stream's format; extradata is the payload."""
    body = {
        "s": stream_id,
        "g": generation,
        "codec": stream_format.codec,
        "time_base": stream_format.time_base,
        "width": stream_format.width,
        "height": stream_format.height,
    }
    return Message(FORMAT, body, stream_format.extradata)


def read_format(message: Message) -> StreamFormat:
    """The format of a message."""
    body = message.body
    numerator, denominator = body["time_base"]
    return StreamFormat(
        body["codec"], message.payload, (numerator, denominator), body["width"], body["height"]
    )


def unit_message(stream_id: str, generation: int, unit: AccessUnit) -> Message:
    """One access unit."""
    body = {"s": stream_id, "g": generation, "f": unit.flags, "p": unit.pts, "w": unit.wall_us}
    return Message(UNIT, body, bytes(unit.payload))


def read_unit(message: Message) -> AccessUnit:
    """The access unit of a message."""
    body = message.body
    return AccessUnit(body["f"], body["p"], body["w"], message.payload)


def gap_body(gap: Gap) -> dict[str, Any]:
    """Body of ``gap``."""
    return _fields(gap)


def read_gap(body: dict[str, Any]) -> Gap:
    """Gap of ``gap``."""
    start = datetime.fromisoformat(body["start"])
    changed = {"start": start, "end": _time(body["end"]), "cause": GapCause(body["cause"])}
    return Gap(**body | changed)


class SegmentEncoder:
    """Segments as bodies that hold only the fragments not sent yet."""

    def __init__(self) -> None:
        self._sent: dict[tuple[str, str], int] = {}

    def encode(self, segment: Segment) -> dict[str, Any]:
        """Body of ``segment``."""
        key = (segment.camera_id, segment.name)
        first = self._sent.get(key, 0)
        if segment.is_open:
            self._sent[key] = len(segment.fragments)
        else:
            self._sent.pop(key, None)
        fresh = [(f.offset, f.length, f.time_s, f.is_key) for f in segment.fragments[first:]]
        return _fields(segment) | {"fragments": fresh, "first": first}


class SegmentDecoder:
    """Puts segments together again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], tuple[FragmentEntry, ...]] = {}

    def decode(self, body: dict[str, Any]) -> Segment:
        """Segment of ``segment``."""
        key = (body["camera_id"], body["name"])
        first = body.pop("first")
        fresh = tuple(FragmentEntry(*entry) for entry in body["fragments"])
        fragments = self._known.get(key, ())[:first] + fresh
        if body["is_open"]:
            self._known[key] = fragments
        else:
            self._known.pop(key, None)
        times = {name: datetime.fromisoformat(body[name]) for name in ("start", "end")}
        return Segment(**body | times | {"fragments": fragments})


def _fields(value: CapturePlan | StreamStatus | Segment | Gap) -> dict[str, Any]:
    return {name: getattr(value, name) for name in value.__slots__}


def _time(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
