"""Tests of widgets and views: async ones run on the Qt loop, together with qtbot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support import strays

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nothing_left_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """Timers and windows must have stopped and closed when the test's fixtures have."""
    timers, windows = strays.running_timers(), strays.open_windows()
    yield
    left = [timer for timer in strays.running_timers() if timer not in timers]
    assert not left, f"timers still run: {left}"
    left = [window for window in strays.open_windows() if window not in windows]
    assert not left, f"windows still open: {left}"
