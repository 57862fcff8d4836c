"""Cameras as the console knows them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


Polygon = tuple[tuple[float, float], ...]
"""Corners in fractions of the picture, origin top left."""


class Health(enum.StrEnum):
    """Whether a camera can be watched."""

    ONLINE = "online"
    CONNECTING = "connecting"
    STALLED = "stalled"
    OFFLINE = "offline"
    UNAUTHORISED = "unauthorised"
    UNSUPPORTED = "unsupported"
    OFF = "off"
    UNKNOWN = "unknown"


class CameraCapability(enum.StrEnum):
    """What one camera can do."""

    LIVE = "live"
    FOOTAGE = "footage"
    PTZ = "ptz"


@dataclass(frozen=True, slots=True, order=True)
class CameraKey:
    """Names one camera over all systems."""

    system: str
    camera: str

    def __str__(self) -> str:
        """``system/camera``, used in drags and saved layouts."""
        return f"{self.system}/{self.camera}"

    @classmethod
    def parse(cls, text: str) -> CameraKey:
        """Read what ``str`` wrote.

        Raises:
            ValueError: if there is no slash in it.
        """
        system, slash, camera = text.partition("/")
        if not slash or not camera:
            raise ValueError(f"not a camera key: {text!r}")
        return cls(system, camera)


@dataclass(frozen=True, slots=True)
class CameraSource:
    """Where a camera's pictures come from, as somebody entered it; the password never comes back."""

    name: str
    url: str
    sub_url: str = ""
    username: str = ""
    has_password: bool = False


@dataclass(frozen=True, slots=True)
class Camera:
    """One video source."""

    key: CameraKey
    name: str
    health: Health
    cause: str | None = None
    since: datetime | None = None
    next_try_at: datetime | None = None
    capabilities: frozenset[CameraCapability] = frozenset()
    profiles: tuple[str, ...] = ("main",)
    """Streams for live viewing, best first: ``main``, ``sub``."""
