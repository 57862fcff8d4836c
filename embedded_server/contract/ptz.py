"""PTZ on the wire."""

from pydantic import Field

from embedded_server.contract.base import WireModel


class PtzInfo(WireModel):
    """GET /api/ptz/{camera_id}/info."""

    supported: bool
    reason: str | None = None
    can_pan_tilt: bool = False
    can_zoom: bool = False
    can_home: bool = False
    presets: bool = False


class PtzMove(WireModel):
    """POST /api/ptz/{camera_id}/move: speeds from -1 to 1."""

    pan: float = Field(default=0, ge=-1, le=1)
    tilt: float = Field(default=0, ge=-1, le=1)
    zoom: float = Field(default=0, ge=-1, le=1)


class PtzPreset(WireModel):
    """One stored position."""

    token: str
    name: str
