"""An hour at the console in a minute: an event is chosen, seen and acknowledged; the server dies and comes back."""

from __future__ import annotations

import signal
import sys
import time
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from console.domain.system import Phase
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
from tests.support.real_server import real_server, sample_cameras
from widgets.video_wall.state import TileMode

if TYPE_CHECKING:
    from pathlib import Path

    from console.domain.event import Event
    from console.views.main_window import MainWindow
    from tests.support.real_server import RealServer

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(180), pytest.mark.keeps_threads]
NAME = "Main gate"


async def test_an_event_is_reviewed_and_a_server_that_dies_is_waited_for(tmp_path: Path) -> None:
    data_dir = tmp_path / "server"
    with sample_cameras("--count", "1", "--steady") as drawn:
        url, sub_url = drawn[NAME]["url"], drawn[NAME]["sub_url"]
        with real_server(data_dir) as server:
            server.add_camera(NAME, paths={"live": url, "record": url, "detect": sub_url})
            async with signed_in(server, tmp_path / "console", cameras=1) as (parts, window):
                tile = await on_a_tile(window, camera_named(parts, NAME))
                await until("a picture", lambda: number_on(window, tile))
                await _the_chosen_event_is_played(window, tile)
                await _acknowledging_reaches_the_server(window, server)
                window.go_live()
                await until("live", lambda: _mode(window, tile) is TileMode.LIVE)
                server.stop(sig=signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL)
                killed_s = time.monotonic()
                await until("offline", lambda: _mode(window, tile) is TileMode.OFFLINE)
                assert time.monotonic() - killed_s < 3.0, "the tile went on claiming to be live"
                await until("lost", lambda: parts.systems.rows[0].phase is Phase.LOST)
                with real_server(data_dir, port=urlsplit(server.address).port or 0):
                    await until("online", lambda: parts.systems.rows[0].phase is Phase.ONLINE)
                    await until("live again", lambda: _mode(window, tile) is TileMode.LIVE)
                    number = await until("a number", lambda: number_on(window, tile))
                    late_s = (round(time.time() * FPS) % PERIOD - number) / FPS
                    assert -0.2 <= late_s < 3.0, f"the tile says live and is {late_s:.2f} s late"
                    said = [notice.text.partition(".")[0] for notice in parts.notices.rows]
                    assert said.count("No connection") == 1
                    assert said.count("Connected again") == 1


async def _the_chosen_event_is_played(window: MainWindow, tile: int) -> None:
    first = await until("an event", lambda: window.rail.model.rowCount() > 0)
    assert first
    window.actions_by_name["event.previous"].trigger()
    event = _chosen(window)
    await until("playback", lambda: not window.wall.is_live())
    await until("a picture", lambda: _mode(window, tile) is TileMode.PLAYBACK)
    window.actions_by_name["play"].trigger()
    playhead = window.wall.playhead()
    assert playhead is not None
    assert abs(playhead - event.started_at) < timedelta(seconds=6), "this is another moment"
    expected = playhead.timestamp() * FPS % PERIOD
    number = await settled_number(window, tile, near=expected)
    assert abs(number - expected) <= FPS / 2, "the picture is not of the moment that is shown"


async def _acknowledging_reaches_the_server(window: MainWindow, server: RealServer) -> None:
    event = _chosen(window)
    window.actions_by_name["event.acknowledge"].trigger()

    def is_known() -> bool:
        answer = server.api.get(f"/api/events/{event.key.event}")
        return bool(answer.json()["acknowledged"])

    await until("the server knows", is_known, within_s=10)
    await until("the card says so", lambda: _chosen(window).is_acknowledged)


def _chosen(window: MainWindow) -> Event:
    event = window.rail.current()
    assert event is not None
    return event


def _mode(window: MainWindow, tile: int) -> TileMode:
    return window.wall.video_wall.state(tile).mode
