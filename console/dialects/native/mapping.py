"""From the wire to the domain, and filters back; pure."""

from __future__ import annotations

import enum
from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from console.dialects.base import (
    CameraChanged,
    CameraRemoved,
    DetectionsSeen,
    EventChanged,
    FootageGrew,
    Moment,
    SystemNotice,
)
from console.dialects.native import wire
from console.domain.camera import Camera, CameraCapability, CameraKey, CameraSource, Health
from console.domain.event import Box, Detection, Detections, Event, EventFilter, EventKey, Severity
from console.domain.footage import (
    Footage,
    Fragment,
    Gap,
    SegmentIndex,
    SegmentRef,
    TimeRange,
)

if TYPE_CHECKING:
    from datetime import datetime

    from console.dialects.base import Change
    from console.dialects.http import Params
    from embedded_server.contract.events import Box as WireBox

Word = TypeVar("Word", bound=enum.StrEnum)


def camera(system: str, sent: wire.Camera) -> Camera:
    """A camera, as its live stream stands."""
    live = _live_stream(sent)
    state = sent.state if sent.enabled else Health.OFF
    return Camera(
        key=CameraKey(system, sent.id),
        name=sent.name,
        health=_word(state, Health.UNKNOWN),
        cause=sent.cause or (live.cause if live else None),
        since=live.since if live else None,
        next_try_at=live.next_try_at if live else None,
        capabilities=_capabilities(sent),
        profiles=_profiles(sent),
    )


def source(sent: wire.Camera) -> CameraSource:
    """Where its pictures come from; a path that is only half an address is made a whole one."""
    main = _address(sent, sent.paths.live or sent.paths.record or "")
    sub = _address(sent, sent.paths.detect or "")
    return CameraSource(
        name=sent.name,
        url=main or sub,
        sub_url=sub if main and sub != main else "",
        username=sent.username or "",
        has_password=sent.has_password,
    )


def with_status(known: Camera, sent: wire.CameraStatus) -> Camera:
    """The camera after its state has changed."""
    return replace(
        known,
        health=_word(sent.state, Health.UNKNOWN),
        cause=sent.cause,
        since=sent.changed_at,
        next_try_at=sent.next_try_at,
    )


def event(system: str, sent: wire.Event) -> Event:
    """An event."""
    return Event(
        key=EventKey(system, str(sent.id)),
        camera=CameraKey(system, sent.camera_id),
        camera_name=sent.camera_name or sent.camera_id,
        started_at=sent.started_at,
        ended_at=sent.ended_at,
        label=sent.label,
        confidence=sent.confidence,
        severity=_word(sent.severity, Severity.DETECTION),
        summary=sent.summary or sent.label,
        is_acknowledged=sent.acknowledged or sent.reviewed,
        acknowledged_by=sent.acknowledged_by,
        acknowledged_at=sent.acknowledged_at,
        zone=sent.zone,
        box=None if sent.box is None else _box(sent.box),
        snapshot_path=sent.snapshot,
        thumbnail_path=sent.thumbnail_url or sent.crop or sent.snapshot,
        version=sent.version,
    )


def detections(system: str, sent: wire.LatestDetections) -> Detections | None:
    """Boxes of a frame; None when nothing was analysed yet."""
    if sent.at is None:
        return None
    boxes = tuple(
        Detection(item.label, item.confidence, _box(item.box), item.track_id)
        for item in sent.detections
    )
    return Detections(CameraKey(system, sent.camera_id), sent.at, boxes)


def footage(system: str, sent: wire.CameraRuns, asked: TimeRange) -> Footage:
    """Runs and gaps of a camera."""
    return Footage(
        camera=CameraKey(system, sent.camera_id),
        asked=asked,
        runs=tuple(TimeRange(run.start, run.end) for run in sent.runs if run.start < run.end),
        gaps=tuple(Gap(gap.start, gap.end, gap.cause, gap.detail) for gap in sent.gaps),
    )


def segment(system: str, sent: wire.Segment) -> SegmentRef:
    """A file of footage."""
    return SegmentRef(
        camera=CameraKey(system, sent.camera_id),
        name=sent.name,
        span=TimeRange(sent.start, sent.end),
        is_open=sent.open,
    )


def segment_index(ref: SegmentRef, sent: wire.SegmentIndex) -> SegmentIndex:
    """Where in it each moment lies."""
    return SegmentIndex(
        segment=ref,
        header_length=sent.header_length,
        size=sent.size,
        fragments=tuple(
            Fragment(part.offset, part.length, part.time, part.key) for part in sent.fragments
        ),
    )


def event_params(wanted: EventFilter, *, limit: int, cursor: str | None) -> Params:
    """The query of an event list."""
    params: Params = {"limit": limit}
    if wanted.cameras is not None:
        params["camera_id"] = sorted(key.camera for key in wanted.cameras)
    if wanted.label is not None:
        params["label"] = wanted.label
    if wanted.severity is not None:
        params["severity"] = wanted.severity.value
    if wanted.is_acknowledged is not None:
        params["reviewed"] = "true" if wanted.is_acknowledged else "false"
    if wanted.start is not None:
        params["start_date"] = moment(wanted.start)
    if wanted.end is not None:
        params["end_date"] = moment(wanted.end)
    if cursor is not None:
        params["cursor"] = cursor
    return params


def moment(at: datetime) -> str:
    """An instant as the query wants it."""
    return at.isoformat().replace("+00:00", "Z")


def change(system: str, message: wire.SocketMessage) -> Change | None:
    """What a socket's message means to us; None when it means nothing."""
    kind, sent = message.type, message.data
    if kind in ("event", "event_acknowledged"):
        return _event_change(system, sent)
    if kind in ("camera_created", "camera_updated"):
        return CameraChanged(camera(system, wire.read(wire.Camera, sent)))
    if kind == "camera_deleted":
        return CameraRemoved(CameraKey(system, _camera_id(sent)))
    if kind == "detections":
        seen = detections(system, wire.read(wire.LatestDetections, sent))
        return None if seen is None else DetectionsSeen(seen)
    if kind == "footage":
        return _footage_change(system, sent)
    if kind == "gap":
        return FootageGrew(None, CameraKey(system, _camera_id(sent)))
    if kind == "system_status" and sent.get("message"):
        return SystemNotice(str(sent.get("status", "")), str(sent["message"]))
    return None


def _event_change(system: str, sent: dict[str, object]) -> EventChanged:
    moment = _word(str(sent.get("phase")), Moment.UPDATE)
    return EventChanged(event(system, wire.read(wire.Event, sent)), moment)


def _footage_change(system: str, sent: dict[str, object]) -> FootageGrew:
    key = CameraKey(system, _camera_id(sent))
    if "start" not in sent or "end" not in sent:
        return FootageGrew(None, key)
    grown = wire.read(wire.Segment, {"name": "", **sent})
    return FootageGrew(segment(system, grown), key)


def _camera_id(sent: dict[str, object]) -> str:
    return str(sent.get("camera_id") or sent.get("id") or "")


def _live_stream(sent: wire.Camera) -> wire.StreamStatus | None:
    streams = sorted(sent.streams, key=lambda stream: ("live" not in stream.roles, stream.profile))
    return streams[0] if streams else None


def _word(text: str, otherwise: Word) -> Word:
    """What the word means; ``otherwise`` for one that a newer server made up."""
    try:
        return type(otherwise)(text)
    except ValueError:
        return otherwise


def _box(sent: WireBox) -> Box:
    return Box(sent.x, sent.y, sent.width, sent.height)


def _capabilities(sent: wire.Camera) -> frozenset[CameraCapability]:
    # a list without paths comes from a server that keeps them to itself: then everything may be there
    has_paths = any((sent.paths.live, sent.paths.record, sent.paths.detect))
    able = {CameraCapability.LIVE, CameraCapability.FOOTAGE}
    if sent.ptz:
        able.add(CameraCapability.PTZ)
    if has_paths and not (sent.paths.live or sent.paths.record):
        able.discard(CameraCapability.FOOTAGE)
    return frozenset(able)


def _address(sent: wire.Camera, path: str) -> str:
    if not path or "://" in path or not sent.host:
        return path
    port = "" if sent.port is None else f":{sent.port}"
    return f"{sent.transport or 'rtsp'}://{sent.host}{port}/{path.removeprefix('/')}"


def _profiles(sent: wire.Camera) -> tuple[str, ...]:
    named = {stream.profile for stream in sent.streams}
    return tuple(profile for profile in ("main", "sub") if profile in named) or ("main",)
