"""Choosing which events are shown: camera, label and state."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from console.domain.event import EventFilter
from widgets.choice import Choice

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.domain.camera import CameraKey
    from console.parts import ConsoleParts


class EventFilterBar(QWidget):
    """Three boxes; what there is to choose follows the cameras and events that are known."""

    changed = Signal(object)
    """The ``EventFilter`` now wanted."""

    def __init__(self, parts: ConsoleParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._wanted = EventFilter()
        self._camera = Choice(self.tr("Camera"))
        self._label = Choice(self.tr("Label"))
        self._state = Choice(self.tr("State"))
        for text, value in (
            (self.tr("States"), None),
            (self.tr("New"), False),
            (self.tr("Seen"), True),
        ):
            self._state.addItem(text, value)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        for box, share in ((self._camera, 5), (self._label, 4), (self._state, 4)):
            row.addWidget(box, stretch=share)
            box.activated.connect(self._choose)
        # Many events at once fill the boxes once.
        self._filling = QTimer(self)
        self._filling.setSingleShot(True)
        self._filling.setInterval(200)
        self._filling.timeout.connect(self._fill)
        for store in (parts.cameras, parts.events):
            store.reset.connect(self._filling.start)
            store.inserted.connect(self._filling.start)
            store.removed.connect(self._filling.start)
        self._fill()

    @property
    def wanted(self) -> EventFilter:
        """What is chosen."""
        return self._wanted

    def choose_camera(self, key: CameraKey | None) -> None:
        """Show events of one camera only; None: of all."""
        self._fill()
        self._camera.setCurrentIndex(max(0, self._camera.findData(key)))
        self._choose()

    def clear(self) -> None:
        """Any camera, any label, any state."""
        for box in (self._camera, self._label, self._state):
            box.setCurrentIndex(0)
        self._choose()

    def _choose(self, *_: object) -> None:
        key: CameraKey | None = self._camera.currentData()
        wanted = replace(
            self._wanted,
            cameras=None if key is None else frozenset((key,)),
            label=self._label.currentData(),
            is_acknowledged=self._state.currentData(),
        )
        if wanted != self._wanted:
            self._wanted = wanted
            self.changed.emit(wanted)

    def _fill(self) -> None:
        cameras = sorted(self._parts.cameras.rows, key=lambda camera: camera.name.casefold())
        labels = sorted({event.label for event in self._parts.events.rows if event.label})
        named = [(camera.name, camera.key) for camera in cameras]
        _refill(self._camera, self.tr("Cameras"), named)
        _refill(self._label, self.tr("Labels"), [(label, label) for label in labels])


def _refill(box: QComboBox, anything: str, items: Sequence[tuple[str, object]]) -> None:
    shown = [(box.itemText(n), box.itemData(n)) for n in range(box.count())]
    wanted = [(anything, None), *items]
    if shown == wanted:
        return
    chosen = box.currentData()
    box.clear()
    for text, value in wanted:
        box.addItem(text, value)
    box.setCurrentIndex(max(0, box.findData(chosen)) if chosen is not None else 0)
