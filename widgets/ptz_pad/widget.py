"""A pad that steers: hold and pull to pan and tilt, buttons to zoom, a list of presets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from widgets.choice import Choice
from widgets.icons import icon
from widgets.ptz_pad.direction import speeds
from widgets.text import wrapped
from widgets.theme import current_theme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPaintEvent

KEY_SPEED = 0.5
ARROWS = {
    Qt.Key.Key_Left: (-1, 0),
    Qt.Key.Key_Right: (1, 0),
    Qt.Key.Key_Up: (0, 1),
    Qt.Key.Key_Down: (0, -1),
}


class DirectionPad(QWidget):
    """The round part. Whatever moves stops when the button, the key or the focus is let go."""

    moved = Signal(float, float)
    stopped = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._knob = QPointF()
        self._is_moving = False
        self._keys: set[int] = set()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Pan and tilt"))
        self.setToolTip(self.tr("Hold and pull to move the camera; arrow keys do the same"))

    def sizeHint(self) -> QSize:
        """Round."""
        return QSize(104, 104)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to move."""
        if event.button() is Qt.MouseButton.LeftButton:
            self._pull(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Steer."""
        if event.buttons() & Qt.MouseButton.LeftButton:
            self._pull(event.position())

    def mouseReleaseEvent(self, _event: QMouseEvent) -> None:
        """Let go."""
        self._let_go()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows steer."""
        if event.key() not in ARROWS:
            super().keyPressEvent(event)
        elif not event.isAutoRepeat():
            self._keys.add(event.key())
            self._steer_by_keys()

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """Stop when the last arrow is up."""
        if event.key() not in ARROWS:
            super().keyReleaseEvent(event)
        elif not event.isAutoRepeat():
            self._keys.discard(event.key())
            self._steer_by_keys()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """A key that comes up elsewhere is not seen here."""
        self._keys.clear()
        self._let_go()
        super().focusOutEvent(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Ring, four arrows, knob."""
        theme = current_theme()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_on = self.isEnabled()
        area = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        painter.setPen(QPen(theme.colour("accent" if self.hasFocus() else "line"), 1))
        painter.setBrush(theme.colour("raised"))
        painter.drawEllipse(area)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("text_2" if is_on else "line"))
        for turn in range(4):
            painter.save()
            painter.translate(area.center())
            painter.rotate(90 * turn)
            top = -area.height() / 2 + 9
            painter.drawPolygon(
                QPolygonF([QPointF(0, top), QPointF(-5, top + 7), QPointF(5, top + 7)])
            )
            painter.restore()
        painter.setBrush(theme.colour("primary" if is_on else "line"))
        radius = area.width() * 0.19
        painter.drawEllipse(area.center() + self._knob, radius, radius)

    def _pull(self, point: QPointF) -> None:
        middle = QPointF(self.width() / 2, self.height() / 2)
        radius = self.width() / 2
        away = point - middle
        reach = (away.x() ** 2 + away.y() ** 2) ** 0.5
        shown = min(1.0, radius * 0.6 / reach) if reach else 0.0
        self._knob = away * shown
        self._move(*speeds(away.x(), away.y(), radius))

    def _steer_by_keys(self) -> None:
        pan = sum(ARROWS[Qt.Key(key)][0] for key in self._keys)
        tilt = sum(ARROWS[Qt.Key(key)][1] for key in self._keys)
        self._knob = QPointF(pan * 18, -tilt * 18)
        self._move(pan * KEY_SPEED, tilt * KEY_SPEED)

    def _move(self, pan: float, tilt: float) -> None:
        self.update()
        if pan or tilt:
            self._is_moving = True
            self.moved.emit(pan, tilt)
        else:
            self._stop()

    def _let_go(self) -> None:
        self._knob = QPointF()
        self.update()
        self._stop()

    def _stop(self) -> None:
        if self._is_moving:
            self._is_moving = False
            self.stopped.emit()


class PtzPad(QWidget):
    """Everything that steers one camera; says why when it cannot."""

    moved = Signal(float, float, float)
    """Pan, tilt and zoom from -1 to 1, until ``stopped``."""
    stopped = Signal()
    preset_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pad = DirectionPad()
        self._pad.moved.connect(lambda pan, tilt: self.moved.emit(pan, tilt, 0.0))
        self._pad.stopped.connect(self.stopped)
        self._zoom_in = self._zoom_button("zoom_in", self.tr("Zoom in"), 1.0)
        self._zoom_out = self._zoom_button("zoom_out", self.tr("Zoom out"), -1.0)
        self._presets = Choice(self.tr("Presets"))
        self._presets.setPlaceholderText(self.tr("Presets"))
        self._presets.activated.connect(self._choose_preset)
        self._reason = wrapped(kind="hint")
        self._reason.setVisible(False)
        side = QVBoxLayout()
        side.setSpacing(6)
        for widget in (self._zoom_in, self._zoom_out, self._presets):
            side.addWidget(widget)
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._pad)
        row.addLayout(side, stretch=1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(row)
        layout.addWidget(self._reason)
        self.set_presets(())

    @property
    def pad(self) -> DirectionPad:
        """The round part."""
        return self._pad

    def set_presets(self, presets: Sequence[tuple[str, str]]) -> None:
        """Token and name of each stored position."""
        self._presets.clear()
        for token, name in presets:
            self._presets.addItem(name, token)
        self._presets.setCurrentIndex(-1)
        self._presets.setEnabled(bool(presets))
        tip = self.tr("Stored positions") if presets else self.tr("No positions are stored")
        self._presets.setToolTip(tip)

    def set_reason(self, reason: str) -> None:
        """Why it cannot steer now; empty when it can."""
        self._reason.setText(reason)
        self._reason.setVisible(bool(reason))
        for widget in (self._pad, self._zoom_in, self._zoom_out):
            widget.setEnabled(not reason)
        self._presets.setEnabled(not reason and self._presets.count() > 0)

    def _zoom_button(self, name: str, text: str, zoom: float) -> QPushButton:
        button = QPushButton(icon(name), self.tr("zoom"))
        button.setAccessibleName(text)
        button.setToolTip(text)
        button.pressed.connect(lambda: self.moved.emit(0.0, 0.0, zoom))
        button.released.connect(self.stopped)
        return button

    def _choose_preset(self, place: int) -> None:
        self.preset_chosen.emit(str(self._presets.itemData(place)))
        self._presets.setCurrentIndex(-1)
