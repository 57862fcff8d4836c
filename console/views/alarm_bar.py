"""Alarms over a full-screen wall: one line that leads to the newest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from console.views.words import clock
from widgets.text import ElidedLabel
from widgets.theme import set_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.domain.event import Event

HEIGHT = 36


class AlarmBar(QWidget):
    """36 pixels at the top, there only while an alert waits."""

    show_wanted = Signal(object)
    acknowledge_wanted = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._event: Event | None = None
        set_kind(self, "alarm_bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._text = ElidedLabel(kind="alarm")
        show = QPushButton(self.tr("Show"))
        show.clicked.connect(lambda: self.show_wanted.emit(self._event))
        acknowledge = QPushButton(self.tr("Acknowledge  A"))
        acknowledge.clicked.connect(lambda: self.acknowledge_wanted.emit(self._event))
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 3, 8, 3)
        row.addWidget(self._text, stretch=1)
        row.addWidget(show)
        row.addWidget(acknowledge)
        self.hide()

    def show_alarms(self, waiting: Sequence[Event], *, is_wanted: bool) -> None:
        """Show the newest of these, if there is one and the bar is wanted now."""
        self._event = waiting[0] if waiting else None
        self.setVisible(is_wanted and self._event is not None)
        if self._event is None:
            return
        more = self.tr(" · {n} more").format(n=len(waiting) - 1) if len(waiting) > 1 else ""
        event = self._event
        self._text.set_text(
            f"▲ {event.summary or event.label} · {event.camera_name} · "
            f"{clock(event.started_at)}{more}"
        )
