"""One system: connect, load, follow, reconnect; fills the stores."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.dialects.base import (
    CameraChanged,
    CameraRemoved,
    CamerasLoaded,
    DetectionsSeen,
    EventChanged,
    FootageGrew,
    SystemNotice,
)
from console.domain.backoff import Backoff
from console.domain.camera import Health
from console.domain.errors import CannotConnect, ConsoleError, NotFound, SignInRefused
from console.domain.notice import Level
from console.domain.system import Phase, SystemRecord, SystemState

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from console.dialects.base import Change, Dialect
    from console.domain.camera import CameraKey
    from console.store.cameras import CameraStore
    from console.store.detections import DetectionStore
    from console.store.events import EventStore
    from console.store.footage import FootageStore
    from console.store.notices import NoticeStore
    from console.store.systems import SystemStore
    from console.tasks import Tasks

_log = logging.getLogger("gatehouse.session")


@dataclass(frozen=True, slots=True)
class Stores:
    """What a session fills."""

    systems: SystemStore
    cameras: CameraStore
    events: EventStore
    footage: FootageStore
    detections: DetectionStore
    notices: NoticeStore


class Session:
    """Our connection to one system: ``run`` never gives up, ``run_once`` may fail."""

    def __init__(
        self,
        record: SystemRecord,
        password: str,
        dialect: Dialect,
        stores: Stores,
        *,
        backoff: Backoff | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.record = record
        self.dialect = dialect
        self._password = password
        self._stores = stores
        self._backoff = backoff or Backoff()
        self._sleep = sleep
        self._is_lost = False
        self._signed_in = False

    async def sign_in(self) -> None:
        """Sign in, so that a wrong password is known before ``run``.

        Raises:
            ConsoleError: it did not succeed.
        """
        await self.dialect.sign_in(self.record.username, self._password)
        self._signed_in = True

    async def run(self) -> None:
        """Follow the system until this is cancelled or the system refuses our name and password."""
        self._show(Phase.CONNECTING)
        while True:
            try:
                await self.run_once()
            except SignInRefused as error:
                self._end(error)
                return
            except ConsoleError as error:
                self._note_lost(error)
            await self._sleep(self._backoff.next_s())

    async def run_once(self) -> None:
        """Sign in if need be, load, and follow.

        Raises:
            ConsoleError: the connection was lost, or never came to be.
        """
        if not self._signed_in:
            await self.sign_in()
        async with contextlib.aclosing(self.dialect.follow()) as changes:
            async for change in changes:
                self._apply(change)
        raise CannotConnect(f"{self.record.name} ended the connection.")

    async def aclose(self) -> None:
        """Close the connections."""
        await self.dialect.aclose()

    def _apply(self, change: Change) -> None:
        stores = self._stores
        match change:
            case CamerasLoaded(cameras):
                stores.cameras.load(self.record.id, cameras)
                self._note_online()
            case CameraChanged(camera):
                stores.cameras.put(camera)
            case CameraRemoved(key):
                stores.cameras.remove(key)
            case EventChanged(event):
                stores.events.put(event)
            case DetectionsSeen(detections):
                stores.detections.put(detections)
            case FootageGrew(segment, camera):
                stores.footage.grow(camera, segment)
            case SystemNotice(kind, message):
                level = Level.INFO if kind in ("ok", "healthy") else Level.WARNING
                stores.notices.say(message, level=level, source=self.record.name)

    def _note_online(self) -> None:
        self._backoff.succeeded()
        self._show(Phase.ONLINE)
        if self._is_lost:
            self._is_lost = False
            self._stores.notices.say("Connected again.", source=self.record.name)

    def _note_lost(self, error: ConsoleError) -> None:
        # whoever restarts the server may have changed its keys, so the next try signs in anew
        self._signed_in = False
        self._show(Phase.LOST, error)
        self._doubt_cameras()
        _log.info("%s: %s", self.record.id, error)
        if not self._is_lost:
            self._is_lost = True
            self._stores.notices.say(
                f"No connection. {error}",
                level=Level.WARNING,
                remedy="Gatehouse keeps trying by itself.",
                source=self.record.name,
            )

    def _end(self, error: SignInRefused) -> None:
        self._show(Phase.SIGNED_OUT, error)
        self._doubt_cameras()
        self._stores.notices.say(
            str(error), level=Level.ERROR, remedy=error.remedy, source=self.record.name
        )

    def _show(self, phase: Phase, error: ConsoleError | None = None) -> None:
        known = self._stores.systems.get(self.record.id)
        is_new = known is None or known.phase is not phase
        self._stores.systems.put(
            SystemState(
                id=self.record.id,
                name=self.record.name,
                address=self.record.address,
                phase=phase,
                cause=None if error is None else str(error),
                remedy=None if error is None else error.remedy,
                since=datetime.now(UTC) if known is None or is_new else known.since,
            )
        )
        self._stores.systems.flush()

    def _doubt_cameras(self) -> None:
        """Nobody tells us any more how the cameras are."""
        for camera in self._stores.cameras.of_system(self.record.id):
            self._stores.cameras.put(
                replace(
                    camera,
                    health=Health.UNKNOWN,
                    cause=f"No connection to {self.record.name}",
                    since=datetime.now(UTC),
                    next_try_at=None,
                )
            )


class Sessions:
    """The running sessions by system."""

    def __init__(
        self,
        stores: Stores,
        tasks: Tasks,
        dialect_of: Callable[[SystemRecord], Dialect],
    ) -> None:
        self._stores = stores
        self._tasks = tasks
        self._dialect_of = dialect_of
        self._sessions: dict[str, Session] = {}
        self._runs: dict[str, asyncio.Task[None]] = {}

    def dialect(self, system: str) -> Dialect:
        """The connection to a system.

        Raises:
            NotFound: we are signed out of it.
        """
        session = self._sessions.get(system)
        if session is None:
            raise NotFound("You are not signed in to this system.", remedy="Sign in first.")
        return session.dialect

    def dialect_for(self, camera: CameraKey) -> Dialect:
        """The connection to the system that a camera belongs to.

        Raises:
            NotFound: we are signed out of it.
        """
        return self.dialect(camera.system)

    async def connect(self, record: SystemRecord, password: str) -> None:
        """Sign in now, then follow for as long as the console runs.

        Raises:
            ConsoleError: signing in did not succeed; then nothing is left running.
        """
        session = Session(record, password, self._dialect_of(record), self._stores)
        try:
            await session.sign_in()
        except BaseException:
            await session.aclose()
            raise
        await self._take_over(session)

    async def resume(self, record: SystemRecord, password: str) -> None:
        """Follow a system as soon as it can be reached; for one that was signed in to before."""
        await self._take_over(Session(record, password, self._dialect_of(record), self._stores))

    async def sign_out(self, system: str) -> None:
        """End the session; the system and everything that came from it leave the stores."""
        await self._end(system)
        stores = self._stores
        stores.cameras.load(system, ())
        stores.events.drop(lambda key: key.system == system)
        for store in (stores.detections, stores.footage):
            store.drop(lambda key: key.system == system)
        self._stores.systems.remove(system)

    async def aclose(self) -> None:
        """End all sessions."""
        for system in tuple(self._sessions):
            await self._end(system)

    async def _take_over(self, session: Session) -> None:
        system = session.record.id
        await self._end(system)
        self._sessions[system] = session
        self._runs[system] = self._tasks.start(session.run(), name=session.record.name)

    async def _end(self, system: str) -> None:
        run = self._runs.pop(system, None)
        if run is not None:
            run.cancel()
            await asyncio.gather(run, return_exceptions=True)
        session = self._sessions.pop(system, None)
        if session is not None:
            await session.aclose()
