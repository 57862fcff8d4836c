"""The real routes and services over a real catalogue, with the processes beside the server faked."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import anyio
from argon2 import PasswordHasher

from embedded_server.app import create_app
from embedded_server.contract.live import KEY_FRAME, AccessUnit
from embedded_server.services.auth import ADMINISTRATOR, AuthService, Passwords
from embedded_server.services.bus import Bus
from embedded_server.services.camera_source import FileRule
from embedded_server.services.cameras import CameraService
from embedded_server.services.events import EventService
from embedded_server.services.excerpts import ExcerptService
from embedded_server.services.footage import FootageService
from embedded_server.services.model import StreamFormat, StreamState, StreamStatus
from embedded_server.services.ptz import PtzService
from embedded_server.services.system import SystemService
from embedded_server.storage.cameras import CatalogCameras
from embedded_server.storage.catalog import Catalog
from embedded_server.storage.clips import RenderedClips
from embedded_server.storage.events import EventRows
from embedded_server.storage.footage import FootageRows
from embedded_server.storage.footage_files import FootageDisk
from embedded_server.storage.keys import Vault, token_key
from embedded_server.storage.pictures import PictureFiles
from embedded_server.storage.users import CatalogUsers
from tests.support.server_values import StoppedClock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence
    from pathlib import Path

    from embedded_server.app import GatehouseApp
    from embedded_server.services.model import AnalysisPlan, CapturePlan, ClipPiece, Segment

PASSWORD = "correct horse"
FORMAT = StreamFormat("h264", b"\x00\x00\x00\x01\x67extra", (1, 90000), 640, 360)
JPEG = b"\xff\xd8 a picture \xff\xd9"


def quick_hasher() -> PasswordHasher:
    """As weak as the library allows: tests need not wait for Argon2."""
    return PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class FakeReader:
    """A live reader that gives what a test puts in."""

    def __init__(self) -> None:
        self.items: deque[object] = deque()
        self.closed = asyncio.Event()
        self._wake = asyncio.Event()

    def put(self, *items: object) -> None:
        self.items.extend(items)
        self._wake.set()

    def end(self) -> None:
        self.put(StopAsyncIteration)

    def __aiter__(self) -> FakeReader:
        return self

    async def __anext__(self) -> object:
        while not self.items:
            self._wake.clear()
            await self._wake.wait()
        item = self.items.popleft()
        if item is StopAsyncIteration:
            raise StopAsyncIteration
        return item

    async def aclose(self) -> None:
        self.closed.set()


@dataclass
class FakeMedia:
    """A media plane that remembers its plans."""

    plans: list[CapturePlan] = field(default_factory=list)
    status: dict[str, StreamStatus] = field(default_factory=dict)
    readers: list[FakeReader] = field(default_factory=list)
    opening: tuple[object, ...] = ()
    opened: asyncio.Event = field(default_factory=asyncio.Event)

    async def apply(self, plans: Sequence[CapturePlan]) -> None:
        self.plans = list(plans)

    def statuses(self) -> Mapping[str, StreamStatus]:
        return self.status

    def open_segments(self) -> Mapping[str, Segment]:
        return {}

    def read(self, stream_id: str) -> FakeReader:
        if stream_id not in {plan.stream_id for plan in self.plans}:
            raise KeyError(stream_id)
        reader = FakeReader()
        reader.put(*self.opening)
        self.readers.append(reader)
        self.opened.set()
        return reader


@dataclass
class FakeAnalysis:
    """An analysis plane that remembers its plans."""

    plans: list[AnalysisPlan] = field(default_factory=list)

    async def apply(self, plans: Sequence[AnalysisPlan]) -> None:
        self.plans = list(plans)


class FakeRenderer:
    """Every picture is the same, and so is every clip."""

    async def still(
        self, stream_format: StreamFormat, units: Sequence[AccessUnit], *, width: int | None = None
    ) -> bytes:
        return JPEG

    async def frame(self, path: Path, at_s: float, *, width: int | None = None) -> bytes:
        return JPEG

    async def clip(self, pieces: Sequence[ClipPiece], destination: Path) -> Path:
        await anyio.Path(destination).write_bytes(b"a clip")
        return destination


@dataclass
class Parts:
    """A server in memory, and its fakes."""

    app: GatehouseApp
    clock: StoppedClock
    media: FakeMedia
    analysis: FakeAnalysis
    auth: AuthService
    cameras: CameraService
    system: SystemService
    bus: Bus
    catalog: Catalog

    async def token(self, username: str = "admin", password: str = PASSWORD) -> str:
        """An access token."""
        return (await self.auth.sign_in(username, password)).token

    def goes_online(self, stream_id: str) -> None:
        """The stream begins to send."""
        status = StreamStatus(stream_id, StreamState.ONLINE, since=self.clock.now(), codec="h264")
        self.media.status[stream_id] = status
        self.cameras.stream_changed(status)


@asynccontextmanager
async def server_parts(
    data_dir: Path, *, allow_files: bool = True, access_s: float = 900
) -> AsyncIterator[Parts]:
    """Everything but processes and ports; ``admin`` may do all, ``guard`` may look."""
    catalog = await asyncio.to_thread(Catalog.open, data_dir)
    clock, bus = StoppedClock(), Bus()
    media, analysis, renderer = FakeMedia(), FakeAnalysis(), FakeRenderer()
    passwords = Passwords(quick_hasher())
    events = EventService(EventRows(catalog), PictureFiles(data_dir / "media"), bus, clock)
    disk = FootageDisk(data_dir / "footage")
    footage = FootageService(FootageRows(catalog), disk, bus, clock, media)
    auth = AuthService(
        CatalogUsers(catalog),
        clock,
        key=token_key(data_dir / "secrets"),
        passwords=passwords,
        access_lifetime=timedelta(seconds=access_s),
    )
    ptz = PtzService()
    cameras = CameraService(
        CatalogCameras(catalog, Vault.open(data_dir / "secrets")),
        media=media,
        analysis=analysis,
        ptz=ptz,
        bus=bus,
        clock=clock,
        files=FileRule(allow_files=allow_files),
        forget_events=events.forget_camera,
    )
    system = SystemService(
        bus,
        clock,
        probe_catalogue=lambda: CatalogUsers(catalog).count(ADMINISTRATOR),
        camera_states=lambda: [cameras.status(each).state for each in cameras.list()],
    )
    excerpts = ExcerptService(events, footage, renderer, RenderedClips(data_dir / "media"), clock)
    app = create_app(
        cameras=cameras,
        events=events,
        footage=footage,
        excerpts=excerpts,
        auth=auth,
        system=system,
        ptz=ptz,
        media=media,
        renderer=renderer,
        bus=bus,
    )
    try:
        async with events:
            await auth.create("admin", PASSWORD, ADMINISTRATOR)
            await auth.create("guard", PASSWORD, "viewer")
            await cameras.load()
            await cameras.start()
            system.is_capturing = True
            yield Parts(app, clock, media, analysis, auth, cameras, system, bus, catalog)
    finally:
        passwords.close()
        await asyncio.to_thread(catalog.close)


def a_unit(number: int = 0, *, is_key: bool = True) -> AccessUnit:
    """One small access unit."""
    flags = KEY_FRAME if is_key else 0
    return AccessUnit(flags, number * 6000, number * 66_667, b"\x00\x00\x00\x01\x65" + bytes(10))
