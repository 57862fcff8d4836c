"""``gatehouse --self-test``: the whole path once, without a screen."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from console.app import Start
from console.app import run as run_console
from console.demo import Demo
from console.domain.errors import TimedOut
from console.paths import paths_below

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from console.parts import ConsoleParts
    from console.views.main_window import MainWindow

WITHIN_S = 60.0


def run(folder: Path) -> int:
    """Run it in that folder; 0 if all is well, otherwise what failed is on stderr."""
    code = run_console(
        Start(
            paths_below(folder),
            headless=True,
            prepare=Demo(sample_count=1).prepare,
            check=_check,
        )
    )
    if code == 0:
        sys.stdout.write("Gatehouse self-test: all is well.\n")
    return code


async def _check(parts: ConsoleParts, window: MainWindow) -> None:
    key = parts.cameras.rows[0].key
    window.wall.set_camera(0, key)
    await _until(lambda: window.wall.snapshot(0) is not None, "No picture was decoded.")
    await _until(lambda: parts.detections.get(key) is not None, "The detector found no picture.")


async def _until(is_true: Callable[[], bool], otherwise: str) -> None:
    try:
        async with asyncio.timeout(WITHIN_S):
            while not is_true():  # noqa: ASYNC110  a picture has no signal of its own
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise TimedOut(otherwise, remedy="The logs say more.") from None
