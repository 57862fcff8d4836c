"""What server and analysis worker say to one another, as messages of plain JSON and bytes."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from embedded_server.contract.live import AccessUnit
from embedded_server.ipc import Message
from embedded_server.services.model import (
    AnalysisPlan,
    Box,
    DetectionBatch,
    DetectionOut,
    EventPhase,
    EventReport,
    Severity,
    StreamFormat,
    Zone,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# to the worker
PLANS, FORMAT, UNIT, DROPPED, SILENT, STOP = "plans", "format", "unit", "dropped", "silent", "stop"
# from the worker
READY, DETECTIONS, EVENT, ALARM, TRYING, TRIED = (
    "ready",
    "detections",
    "event",
    "alarm",
    "trying",
    "tried",
)


def plans_message(plans: Sequence[AnalysisPlan], banned: Sequence[str]) -> Message:
    """All plans, and the models that have killed a worker before."""
    return Message(PLANS, {"plans": [_plan_body(plan) for plan in plans], "banned": list(banned)})


def read_plans(message: Message) -> tuple[list[AnalysisPlan], list[str]]:
    """The other end of ``plans_message``."""
    return [_plan(body) for body in message.body["plans"]], list(message.body["banned"])


def _plan_body(plan: AnalysisPlan) -> dict[str, Any]:
    body = {f.name: getattr(plan, f.name) for f in dataclasses.fields(plan)}
    for name in ("objects", "labels_off"):
        body[name] = sorted(body[name])
    for name in ("label_map", "label_confidence"):
        body[name] = dict(body[name])
    return body  # orjson writes the zones, which are dataclasses too


def _plan(body: dict[str, Any]) -> AnalysisPlan:
    fields = dict(body)
    fields["objects"] = frozenset(body["objects"])
    fields["labels_off"] = frozenset(body["labels_off"])
    fields["masks"] = tuple(_polygon(mask) for mask in body["masks"])
    fields["zones"] = tuple(
        Zone(**{**zone, "polygon": _polygon(zone["polygon"]), "labels": tuple(zone["labels"])})
        for zone in body["zones"]
    )
    return AnalysisPlan(**fields)


def _polygon(points: list[list[float]]) -> tuple[tuple[float, float], ...]:
    return tuple((float(x), float(y)) for x, y in points)


def format_message(camera_id: str, stream_format: StreamFormat) -> Message:
    """A stream begins, or its parameters have changed."""
    body = {
        "camera": camera_id,
        "codec": stream_format.codec,
        "time_base": list(stream_format.time_base),
        "size": [stream_format.width, stream_format.height],
    }
    return Message(FORMAT, body, stream_format.extradata)


def read_format(message: Message) -> StreamFormat:
    """The other end of ``format_message``."""
    body = message.body
    numerator, denominator = body["time_base"]
    width, height = body["size"]
    return StreamFormat(body["codec"], message.payload, (numerator, denominator), width, height)


def unit_message(camera_id: str, unit: AccessUnit) -> Message:
    """One access unit."""
    body = {"camera": camera_id, "unit": [unit.flags, unit.pts, unit.wall_us]}
    return Message(UNIT, body, bytes(unit.payload))


def read_unit(message: Message) -> AccessUnit:
    """The other end of ``unit_message``."""
    flags, pts, wall_us = message.body["unit"]
    return AccessUnit(flags, pts, wall_us, message.payload)


def detections_message(batch: DetectionBatch) -> Message:
    """All boxes of one picture."""
    rows = [
        [d.label, d.confidence, d.box.x, d.box.y, d.box.width, d.box.height, d.track_id]
        for d in batch.detections
    ]
    return Message(DETECTIONS, {"camera": batch.camera_id, "at": _us(batch.at), "rows": rows})


def read_detections(message: Message) -> DetectionBatch:
    """The other end of ``detections_message``."""
    body = message.body
    found = tuple(
        DetectionOut(label, confidence, Box(x, y, width, height), track_id)
        for label, confidence, x, y, width, height, track_id in body["rows"]
    )
    return DetectionBatch(body["camera"], _time(body["at"]), found)


def event_message(report: EventReport) -> Message:
    """One report; the pictures travel behind the JSON."""
    body: dict[str, Any] = {f.name: getattr(report, f.name) for f in dataclasses.fields(report)}
    snapshot, crop = body.pop("snapshot_jpeg"), body.pop("crop_jpeg")
    for name in ("started_at", "at", "ended_at"):
        body[name] = None if body[name] is None else _us(body[name])
    body["metadata"] = dict(report.metadata)
    body["snapshot_bytes"] = None if snapshot is None else len(snapshot)
    body["has_crop"] = crop is not None
    return Message(EVENT, body, (snapshot or b"") + (crop or b""))


def read_event(message: Message) -> EventReport:
    """The other end of ``event_message``."""
    fields = dict(message.body)
    length, has_crop = fields.pop("snapshot_bytes"), fields.pop("has_crop")
    split = length or 0
    fields["snapshot_jpeg"] = None if length is None else message.payload[:split]
    fields["crop_jpeg"] = message.payload[split:] if has_crop else None
    for name in ("started_at", "at", "ended_at"):
        fields[name] = None if fields[name] is None else _time(fields[name])
    fields["phase"] = EventPhase(fields["phase"])
    fields["severity"] = Severity(fields["severity"])
    fields["labels"] = tuple(fields["labels"])
    fields["box"] = None if fields["box"] is None else Box(**fields["box"])
    return EventReport(**fields)


def _us(moment: datetime) -> int:
    return round(moment.timestamp() * 1_000_000)


def _time(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, UTC)
