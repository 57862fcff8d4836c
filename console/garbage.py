"""Collecting garbage in Qt's thread only.

Python collects cycles in whichever thread happens to allocate. When that is a decode thread and a dialog is in the
cycle, Qt's objects are destroyed in the wrong thread: "Timers cannot be stopped from another thread", then a crash.
"""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer

LOOK_EVERY_MS = 500


class Garbage(QObject):
    """Takes over from the automatic collection; ``close`` gives it back."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._was_on = gc.isenabled()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_EVERY_MS)
        self._timer.timeout.connect(self.look)
        self._timer.start()
        gc.disable()

    def look(self) -> None:
        """Collect the oldest generation that is due; how Python itself would decide."""
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return

    def close(self) -> None:
        """Collect once more, and let Python do it again."""
        self._timer.stop()
        gc.collect()
        if self._was_on:
            gc.enable()
