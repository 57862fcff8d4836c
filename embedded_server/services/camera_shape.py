"""Cameras as they go over the wire. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from embedded_server.contract.cameras import Camera, CameraStatus, OnvifOut, StreamStatus
from embedded_server.services import model
from embedded_server.services.model import StreamState

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from embedded_server.contract.cameras import StreamProfile
    from embedded_server.services.camera_record import CameraRecord
    from embedded_server.services.model import CapturePlan

SWITCHED_OFF = "It is switched off."
NO_STREAM = "It has no stream: its pictures come through its folder."
NOT_ALLOWED = "Its source is a file, and this server can be reached by others."
STATUS_WORDS: Mapping[StreamState, CameraStatus] = {
    StreamState.ONLINE: "online",
    StreamState.CONNECTING: "unknown",
    StreamState.STALLED: "offline",
    StreamState.OFFLINE: "offline",
    StreamState.UNAUTHORISED: "error",
    StreamState.UNSUPPORTED: "error",
    StreamState.OFF: "unknown",
}


def main_status(
    record: CameraRecord,
    plans: Sequence[CapturePlan],
    statuses: Mapping[str, model.StreamStatus],
) -> model.StreamStatus:
    """The state of the camera: that of the stream that is recorded, or why there is none."""
    if not plans:
        return model.StreamStatus(record.slug, StreamState.OFF, _why_none(record))
    stream_id = plans[0].stream_id
    return statuses.get(stream_id) or model.StreamStatus(stream_id, StreamState.CONNECTING)


def camera_shape(
    record: CameraRecord,
    plans: Sequence[CapturePlan],
    statuses: Mapping[str, model.StreamStatus],
    *,
    recording_now: bool,
    ptz: bool = False,
) -> Camera:
    """The superset item of both families."""
    config = record.config
    status = main_status(record, plans, statuses)
    return Camera(
        id=record.slug,
        number=record.number,
        uuid=record.uuid,
        name=record.name,
        status=STATUS_WORDS[status.state],
        state=status.state.value,
        cause=status.cause,
        created_at=record.created_at,
        last_seen_at=last_seen(record, status),
        enabled=record.enabled,
        folder_path=config.folder_path,
        device_type=config.device_type,
        connection_method=config.connection_method,
        site_id=config.site_id,
        edge_router_id=config.edge_router_id,
        transport=config.transport,
        rtsp_transport=config.rtsp_transport,
        host=config.host,
        port=config.port,
        username=config.username,
        has_password=record.has_password,
        paths=config.paths,
        audio=config.audio,
        detection=config.detection,
        recording=config.recording,
        zones=config.zones,
        masks=config.masks,
        onvif=OnvifOut(
            host=config.onvif_host,
            port=config.onvif_port,
            username=config.onvif_username,
            has_password=record.secrets.onvif_password is not None,
        ),
        ptz=ptz,
        recording_now=recording_now,
        streams=[_stream(plan, statuses.get(plan.stream_id)) for plan in plans],
    )


def last_seen(record: CameraRecord, status: model.StreamStatus) -> datetime | None:
    """When its last packet came."""
    moments = [each for each in (record.last_seen_at, status.last_packet_at) if each is not None]
    return max(moments, default=None)


def _why_none(record: CameraRecord) -> str:
    if not record.enabled:
        return SWITCHED_OFF
    return NOT_ALLOWED if record.addresses() else NO_STREAM


def _stream(plan: CapturePlan, status: model.StreamStatus | None) -> StreamStatus:
    profile = cast("StreamProfile", plan.profile)
    roles = [role for role in ("live", "record", "detect") if role in plan.roles]
    if status is None:
        return StreamStatus(profile=profile, roles=roles, state="connecting")
    return StreamStatus(
        profile=profile,
        roles=roles,
        state=status.state.value,
        cause=status.cause,
        since=status.since,
        next_try_at=status.next_try_at,
        codec=status.codec,
        width=status.width,
        height=status.height,
        fps=status.fps,
        bitrate_kbps=status.bitrate_kbps,
        reconnects=status.reconnects,
    )
