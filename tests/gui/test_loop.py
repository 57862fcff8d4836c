"""The Qt loop itself, and that the tests run on it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QLabel

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.mark.anyio
async def test_coroutines_and_qt_share_one_loop(qtbot: QtBot) -> None:
    label = QLabel("before")
    qtbot.addWidget(label)
    said = asyncio.Event()
    QTimer.singleShot(0, lambda: (label.setText("after"), said.set()))
    await asyncio.wait_for(said.wait(), 5)
    assert label.text() == "after"


@pytest.mark.anyio
async def test_blocking_work_goes_to_a_thread_that_ends(qtbot: QtBot) -> None:
    assert await asyncio.to_thread(lambda: 6 * 7) == 42
