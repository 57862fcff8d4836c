"""A wait that says what it is for and can be ended."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QWidget

from widgets.text import ElidedLabel
from widgets.theme import current_theme, fade_ms

STEP_MS = 80
STEPS = 12


class Spinner(QWidget):
    """A turning arc; a still one where motion is unwelcome. It turns only while it is seen."""

    def __init__(self, size: int = 18, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(size, size)
        self.setAccessibleName(self.tr("Working"))
        self._step = 0
        self._timer = QTimer(self)
        self._timer.setInterval(STEP_MS)
        self._timer.timeout.connect(self._turn)

    def showEvent(self, _event: object) -> None:
        """Begin to turn."""
        if fade_ms():
            self._timer.start()

    def hideEvent(self, _event: object) -> None:
        """Rest."""
        self._timer.stop()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Three quarters of a circle."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        place = self.rect().adjusted(2, 2, -2, -2)
        painter.setPen(QPen(current_theme().colour("line"), 2))
        painter.drawEllipse(place)
        pen = QPen(current_theme().colour("accent"), 2)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(place, -self._step * 5760 // STEPS, 100 * 16)

    def _turn(self) -> None:
        self._step = (self._step + 1) % STEPS
        self.update()


class BusyIndicator(QWidget):
    """Spinner, what is awaited, and a button that ends the wait."""

    cancelled = Signal()

    def __init__(
        self, text: str = "", *, can_cancel: bool = True, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._text = ElidedLabel(text, kind="secondary")
        self._cancel = QPushButton(self.tr("Cancel"))
        self._cancel.setVisible(can_cancel)
        self._cancel.clicked.connect(self.cancelled)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(Spinner())
        layout.addWidget(self._text, stretch=1)
        layout.addWidget(self._cancel)

    def set_text(self, text: str) -> None:
        """Say how far it is."""
        self._text.set_text(text)
