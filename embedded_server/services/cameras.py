"""Cameras: kept, changed, and pushed to the processes that capture and analyse them."""

from __future__ import annotations

import asyncio
import logging
import uuid
from typing import TYPE_CHECKING, Protocol

from embedded_server.contract.system import SocketMessage
from embedded_server.services.bus import CHANNEL_EVENTS
from embedded_server.services.camera_plans import analysis_plan, capture_plans
from embedded_server.services.camera_record import (
    CameraConfig,
    CameraRecord,
    changed,
    clean_name,
    free_slug,
)
from embedded_server.services.camera_shape import (
    STATUS_WORDS,
    camera_shape,
    last_seen,
    main_status,
)
from embedded_server.services.errors import Conflict, NotFound
from embedded_server.services.model import StreamState, StreamStatus

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from datetime import datetime

    from embedded_server.contract.cameras import Camera, CameraCreate, CameraWrite
    from embedded_server.services.bus import Bus
    from embedded_server.services.camera_source import FileRule
    from embedded_server.services.model import AnalysisPlan, CapturePlan
    from embedded_server.services.ports import AnalysisPlane, Clock, MediaPlane
    from embedded_server.services.ptz import PtzService

_log = logging.getLogger("gatehouse.cameras")


class Cameras(Protocol):
    """Where cameras are kept."""

    async def all(self) -> Sequence[CameraRecord]:
        """Those that are not deleted, oldest first."""

    async def slugs(self) -> frozenset[str]:
        """Every slug that was ever given."""

    async def add(self, record: CameraRecord) -> CameraRecord:
        """Store; the number is chosen here."""

    async def save(self, record: CameraRecord) -> None:
        """Replace."""

    async def delete(self, slug: str, at: datetime) -> None:
        """Delete, with its secrets; the slug stays taken."""

    async def seen(self, moments: Mapping[str, datetime]) -> None:
        """Remember when the last packet of cameras came, by slug."""


class CameraService:
    """All cameras, in memory and in the catalogue; the one place where they change."""

    def __init__(
        self,
        store: Cameras,
        *,
        media: MediaPlane,
        analysis: AnalysisPlane,
        ptz: PtzService,
        bus: Bus,
        clock: Clock,
        files: FileRule,
        forget_events: Callable[[str], Awaitable[object]],
    ) -> None:
        self._store = store
        self._media = media
        self._analysis = analysis
        self._ptz = ptz
        self._bus = bus
        self._clock = clock
        self._files = files
        self._forget_events = forget_events
        self._records: dict[str, CameraRecord] = {}
        self._plans: dict[str, tuple[CapturePlan, ...]] = {}
        self._told: dict[str, StreamStatus] = {}
        self._changing = asyncio.Lock()
        self._is_pushing = False

    async def load(self) -> None:
        """Read all cameras from the catalogue."""
        for record in await self._store.all():
            self._keep(record)

    async def start(self) -> None:
        """Have everything captured and analysed; call when both processes are there."""
        async with self._changing:
            self._is_pushing = True
            await self._push()

    async def stop(self) -> None:
        """Remember when each camera was last seen; captures are ended by their process."""
        self._is_pushing = False
        await self._store.seen(
            {
                record.slug: moment
                for record in self._records.values()
                if (moment := last_seen(record, self.status(record))) is not None
            }
        )

    def list(self) -> Sequence[CameraRecord]:
        """All cameras, oldest first."""
        return tuple(self._records.values())

    def resolve(self, text: str) -> CameraRecord:
        """The camera with that slug, number or UUID.

        Raises:
            NotFound: there is none.
        """
        record = self._records.get(text)
        if record is None:
            wanted = text.lower()
            record = next(
                (
                    each
                    for each in self._records.values()
                    if wanted in (each.slug, str(each.number), each.uuid)
                ),
                None,
            )
        if record is None:
            raise NotFound(f"There is no camera {text!r}.", code="camera_not_found")
        return record

    def shape(self, record: CameraRecord) -> Camera:
        """The camera as it stands now, for the wire."""
        return camera_shape(
            record,
            self._plans[record.slug],
            self._media.statuses(),
            recording_now=record.slug in self._media.open_segments(),
            ptz=self._ptz.can_steer(record),
        )

    def status(self, record: CameraRecord) -> StreamStatus:
        """State of the stream that stands for the camera."""
        return main_status(record, self._plans[record.slug], self._media.statuses())

    def live_stream(self, record: CameraRecord, profile: str) -> str:
        """Id of the stream to watch: the one asked for, else the other.

        Raises:
            Conflict: the camera has no stream, or is switched off.
        """
        plans = self._plans[record.slug]
        if not plans:
            cause = self.status(record).cause
            raise Conflict(f"{record.name} has no live picture. {cause}", code="camera_off")
        return min(plans, key=lambda plan: _preference(plan, profile)).stream_id

    def profile_of(self, stream_id: str) -> str:
        """``main`` or ``sub``.

        Raises:
            KeyError: there is no such stream.
        """
        for plans in self._plans.values():
            for plan in plans:
                if plan.stream_id == stream_id:
                    return plan.profile
        raise KeyError(stream_id)

    async def create(self, write: CameraCreate) -> CameraRecord:
        """Add a camera.

        Raises:
            Conflict: the name or the folder is taken.
            Invalid: it has no source, or one that cannot be used.
        """
        async with self._changing:
            name = clean_name(write.name)
            self._check_name(name)
            draft = CameraRecord(
                number=0,
                uuid=str(uuid.uuid4()),
                slug=free_slug(name, await self._store.slugs()),
                name=name,
                enabled=True,
                created_at=self._clock.now(),
                config=CameraConfig(),
            )
            draft = changed(draft, write)
            self._check_folder(draft)
            self._check_files(draft, before=None)
            record = await self._store.add(draft)
            self._keep(record)
            await self._push()
        self._publish("camera_created", record)
        return record

    async def change(self, slug: str, write: CameraWrite) -> CameraRecord:
        """Change what was sent; the rest stays.

        Raises:
            NotFound: there is no such camera.
            Conflict: the name or the folder is taken.
            Invalid: the change makes no sense.
        """
        async with self._changing:
            before = self.resolve(slug)
            record = changed(before, write)
            self._check_name(record.name, but=before.slug)
            self._check_folder(record)
            self._check_files(record, before=before)
            await self._store.save(record)
            self._keep(record)
            await self._push()
        self._publish("camera_updated", record)
        return record

    async def delete(self, slug: str) -> None:
        """Delete a camera and its events; its footage stays until retention takes it.

        Raises:
            NotFound: there is no such camera.
        """
        async with self._changing:
            record = self.resolve(slug)
            await self._store.delete(record.slug, self._clock.now())
            self._records.pop(record.slug)
            self._plans.pop(record.slug)
            self._told.pop(record.slug, None)
            await self._push()
        await self._forget_events(record.slug)
        self._bus.publish(
            CHANNEL_EVENTS,
            SocketMessage(
                type="camera_deleted",
                data={"camera_id": record.slug, "camera_name": record.name},
                timestamp=self._clock.now(),
            ),
        )

    def stream_changed(self, status: StreamStatus) -> None:
        """The media process says that a capture has changed; whoever listens is told."""
        record = self._records.get(status.stream_id.partition("/")[0])
        if record is None:
            return
        if status.stream_id == self.status(record).stream_id:
            self._tell_status(record, status)
        else:
            self._publish("camera_updated", record)

    def _tell_status(self, record: CameraRecord, status: StreamStatus) -> None:
        before = self._told.get(record.slug)
        self._told[record.slug] = status
        if before is not None and _said(before) == _said(status):
            return
        previous = before.state if before else StreamState.CONNECTING
        if status.state is not previous:
            _log.info(
                "%s is %s%s", record.slug, status.state, f": {status.cause}" if status.cause else ""
            )
        self._bus.publish(
            CHANNEL_EVENTS,
            SocketMessage(
                type="camera_status",
                data={
                    "camera_id": record.slug,
                    "camera_name": record.name,
                    "status": STATUS_WORDS[status.state],
                    "previous_status": STATUS_WORDS[previous],
                    "state": status.state.value,
                    "cause": status.cause,
                    "changed_at": (status.since or self._clock.now()).isoformat(),
                    "next_try_at": status.next_try_at and status.next_try_at.isoformat(),
                },
                timestamp=self._clock.now(),
            ),
        )
        if before is None or before.codec != status.codec:
            self._publish("camera_updated", record)

    def _keep(self, record: CameraRecord) -> None:
        self._records[record.slug] = record
        self._plans[record.slug] = capture_plans(record, self._files)

    def _check_name(self, name: str, *, but: str | None = None) -> None:
        for other in self._records.values():
            if other.slug != but and other.name.casefold() == name.casefold():
                raise Conflict(
                    f"There is a camera called {other.name} already. Choose another name.",
                    code="camera_already_exists",
                )

    def _check_folder(self, record: CameraRecord) -> None:
        """Two cameras in one folder could not tell their pictures apart."""
        folder = record.config.folder_path
        for other in self._records.values():
            if folder and other.slug != record.slug and other.config.folder_path == folder:
                raise Conflict(
                    f"The folder {folder} belongs to {other.name} already. Choose another folder.",
                    code="camera_already_exists",
                )

    def _check_files(self, record: CameraRecord, *, before: CameraRecord | None) -> None:
        """Only what is new: a camera whose clip is gone can still be renamed."""
        known = set(before.addresses().values()) if before else set()
        for address in record.addresses().values():
            if address not in known:
                self._files.check(address)

    async def _push(self) -> None:
        if not self._is_pushing:
            return
        captures = [plan for plans in self._plans.values() for plan in plans]
        await self._media.apply(captures)
        await self._analysis.apply(self._analysis_plans())

    def _analysis_plans(self) -> Sequence[AnalysisPlan]:
        plans = (analysis_plan(self._records[slug], each) for slug, each in self._plans.items())
        return [plan for plan in plans if plan is not None]

    def _publish(self, kind: str, record: CameraRecord) -> None:
        data = self.shape(record).model_dump(mode="json")
        self._bus.publish(
            CHANNEL_EVENTS, SocketMessage(type=kind, data=data, timestamp=self._clock.now())
        )


def _preference(plan: CapturePlan, profile: str) -> tuple[bool, bool]:
    """The profile asked for; and within ``main`` a stream meant for watching alone."""
    return plan.profile != profile, not plan.stream_id.endswith("/live")


def _said(status: StreamStatus) -> tuple[object, ...]:
    return status.state, status.cause, status.next_try_at, status.codec
