"""The services over a data directory on which no server works: for the commands."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from embedded_server.clock import SystemClock
from embedded_server.services.auth import AuthService, Passwords
from embedded_server.services.bus import Bus
from embedded_server.services.camera_source import FileRule
from embedded_server.services.cameras import CameraService
from embedded_server.services.ptz import PtzService
from embedded_server.storage.cameras import CatalogCameras
from embedded_server.storage.catalog import Catalog
from embedded_server.storage.events import EventRows
from embedded_server.storage.keys import Vault, token_key
from embedded_server.storage.users import CatalogUsers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

    from embedded_server.config import ServerSettings
    from embedded_server.services.model import AnalysisPlan, CapturePlan, Segment, StreamStatus
    from embedded_server.services.ports import LiveReader


class IdleMedia:
    """A media plane that captures nothing."""

    async def apply(self, plans: Sequence[CapturePlan]) -> None:
        """Nothing."""

    def statuses(self) -> Mapping[str, StreamStatus]:
        """None."""
        return {}

    def open_segments(self) -> Mapping[str, Segment]:
        """None."""
        return {}

    def read(self, stream_id: str) -> LiveReader:
        """Never.

        Raises:
            KeyError: always.
        """
        raise KeyError(stream_id)


class IdleAnalysis:
    """An analysis plane that looks at nothing."""

    async def apply(self, plans: Sequence[AnalysisPlan]) -> None:
        """Nothing."""


@contextlib.asynccontextmanager
async def users(settings: ServerSettings) -> AsyncIterator[AuthService]:
    """The accounts; a server may be running beside it.

    Raises:
        StorageError: the data directory cannot be used.
    """
    async with _catalog(settings, exclusive=False) as catalog:
        passwords = Passwords()
        try:
            key = token_key(settings.data_dir / "secrets")
            yield AuthService(CatalogUsers(catalog), SystemClock(), key=key, passwords=passwords)
        finally:
            passwords.close()


@contextlib.asynccontextmanager
async def cameras(settings: ServerSettings) -> AsyncIterator[CameraService]:
    """The cameras; a running server would not notice changes, so it must be stopped.

    Raises:
        StorageError: the data directory cannot be used.
    """
    async with _catalog(settings, exclusive=True) as catalog:
        clock = SystemClock()
        events = EventRows(catalog)
        service = CameraService(
            CatalogCameras(catalog, Vault.open(settings.data_dir / "secrets")),
            media=IdleMedia(),
            analysis=IdleAnalysis(),
            ptz=PtzService(),
            bus=Bus(),
            clock=clock,
            files=FileRule(allow_files=settings.is_loopback),
            forget_events=lambda slug: events.delete_of_camera(slug, at=clock.now()),
        )
        await service.load()
        yield service


@contextlib.asynccontextmanager
async def _catalog(settings: ServerSettings, *, exclusive: bool) -> AsyncIterator[Catalog]:
    catalog = await asyncio.to_thread(
        Catalog.open, settings.data_dir, url=settings.database_url, exclusive=exclusive
    )
    try:
        yield catalog
    finally:
        await asyncio.to_thread(catalog.close)
