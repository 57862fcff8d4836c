"""Cameras on the wire: the union of the Vistralio and Home Security Intelligence forms."""

from typing import Annotated, Any, Literal

from pydantic import Field

from embedded_server.contract.base import UtcTime, WireModel

StreamProfile = Literal["main", "sub"]
StreamState = Literal[
    "connecting", "online", "stalled", "offline", "unauthorised", "unsupported", "off"
]
CameraStatus = Literal["online", "offline", "error", "unknown"]
Fraction = Annotated[float, Field(ge=0, le=1)]
Polygon = Annotated[list[tuple[Fraction, Fraction]], Field(min_length=3, max_length=64)]
Number = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""An id of something else: no larger than what every reader of JSON keeps exact."""


class Paths(WireModel):
    """Where the streams are: each a fragment (joined to host and credentials) or a whole URL."""

    live: str | None = None
    record: str | None = None
    detect: str | None = None


class ObjectOverride(WireModel):
    """What differs for one label."""

    enabled: bool = True
    min_confidence: float | None = Field(default=None, ge=0, le=1)


class DetectionSettings(WireModel):
    """How a camera's pictures are analysed."""

    enabled: bool = True
    detector: str = Field(default="builtin", description="builtin, or the name of a model card")
    fps: float = Field(default=5.0, gt=0, le=30)
    min_confidence: float = Field(default=0.45, ge=0, le=1)
    objects: list[str] = Field(default_factory=list, description="Labels wanted; empty means all")
    label_map: dict[str, str] = Field(
        default_factory=dict, description="Model label to the label meant here"
    )
    object_overrides: dict[str, ObjectOverride] = Field(default_factory=dict)


class RecordingSettings(WireModel):
    """What is kept of a camera."""

    enabled: bool = True
    retention_days: float = Field(default=30, gt=0, le=36_500)
    max_segment_seconds: int = Field(default=60, ge=5, le=3600)


class Audio(WireModel):
    """Talk-back settings, kept for the device that uses them."""

    talk_path: str | None = None
    talk_codec: str | None = None


class Zone(WireModel):
    """A named polygon; points are fractions of width and height."""

    title: str = Field(min_length=1, max_length=120)
    note: str | None = None
    polygon: Polygon
    labels: list[str] = Field(default_factory=list)
    threshold: float | None = Field(default=None, ge=0, le=1)
    dwell: float | None = Field(default=None, ge=0, le=86_400)


class Mask(WireModel):
    """A polygon inside which nothing is picked up."""

    title: str = Field(default="", max_length=120)
    note: str | None = None
    polygon: Polygon


class Onvif(WireModel):
    """ONVIF access as sent by a client; the password is write-only."""

    host: str | None = None
    port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = None
    password: str | None = None
    clear_password: bool = False


class OnvifOut(WireModel):
    """ONVIF access as returned: never a password."""

    host: str | None = None
    port: int | None = None
    username: str | None = None
    has_password: bool = False


class CameraWrite(WireModel):
    """What PUT and PATCH may carry; a field left out keeps its value, a blank password keeps the stored one."""

    name: str | None = Field(default=None, min_length=1, max_length=255)
    device_type: Literal["camera", "camera_speaker", "doorbell"] | None = None
    connection_method: Literal["direct", "bridge"] | None = None
    site_id: Number | None = None
    edge_router_id: Number | None = None
    transport: Literal["rtsp", "rtsps", "http", "https", "file"] | None = None
    rtsp_transport: Literal["tcp", "udp"] | None = None
    host: str | None = Field(default=None, max_length=255)
    port: int | None = Field(default=None, ge=1, le=65535)
    username: str | None = Field(default=None, max_length=255)
    password: str | None = Field(default=None, max_length=255)
    clear_password: bool = False
    url: str | None = Field(default=None, max_length=2000)
    folder_path: str | None = Field(default=None, min_length=1, max_length=500)
    status: CameraStatus | None = None
    paths: Paths | None = None
    enabled: bool | None = None
    audio: Audio | None = None
    detection: DetectionSettings | None = None
    recording: RecordingSettings | None = None
    zones: list[Zone] | None = None
    masks: list[Mask] | None = None
    onvif: Onvif | None = None


class CameraCreate(CameraWrite):
    """POST /api/cameras: a name and one source (``paths``, ``url`` or ``folder_path``)."""

    name: str = Field(min_length=1, max_length=255)


class StreamStatus(WireModel):
    """One captured stream as it stands now."""

    profile: StreamProfile
    roles: list[Literal["live", "record", "detect"]]
    state: StreamState
    cause: str | None = Field(
        default=None, description="In the operator's words, without credentials"
    )
    since: UtcTime | None = None
    next_try_at: UtcTime | None = None
    codec: str | None = None
    width: int | None = None
    height: int | None = None
    fps: float | None = None
    bitrate_kbps: float | None = None
    reconnects: int = 0


class Camera(WireModel):
    """A camera as listed: one superset item for both families."""

    id: str = Field(description="Slug, such as front_door")
    number: int = Field(description="Integer id; accepted wherever the slug is")
    uuid: str
    name: str
    status: CameraStatus
    state: StreamState
    cause: str | None = None
    created_at: UtcTime
    last_seen_at: UtcTime | None = None
    enabled: bool = True
    folder_path: str | None = None
    device_type: str = "camera"
    connection_method: str = "direct"
    site_id: int | None = None
    edge_router_id: int | None = None
    transport: str | None = None
    rtsp_transport: str = "tcp"
    host: str | None = None
    port: int | None = None
    username: str | None = None
    has_password: bool = False
    paths: Paths
    audio: Audio
    detection: DetectionSettings
    recording: RecordingSettings
    zones: list[Zone]
    masks: list[Mask]
    onvif: OnvifOut
    ptz: bool = False
    recording_now: bool = False
    streams: list[StreamStatus] = Field(default_factory=list)
    metadata: dict[str, Any] = Field(default_factory=dict)
