"""The first whole path: cameras that nobody here wrote and drawn ones, the real server, the real console window.

Read as a story: tiles show moving pictures with the right number in them, somebody walks through the lobby and an event
arrives with a picture of a person, and playback shows the very picture that the timeline names.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from console.actions import connect
from console.app import Start, build
from console.domain.footage import TimeRange
from console.paths import paths_below
from console.playback.threads import Spawner
from console.views.main_window import MainWindow
from embedded_server.samples.encoder import FPS
from embedded_server.samples.marks import PERIOD, read_mark
from tests.support.peers import SHARED, rtsp_cameras
from tests.support.real_server import PASSWORD, USERNAME, real_server, sample_cameras

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from console.dialects.base import FootageAccess
    from console.domain.camera import CameraKey
    from console.parts import ConsoleParts
    from tests.support.real_server import RealServer

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300), pytest.mark.keeps_threads]
MODEL = SHARED / "models" / "yolox_nano.onnx"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealServer]:
    """A server with two drawn cameras and a real lobby."""
    data_dir = tmp_path_factory.mktemp("site")
    if not MODEL.is_file():
        pytest.skip("no ../shared/models beside this checkout")
    (data_dir / "models").mkdir()
    shutil.copy(MODEL, data_dir / "models")
    with (
        rtsp_cameras(1, auth="admin:secret") as peers,
        sample_cameras("--count", "2", "--steady") as drawn,
        real_server(data_dir) as server,
    ):
        for name, camera in drawn.items():
            server.add_camera(
                name,
                paths={"live": camera["url"], "record": camera["url"], "detect": camera["sub_url"]},
            )
        server.add_camera(
            "Lobby",
            host="127.0.0.1",
            port=peers.port,
            username="admin",
            password="secret",
            paths={"live": "/cam1", "record": "/cam1", "detect": "/cam1_sub"},
            detection={"detector": "yolox_nano"},
        )
        yield server


@contextlib.asynccontextmanager
async def signed_in(
    site: RealServer, folder: Path
) -> AsyncIterator[tuple[ConsoleParts, MainWindow]]:
    """The real window, signed in to the site.

    No fixture: pytest-qt handles Qt's events between the phases of a test, outside the running loop.
    """
    spawner = Spawner()
    parts = build(Start(paths=paths_below(folder)), spawner)
    window = MainWindow(parts)
    window.resize(1280, 720)
    window.show()
    try:
        await connect.connect_to(parts, site.address, USERNAME, PASSWORD)
        await _until("three cameras", lambda: len(parts.cameras.rows) == 3)
        yield parts, window
    finally:
        window.close()
        window.deleteLater()
        await parts.tasks.aclose()
        await parts.sessions.aclose()
        spawner.close()


async def test_tile_shows_the_picture_of_now(site: RealServer, tmp_path: Path) -> None:
    async with signed_in(site, tmp_path) as (parts, window):
        key = _camera(parts, "Main gate")
        tile = await _on_a_tile(window, key)
        first = await _until("a number on the tile", lambda: _number_on(window, tile))
        await _until(
            "a later picture", lambda: (number := _number_on(window, tile)) and number > first
        )
        number = await _until("a number on the tile", lambda: _number_on(window, tile))
        late_s = (round(time.time() * FPS) % PERIOD - number) / FPS
        assert -0.2 <= late_s < 2.0, f"the tile says live and is {late_s:.2f} s late"


async def test_person_in_the_lobby_becomes_an_event_with_a_picture(
    site: RealServer, tmp_path: Path
) -> None:
    async with signed_in(site, tmp_path) as (parts, _window):
        key = _camera(parts, "Lobby")

        seen: set[str] = set()

        async def shows_a_person() -> bool:
            for event in [
                each for each in parts.events.rows if each.camera == key and each.label == "person"
            ]:
                events = parts.sessions.dialect_for(key).events
                assert events is not None
                assert event.snapshot_path is not None
                seen.add(event.key.event)
                if _persons_in(await events.picture(event.snapshot_path)):
                    return True
            return False

        end = time.monotonic() + 100
        while not await shows_a_person():
            assert time.monotonic() < end, (
                f"of {len(seen)} events with a person none has a picture of one"
            )
            await asyncio.sleep(1)


async def test_playback_shows_the_picture_that_the_timeline_names(
    site: RealServer, tmp_path: Path
) -> None:
    async with signed_in(site, tmp_path) as (parts, window):
        key = _camera(parts, "Yard")
        tile = await _on_a_tile(window, key)
        footage = parts.sessions.dialect_for(key).footage
        assert footage is not None
        await _until_recorded(footage, key, seconds=14)
        for back_s in (6.0, 4.0, 9.0):
            moment = datetime.now(UTC) - timedelta(seconds=back_s)
            window.wall.go_to(moment, playing=False)
            expected = moment.timestamp() * FPS % PERIOD
            number = await _settled_number(window, tile, near=expected)
            assert abs(number - expected) <= FPS / 4, "the picture is not of that moment"
            assert window.wall.playhead() == pytest.approx(moment, abs=timedelta(milliseconds=200))
        await _step_is_one_picture(window, tile)
        window.wall.go_live()
        await _until(
            "live again", lambda: (_number_on(window, tile) or 0) > number + 3 * FPS, within_s=20
        )


async def _until_recorded(footage: FootageAccess, key: CameraKey, *, seconds: float) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        now = datetime.now(UTC)
        (found,) = await footage.runs([key], TimeRange(now - timedelta(seconds=seconds), now))
        if sum((run.duration for run in found.runs), timedelta()) > timedelta(seconds=seconds - 3):
            return
        await asyncio.sleep(0.5)
    raise AssertionError("nothing is recorded")


async def _step_is_one_picture(window: MainWindow, tile: int) -> None:
    window.wall.select(tile)
    before = await _settled_number(window, tile, near=_number_on(window, tile) or 0)
    window.wall.step(1)
    await _until("the next picture", lambda: _number_on(window, tile) == before + 1)
    window.wall.step(-1)
    await _until("the picture before", lambda: _number_on(window, tile) == before)


async def _settled_number(window: MainWindow, tile: int, *, near: float) -> int:
    """The number in a tile once it has not changed for a second: while scrubbing, the key frame comes first."""
    last, since = None, time.monotonic()
    end = since + 30
    while time.monotonic() < end:
        number = _number_on(window, tile)
        if number != last:
            last, since = number, time.monotonic()
        elif number is not None and abs(number - near) < FPS and time.monotonic() - since > 1:
            return number
        await asyncio.sleep(0.1)
    raise AssertionError(f"no picture near {near:.0f} settles in the tile (last: {last})")


def _camera(parts: ConsoleParts, name: str) -> CameraKey:
    return next(camera.key for camera in parts.cameras.rows if camera.name == name)


async def _on_a_tile(window: MainWindow, key: CameraKey) -> int:
    if key not in window.wall.cameras():
        window.wall.set_layout("4")
        window.wall.set_camera(0, key)
    return window.wall.cameras().index(key)


def _number_on(window: MainWindow, tile: int) -> int | None:
    """The number burnt into the picture that the window shows in a tile, read from the window's own pixels."""
    wall = window.wall.video_wall
    picture = wall.picture(tile)
    if picture is None:
        return None
    area = wall.tile_rect(tile)
    width, height = (
        picture.width() / wall.devicePixelRatioF(),
        picture.height() / wall.devicePixelRatioF(),
    )
    shown = QRectF(0, 0, width, height)
    shown.moveCenter(area.center())
    image = wall.grab(shown.toRect()).toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return read_mark(rows[:, : image.width()].copy())


def _persons_in(jpeg: bytes) -> int:
    """Looked at by a model, independently of the server."""
    import cv2
    import onnxruntime

    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None, "the snapshot is no JPEG"
    scale = min(416 / picture.shape[0], 416 / picture.shape[1])
    canvas = np.full((416, 416, 3), 114, np.uint8)
    small = cv2.resize(picture, None, fx=scale, fy=scale)
    canvas[: small.shape[0], : small.shape[1]] = small
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(MODEL), options)
    rows: NDArray[np.float32] = session.run(
        None, {"images": canvas.astype(np.float32).transpose(2, 0, 1)[None]}
    )[0][0]
    return int((rows[:, 4] * rows[:, 5] > 0.5).sum())


async def _until(what: str, look: Callable[[], object], within_s: float = 40.0) -> object:
    end = time.monotonic() + within_s
    while not (answer := look()):
        assert time.monotonic() < end, f"{what}: not within {within_s:.0f} s"
        await asyncio.sleep(0.1)
    return answer
