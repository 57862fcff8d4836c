"""Stories with real processes; async ones run on the Qt loop, together with qtbot."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from console.loop import qt_event_loop

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


@pytest.fixture
def anyio_backend(qapp: QApplication) -> tuple[str, dict[str, Any]]:
    """The Qt loop, on the application that pytest-qt made; closing the window must not stop it."""
    qapp.setQuitOnLastWindowClosed(False)
    return "asyncio", {"loop_factory": qt_event_loop}
