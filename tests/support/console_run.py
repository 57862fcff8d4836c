"""The real console window on a real server, and what can be read from its own pixels; for stories from end to end."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage

from console.actions import connect
from console.app import Start, build
from console.paths import paths_below
from console.playback.threads import Spawner
from console.views.main_window import MainWindow
from embedded_server.samples.encoder import FPS
from embedded_server.samples.marks import read_mark
from tests.support.real_server import PASSWORD, USERNAME

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from console.domain.camera import CameraKey
    from console.parts import ConsoleParts
    from tests.support.real_server import RealServer


@contextlib.asynccontextmanager
async def signed_in(
    site: RealServer, folder: Path, *, cameras: int
) -> AsyncIterator[tuple[ConsoleParts, MainWindow]]:
    """The real window, signed in to a site of so many cameras.

    No fixture: pytest-qt handles Qt's events between the phases of a test, outside the running loop.
    """
    spawner = Spawner()
    parts = build(Start(paths=paths_below(folder)), spawner)
    window = MainWindow(parts)
    window.resize(1280, 720)
    window.show()
    try:
        await connect.connect_to(parts, site.address, USERNAME, PASSWORD)
        await until("all cameras", lambda: len(parts.cameras.rows) == cameras)
        yield parts, window
    finally:
        window.close()
        window.deleteLater()
        await parts.tasks.aclose()
        await parts.sessions.aclose()
        spawner.close()


T = TypeVar("T")


async def until(what: str, look: Callable[[], T | None], within_s: float = 40.0) -> T:
    """Look until the answer is true; it is returned."""
    end = time.monotonic() + within_s
    while not (answer := look()):
        assert time.monotonic() < end, f"{what}: not within {within_s:.0f} s"
        await asyncio.sleep(0.1)
    return answer


async def settled_number(window: MainWindow, tile: int, *, near: float) -> int:
    """The number in a tile once it has not changed for a second: while scrubbing, the key frame comes first."""
    last, since = None, time.monotonic()
    end = since + 30
    while time.monotonic() < end:
        number = number_on(window, tile)
        if number != last:
            last, since = number, time.monotonic()
        elif number is not None and abs(number - near) < FPS and time.monotonic() - since > 1:
            return number
        await asyncio.sleep(0.1)
    raise AssertionError(f"no picture near {near:.0f} settles in the tile (last: {last})")


def camera_named(parts: ConsoleParts, name: str) -> CameraKey:
    """The key of a camera."""
    return next(camera.key for camera in parts.cameras.rows if camera.name == name)


async def on_a_tile(window: MainWindow, key: CameraKey) -> int:
    """The tile of a camera, which is put on the wall if need be."""
    if key not in window.wall.cameras():
        window.wall.set_layout("4")
        window.wall.set_camera(0, key)
    return window.wall.cameras().index(key)


def number_on(window: MainWindow, tile: int) -> int | None:
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
