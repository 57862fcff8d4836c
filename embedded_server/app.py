"""The server, put together: every object is built here once, top to bottom."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI

from embedded_server.api import (
    auth,
    cameras,
    errors,
    events,
    ptz,
    recordings,
    setup,
    sockets,
    streams,
    system,
)
from embedded_server.api.deps import Services
from embedded_server.api.limits import Limits
from embedded_server.clock import SystemClock
from embedded_server.contract.base import Problem
from embedded_server.contract.version import PRODUCT_VERSION
from embedded_server.detector.process import AnalysisProcess
from embedded_server.media.fmp4 import FragmentMuxer
from embedded_server.media.process import MediaProcess
from embedded_server.media.renderer import RendererProcess
from embedded_server.services.auth import AuthService, Passwords
from embedded_server.services.bus import Bus
from embedded_server.services.camera_source import FileRule
from embedded_server.services.cameras import CameraService
from embedded_server.services.errors import Unavailable
from embedded_server.services.events import EventService
from embedded_server.services.excerpts import ExcerptService
from embedded_server.services.footage import FootageService
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

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from embedded_server.config import ServerSettings
    from embedded_server.services.model import (
        DetectionBatch,
        EventReport,
        Gap,
        Segment,
        StreamFormat,
        StreamStatus,
    )
    from embedded_server.services.ports import Fragments, MediaPlane, Renderer


_REFUSED_BODY = errors.responses(400, 413)
"""Of every route that takes a body: what is no text, or too long, is refused before the route sees it."""


class GatehouseApp(FastAPI):
    """The routes; its description names the shape of every refusal."""

    def openapi(self) -> dict[str, Any]:
        """The description, with the problem shape that the routes refer to."""
        schema = super().openapi()
        components = schema.setdefault("components", {}).setdefault("schemas", {})
        components.setdefault("Problem", Problem.model_json_schema())
        for operations in schema["paths"].values():
            for operation in operations.values():
                if "requestBody" in operation:
                    described = {str(status): said for status, said in _REFUSED_BODY.items()}
                    operation["responses"] |= described
        return schema


def create_app(
    *,
    cameras: CameraService,
    events: EventService,
    footage: FootageService,
    excerpts: ExcerptService,
    auth: AuthService,
    system: SystemService,
    ptz: PtzService,
    media: MediaPlane,
    renderer: Renderer,
    bus: Bus,
    fragments: Callable[[StreamFormat], Fragments] = FragmentMuxer,
) -> GatehouseApp:
    """All routes over these services; tests build it by the same call."""
    app = GatehouseApp(
        title="Gatehouse",
        version=PRODUCT_VERSION,
        description="Cameras, live video, recordings and events of one site.",
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = Services(
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
        fragments=fragments,
    )
    errors.install(app)
    app.add_middleware(Limits)
    for routes in _ROUTES:
        app.include_router(routes)
    return app


_ROUTES = (
    system.router,
    auth.router,
    cameras.router,
    streams.router,
    events.router,
    recordings.router,
    ptz.router,
    sockets.router,
    setup.router,
)


class News:
    """What media process and analysis report, passed on to whom it concerns."""

    def __init__(self) -> None:
        self.cameras: CameraService
        self.events: EventService
        self.footage: FootageService
        self.system: SystemService

    def stream_changed(self, status: StreamStatus) -> None:
        """A capture changed."""
        self.cameras.stream_changed(status)

    def segment_written(self, segment: Segment) -> None:
        """Footage grew."""
        self.footage.segment_written(segment)

    def gap_changed(self, gap: Gap) -> None:
        """A gap began or ended."""
        self.footage.gap_changed(gap)

    def media_alarm(self, kind: str, message: str) -> None:
        """The media process is in trouble; on a full disk old footage makes room."""
        self.system.media_alarm(kind, message)
        if kind == "disk_full":
            self.footage.make_room()

    def detected(self, batch: DetectionBatch) -> None:
        """Boxes of one frame."""
        self.events.detected(batch)

    def event_reported(self, report: EventReport) -> None:
        """An event began, improved or ended."""
        self.events.event_reported(report)

    def analysis_alarm(self, kind: str, message: str) -> None:
        """The analysis is in trouble."""
        self.system.analysis_alarm(kind, message)


@dataclass(frozen=True, slots=True)
class Server:
    """Everything built; :meth:`capturing` makes it run."""

    app: GatehouseApp
    cameras: CameraService
    system: SystemService
    media: MediaProcess
    analysis: AnalysisProcess
    renderer: RendererProcess
    bus: Bus
    setup_secret: str | None

    @contextlib.asynccontextmanager
    async def capturing(self) -> AsyncIterator[asyncio.Task[None]]:
        """Within it, cameras are captured, recorded and analysed, once the task that it gives is done.

        A task, so that a server that is told to stop while its processes still start need not wait for them.
        """
        starting = asyncio.create_task(self._start(), name="start capturing")
        try:
            yield starting
        finally:
            self.system.is_capturing = False
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await self.cameras.stop()
            await asyncio.gather(
                self.media.stop(2.5), self.analysis.stop(2.0), self.renderer.stop(1.0)
            )

    async def _start(self) -> None:
        try:
            await asyncio.gather(*(p.start() for p in (self.media, self.analysis, self.renderer)))
        except (RuntimeError, OSError) as error:
            raise Unavailable(
                f"Recording cannot be started: {error}. The folder logs in the data directory says more."
            ) from error
        await self.cameras.start()
        self.system.is_capturing = True


@contextlib.asynccontextmanager
async def building(settings: ServerSettings) -> AsyncIterator[Server]:
    """A server over its data directory, not yet listening; leaving closes everything in reverse order.

    Raises:
        StorageError: the data directory cannot be used.
    """
    data, clock, bus, news = settings.data_dir, SystemClock(), Bus(), News()
    async with contextlib.AsyncExitStack() as life:
        catalog = await asyncio.to_thread(Catalog.open, data, url=settings.database_url)
        life.push_async_callback(asyncio.to_thread, catalog.close)
        disk = FootageDisk(data / "footage")
        await disk.identify(catalog)
        secrets_dir = data / "secrets"
        vault = Vault.open(secrets_dir)
        key = token_key(secrets_dir)

        # The footage service adopts what the catalogue does not know, before this process starts; were it told the
        # same list, both would cut the same files, and after a crash it would read again all since the start.
        media = MediaProcess(data / "footage", news, log_dir=data / "logs")
        analysis = AnalysisProcess(
            news, media.read, models_dir=data / "models", log_dir=data / "logs"
        )
        renderer = RendererProcess(log_dir=data / "logs")

        events = EventService(EventRows(catalog), PictureFiles(data / "media"), bus, clock)
        await life.enter_async_context(events)
        footage = FootageService(FootageRows(catalog), disk, bus, clock, media)
        await life.enter_async_context(footage)
        excerpts = ExcerptService(events, footage, renderer, RenderedClips(data / "media"), clock)
        passwords = Passwords()
        life.callback(passwords.close)
        auth = AuthService(
            CatalogUsers(catalog),
            clock,
            key=key,
            passwords=passwords,
            access_lifetime=timedelta(seconds=settings.access_token_seconds),
            media_lifetime=timedelta(seconds=settings.media_token_seconds),
        )
        ptz = PtzService()
        camera_rows = CatalogCameras(catalog, vault)
        cameras = CameraService(
            camera_rows,
            media=media,
            analysis=analysis,
            ptz=ptz,
            bus=bus,
            clock=clock,
            files=FileRule(allow_files=settings.is_loopback),
            forget_events=events.forget_camera,
        )
        await cameras.load()
        system = SystemService(
            bus,
            clock,
            probe_catalogue=camera_rows.slugs,
            camera_states=lambda: [cameras.status(each).state for each in cameras.list()],
        )
        news.cameras, news.events = cameras, events
        news.footage, news.system = footage, system
        password = settings.admin_password
        setup_secret = await auth.ensure_administrator(
            settings.admin_username, password.get_secret_value() if password else None
        )
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
        yield Server(app, cameras, system, media, analysis, renderer, bus, setup_secret)
