"""Stories with real processes; async ones run on the Qt loop, together with qtbot."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest

from console.loop import qt_event_loop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from PySide6.QtWidgets import QApplication


@pytest.fixture
def anyio_backend(qapp: QApplication) -> tuple[str, dict[str, Any]]:
    """The Qt loop, on the application that pytest-qt made; closing the window must not stop it."""
    qapp.setQuitOnLastWindowClosed(False)
    return "asyncio", {"loop_factory": qt_event_loop}


@pytest.fixture(autouse=True)
def _garbage_in_this_thread() -> Iterator[None]:
    """Widgets that are garbage must not be destroyed by a decode thread; see ``console.garbage``."""
    gc.disable()
    yield
    gc.collect()
    gc.enable()
