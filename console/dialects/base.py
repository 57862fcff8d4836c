"""What the console asks of a system; each dialect answers in its own way.

A dialect is small: sign in, list, follow, describe a live stream. Everything else is an optional part,
present when the system has the capability: ask ``dialect.ptz`` and grey the control if it is None.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from console.domain.camera import Camera, CameraKey, CameraSource, Polygon
    from console.domain.event import Detections, Event, EventFilter, EventKey
    from console.domain.footage import Footage, SegmentIndex, SegmentRef, TimeRange
    from console.domain.stream import StreamSource


@dataclass(frozen=True, slots=True)
class CamerasLoaded:
    """The whole list, after connecting; what is not in it is gone."""

    cameras: tuple[Camera, ...]


@dataclass(frozen=True, slots=True)
class CameraChanged:
    """A camera is new or different."""

    camera: Camera


@dataclass(frozen=True, slots=True)
class CameraRemoved:
    """A camera was deleted."""

    key: CameraKey


class Moment(enum.StrEnum):
    """Where in its life an event is."""

    START = "start"
    UPDATE = "update"
    END = "end"


@dataclass(frozen=True, slots=True)
class EventChanged:
    """An event is new or different."""

    event: Event
    moment: Moment


@dataclass(frozen=True, slots=True)
class DetectionsSeen:
    """Boxes of one frame."""

    detections: Detections


@dataclass(frozen=True, slots=True)
class FootageGrew:
    """Something was recorded, or a gap began or ended; reload what is shown near the live edge."""

    segment: SegmentRef | None
    camera: CameraKey


@dataclass(frozen=True, slots=True)
class SystemNotice:
    """The system says something that an operator should read: kind, and a sentence."""

    kind: str
    message: str


Change = (
    CamerasLoaded
    | CameraChanged
    | CameraRemoved
    | EventChanged
    | DetectionsSeen
    | FootageGrew
    | SystemNotice
)


class Events(Protocol):
    """Events of a system."""

    async def list(
        self, wanted: EventFilter, *, limit: int = 50, cursor: str | None = None
    ) -> tuple[Sequence[Event], str | None]:
        """A page, newest first, and the cursor of the next."""

    async def acknowledge(self, key: EventKey) -> Event:
        """Acknowledge; the event as it is now."""

    async def picture(self, path: str) -> bytes:
        """JPEG behind ``snapshot_path`` or ``thumbnail_path``."""


class FootageAccess(Protocol):
    """Recordings of a system."""

    async def runs(self, cameras: Sequence[CameraKey], asked: TimeRange) -> Sequence[Footage]:
        """Runs and gaps of each camera."""

    async def segments(self, camera: CameraKey, asked: TimeRange) -> Sequence[SegmentRef]:
        """Files that hold any of that time, oldest first."""

    async def index(self, segment: SegmentRef) -> SegmentIndex:
        """Where in the file each moment lies."""

    async def read(self, segment: SegmentRef, offset: int, length: int) -> bytes:
        """Bytes of the file, in one request."""


class PtzControl(Protocol):
    """PTZ of a system's cameras; speeds from -1 to 1."""

    async def move(self, camera: CameraKey, *, pan: float, tilt: float, zoom: float) -> None:
        """Move until ``stop``."""

    async def stop(self, camera: CameraKey) -> None:
        """Stop."""

    async def presets(self, camera: CameraKey) -> Sequence[tuple[str, str]]:
        """Token and name of each stored position."""

    async def go_to_preset(self, camera: CameraKey, token: str) -> None:
        """Go there."""


class CameraAdmin(Protocol):
    """Adding and removing cameras."""

    async def add(
        self,
        *,
        name: str,
        url: str,
        username: str,
        password: str,
        sub_url: str = "",
        masks: Sequence[Polygon] = (),
    ) -> Camera:
        """Add a camera by its URL; ``sub_url`` is a smaller stream of it, for analysis and small tiles.

        Inside the ``masks`` nothing is picked up.
        """

    async def set_source(self, key: CameraKey, *, url: str, sub_url: str = "") -> Camera:
        """Take its pictures from somewhere else."""

    async def source(self, key: CameraKey) -> CameraSource:
        """Where its pictures come from now."""

    async def change(
        self, key: CameraKey, before: CameraSource, after: CameraSource, password: str
    ) -> Camera:
        """Change what differs; an empty password leaves the one it has, unless the user name goes too."""

    async def remove(self, key: CameraKey) -> None:
        """Remove it; its footage stays until retention ends it."""

    async def set_enabled(self, key: CameraKey, enabled: bool) -> Camera:
        """Switch it on or off."""


class Dialect(Protocol):
    """One signed-in connection to one system."""

    system: str
    """Id of the system, used in every key."""

    @property
    def events(self) -> Events | None:
        """Events, if it has them."""

    @property
    def footage(self) -> FootageAccess | None:
        """Recordings, if it has them."""

    @property
    def ptz(self) -> PtzControl | None:
        """PTZ, if any of its cameras can."""

    @property
    def camera_admin(self) -> CameraAdmin | None:
        """Changing cameras, if it lets us."""

    async def sign_in(self, username: str, password: str) -> None:
        """Sign in.

        Raises:
            SignInRefused: wrong name or password.
            CannotConnect: nobody answers.
        """

    def follow(self) -> AsyncGenerator[Change, None]:
        """Load, then every change; ends with an error when the connection is lost."""

    async def live(self, camera: CameraKey, profile: str) -> StreamSource:
        """How to read a live stream, with fresh credentials."""

    async def aclose(self) -> None:
        """Close all connections."""
