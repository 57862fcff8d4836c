"""What a test may not leave behind: threads, running timers, open windows, unexpected log records."""

from __future__ import annotations

import gc
import logging
import sys
import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

GRACE_S = 2.0


class WarningRecords(logging.Handler):
    """Keeps what was logged at warning level or above."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    def lines(self) -> list[str]:
        """One line for each record."""
        return [f"{r.name} {r.levelname}: {r.getMessage()}" for r in self.records]


def stray_threads(before: Iterable[threading.Thread]) -> list[str]:
    """Names of threads that are new and do not end within the grace period."""
    known = set(before)
    until = time.monotonic() + GRACE_S
    while True:
        left = [thread for thread in threading.enumerate() if thread not in known]
        if not left or time.monotonic() >= until:
            return [thread.name for thread in left]
        left[0].join(0.05)


def running_timers() -> list[object]:
    """Every QTimer made in Python that runs."""
    core = sys.modules.get("PySide6.QtCore")
    if core is None:
        return []
    from shiboken6 import isValid

    timers = (each for each in gc.get_objects() if issubclass(type(each), core.QTimer))
    return [timer for timer in timers if isValid(timer) and timer.isActive()]


def open_windows() -> list[object]:
    """Windows that are still shown."""
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is None or widgets.QApplication.instance() is None:
        return []
    return [each for each in widgets.QApplication.topLevelWidgets() if each.isVisible()]
