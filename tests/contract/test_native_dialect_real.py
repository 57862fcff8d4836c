"""The same dialect against the real server's application, without a port and without cameras."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from console.dialects.base import (
    CameraChanged,
    CameraRemoved,
    CamerasLoaded,
    DetectionsSeen,
    EventChanged,
    Moment,
)
from console.dialects.native.client import NativeDialect
from console.domain.camera import CameraKey, Health
from console.domain.errors import Conflict, InvalidInput, NotFound, SignInRefused
from console.domain.event import EventFilter, Severity
from console.domain.footage import TimeRange
from embedded_server.app import Server, building
from embedded_server.config import ServerSettings
from embedded_server.services import model
from tests.support import asgi_socket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from console.dialects.base import Change

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse"


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    settings = ServerSettings(data_dir=tmp_path, admin_username="admin", admin_password=PASSWORD)
    async with building(settings) as built:
        yield built


@pytest.fixture
async def signed_out(server: Server) -> AsyncIterator[NativeDialect]:
    dialect = NativeDialect(
        "sys",
        "http://127.0.0.1:8480",
        transport=httpx.ASGITransport(server.app),
        opener=asgi_socket.opener(server.app),
    )
    yield dialect
    await dialect.aclose()


@pytest.fixture
async def dialect(signed_out: NativeDialect) -> NativeDialect:
    await signed_out.sign_in("admin", PASSWORD)
    return signed_out


@pytest.fixture
async def said(dialect: NativeDialect) -> AsyncIterator[Callable[[type], asyncio.Future[Change]]]:
    """Call it with a type of change to await the next one."""
    changes = dialect.follow()
    kept: asyncio.Queue[Change] = asyncio.Queue()

    async def read() -> None:
        async for change in changes:
            kept.put_nowait(change)

    reading = asyncio.create_task(read())

    async def following(kind: type) -> Change:
        while True:
            change = await asyncio.wait_for(kept.get(), 5)
            if isinstance(change, kind):
                return change

    loaded = await following(CamerasLoaded)
    assert loaded == CamerasLoaded(())
    yield lambda kind: asyncio.ensure_future(following(kind))
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await changes.aclose()


async def test_a_wrong_password_is_refused(signed_out: NativeDialect) -> None:
    with pytest.raises(SignInRefused):
        await signed_out.sign_in("admin", "wrong")


async def test_cameras_come_change_and_go(dialect: NativeDialect, said: Callable) -> None:
    camera = await dialect.camera_admin.add(
        name="Front door",
        url="rtsp://192.0.2.1/main",
        username="u",
        password="p",
        sub_url="rtsp://192.0.2.1/sub",
    )
    assert camera.key == CameraKey("sys", "front_door")
    assert camera.profiles == ("main", "sub")
    change = await said(CameraChanged)
    assert change.camera.key == camera.key
    moved = await dialect.camera_admin.set_source(camera.key, url="rtsp://192.0.2.2/main")
    assert moved.profiles == ("main",)
    off = await dialect.camera_admin.set_enabled(camera.key, False)
    assert off.health is Health.OFF
    await dialect.camera_admin.remove(camera.key)
    assert await said(CameraRemoved) == CameraRemoved(camera.key)
    with pytest.raises(NotFound):
        await dialect.camera_admin.remove(camera.key)


async def test_a_camera_comes_with_its_masks(dialect: NativeDialect, server: Server) -> None:
    corner = ((0.0, 0.9), (0.2, 0.9), (0.2, 1.0))
    await dialect.camera_admin.add(
        name="Gate", url="rtsp://192.0.2.1/a", username="", password="", masks=[corner]
    )
    (camera,) = server.cameras.list()
    assert [mask.polygon for mask in camera.config.masks] == [list(corner)]


async def test_what_is_refused_has_a_sentence(dialect: NativeDialect) -> None:
    admin = dialect.camera_admin
    with pytest.raises(InvalidInput):
        await admin.add(name="X", url="gopher://nowhere", username="", password="")
    await admin.add(name="Gate", url="rtsp://192.0.2.1/a", username="", password="")
    with pytest.raises(Conflict):
        await admin.add(name="Gate", url="rtsp://192.0.2.1/b", username="", password="")


async def test_an_event_arrives_is_listed_and_acknowledged(
    dialect: NativeDialect, server: Server, said: Callable
) -> None:
    camera = await dialect.camera_admin.add(
        name="Gate", url="rtsp://192.0.2.1/a", username="", password=""
    )
    now = datetime.now(UTC)
    server.app.state.services.events.event_reported(
        model.EventReport(
            key="k1",
            camera_id="gate",
            phase=model.EventPhase.START,
            started_at=now,
            at=now,
            ended_at=None,
            label="person",
            labels=("person",),
            confidence=0.8,
            severity=model.Severity.ALERT,
            summary="Person at Gate",
            detection_count=1,
            snapshot_jpeg=b"\xff\xd8whole\xff\xd9",
            crop_jpeg=b"\xff\xd8part\xff\xd9",
        )
    )
    change = await said(EventChanged)
    assert (change.moment, change.event.camera) == (Moment.START, camera.key)
    assert change.event.severity is Severity.ALERT
    assert await dialect.events.picture(change.event.snapshot_path) == b"\xff\xd8whole\xff\xd9"
    assert (await dialect.events.picture(change.event.thumbnail_path)).startswith(b"\xff\xd8")
    wanted = EventFilter(
        cameras=frozenset({camera.key}),
        label="person",
        severity=Severity.ALERT,
        is_acknowledged=False,
        start=now - timedelta(minutes=1),
        end=now + timedelta(minutes=1),
    )
    page, following = await dialect.events.list(wanted)
    assert [event.key for event in page] == [change.event.key]
    assert following is None
    acknowledged = await dialect.events.acknowledge(change.event.key)
    assert acknowledged.is_acknowledged
    assert acknowledged.acknowledged_by == "admin"
    assert (await said(EventChanged)).event.is_acknowledged
    assert await dialect.events.list(wanted) == ([], None)


async def test_boxes_arrive(dialect: NativeDialect, server: Server, said: Callable) -> None:
    await dialect.camera_admin.add(name="Gate", url="rtsp://192.0.2.1/a", username="", password="")
    box = model.DetectionOut("person", 0.9, model.Box(0.1, 0.2, 0.3, 0.4), 7)
    batch = model.DetectionBatch("gate", datetime.now(UTC), (box,))
    server.app.state.services.events.detected(batch)
    change = await said(DetectionsSeen)
    assert change.detections.camera == CameraKey("sys", "gate")
    assert change.detections.boxes[0].track_id == 7


async def test_footage_of_a_camera_that_has_none_is_empty(dialect: NativeDialect) -> None:
    camera = await dialect.camera_admin.add(
        name="Gate", url="rtsp://192.0.2.1/a", username="", password=""
    )
    asked = TimeRange(datetime.now(UTC) - timedelta(hours=1), datetime.now(UTC))
    (footage,) = await dialect.footage.runs([camera.key], asked)
    assert footage.runs == ()
    assert list(await dialect.footage.segments(camera.key, asked)) == []
    with pytest.raises(NotFound):
        await dialect.footage.runs([CameraKey("sys", "nobody")], asked)


async def test_a_camera_that_cannot_move_says_so(dialect: NativeDialect) -> None:
    camera = await dialect.camera_admin.add(
        name="Gate", url="rtsp://192.0.2.1/a", username="", password=""
    )
    with pytest.raises(Conflict):
        await dialect.ptz.move(camera.key, pan=1, tilt=0, zoom=0)


async def test_live_carries_a_token_of_the_server(dialect: NativeDialect) -> None:
    source = await dialect.live(CameraKey("sys", "gate"), "main")
    assert source.headers["Authorization"].startswith("Bearer ey")
