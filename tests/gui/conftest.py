"""Tests of widgets and views: async ones run on the Qt loop, together with qtbot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from console.loop import qt_event_loop
from tests.support import strays

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication


@pytest.fixture
def anyio_backend(qapp: QApplication) -> tuple[str, dict[str, Any]]:
    """The Qt loop, on the application that pytest-qt made."""
    return "asyncio", {"loop_factory": qt_event_loop}


@pytest.fixture(autouse=True)
def _nothing_left_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """Timers and windows must have stopped and closed when the test's fixtures have."""
    timers, windows = strays.running_timers(), strays.open_windows()
    yield
    left = [timer for timer in strays.running_timers() if timer not in timers]
    assert not left, f"timers still run: {left}"
    left = [window for window in strays.open_windows() if window not in windows]
    assert not left, f"windows still open: {left}"
