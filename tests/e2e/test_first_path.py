"""The first whole path: cameras that nobody here wrote and drawn ones, the real server, the real console window.

Read as a story: tiles show moving pictures with the right number in them, somebody walks through the lobby and an event
arrives with a picture of a person, and playback shows the very picture that the timeline names.
"""

from __future__ import annotations

import asyncio
import shutil
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from console.domain.footage import TimeRange
from embedded_server.samples.encoder import FPS
from embedded_server.samples.marks import PERIOD
from tests.support.console_run import (
    camera_named,
    number_on,
    on_a_tile,
    settled_number,
    signed_in,
    until,
)
from tests.support.peers import SHARED, rtsp_cameras
from tests.support.real_server import real_server, sample_cameras

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from console.dialects.base import FootageAccess
    from console.domain.camera import CameraKey
    from console.views.main_window import MainWindow
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


async def test_tile_shows_the_picture_of_now(site: RealServer, tmp_path: Path) -> None:
    async with signed_in(site, tmp_path, cameras=3) as (parts, window):
        key = camera_named(parts, "Main gate")
        tile = await on_a_tile(window, key)
        first = await until("a number on the tile", lambda: number_on(window, tile))
        await until(
            "a later picture", lambda: (number := number_on(window, tile)) and number > first
        )
        number = await until("a number on the tile", lambda: number_on(window, tile))
        late_s = (round(time.time() * FPS) % PERIOD - number) / FPS
        assert -0.2 <= late_s < 2.0, f"the tile says live and is {late_s:.2f} s late"


async def test_person_in_the_lobby_becomes_an_event_with_a_picture(
    site: RealServer, tmp_path: Path
) -> None:
    async with signed_in(site, tmp_path, cameras=3) as (parts, _window):
        key = camera_named(parts, "Lobby")

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
    async with signed_in(site, tmp_path, cameras=3) as (parts, window):
        key = camera_named(parts, "Yard")
        tile = await on_a_tile(window, key)
        footage = parts.sessions.dialect_for(key).footage
        assert footage is not None
        await _until_recorded(footage, key, seconds=14)
        for back_s in (6.0, 4.0, 9.0):
            moment = datetime.now(UTC) - timedelta(seconds=back_s)
            window.wall.go_to(moment, playing=False)
            expected = moment.timestamp() * FPS % PERIOD
            number = await settled_number(window, tile, near=expected)
            assert abs(number - expected) <= FPS / 4, "the picture is not of that moment"
            assert window.wall.playhead() == pytest.approx(moment, abs=timedelta(milliseconds=200))
        await _step_is_one_picture(window, tile)
        window.wall.go_live()
        await until(
            "live again", lambda: (number_on(window, tile) or 0) > number + 3 * FPS, within_s=20
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
    before = await settled_number(window, tile, near=number_on(window, tile) or 0)
    window.wall.step(1)
    await until("the next picture", lambda: number_on(window, tile) == before + 1)
    window.wall.step(-1)
    await until("the picture before", lambda: number_on(window, tile) == before)


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
