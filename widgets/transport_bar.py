"""Play, speed, step, where we are, and the way back to live."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from widgets.icons import icon
from widgets.theme import set_kind

SPEEDS = (-16.0, -8.0, -4.0, -2.0, -1.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
BUTTON_PX = 18


class TransportBar(QWidget):
    """Buttons emit what is wanted; what is so is set from outside."""

    play_wanted = Signal(bool)
    step_wanted = Signal(int)
    event_wanted = Signal(int)
    """-1 the previous, 1 the next event."""
    speed_wanted = Signal(float)
    live_wanted = Signal()
    time_wanted = Signal()
    """The time was clicked: the operator wants to enter one."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._is_playing = False
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(10, 6, 10, 6)
        self._row.setSpacing(5)
        self._button("jump_back", self.tr("Previous event (J)"), lambda: self.event_wanted.emit(-1))
        self._button("step_back", self.tr("One frame back (,)"), lambda: self.step_wanted.emit(-1))
        self._play = self._button("play", "", self._toggle)
        set_kind(self._play, "")
        self._button("step_forward", self.tr("One frame on (.)"), lambda: self.step_wanted.emit(1))
        self._button("jump_forward", self.tr("Next event (K)"), lambda: self.event_wanted.emit(1))
        self._speed = QComboBox()
        self._speed.setAccessibleName(self.tr("Speed"))
        self._speed.setToolTip(self.tr("Speed; negative plays backwards"))
        for speed in SPEEDS:
            self._speed.addItem(speed_text(speed), speed)
        self._speed.activated.connect(
            lambda place: self.speed_wanted.emit(float(self._speed.itemData(place)))
        )
        self._row.addSpacing(6)
        self._row.addWidget(self._speed)
        self._time = QPushButton()
        self._time.setToolTip(self.tr("Go to a time (G)"))
        self._time.clicked.connect(self.time_wanted)
        self._row.addWidget(self._time)
        self._note = QLabel()
        set_kind(self._note, "hint")
        self._note.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self._row.addWidget(self._note, stretch=1)
        self._live = QPushButton(icon("live", "ok"), self.tr("Live  L"))
        self._live.setAccessibleName(self.tr("Jump to live"))
        self._live.setToolTip(self.tr("Jump to live (L)"))
        self._live.clicked.connect(self.live_wanted)
        self._row.addWidget(self._live)
        self.set_playing(False)
        self.set_speed(1.0)
        self.set_time("")

    def add_tool(self, widget: QWidget) -> None:
        """Put a tool of the window before the way back to live."""
        self._row.insertWidget(self._row.count() - 1, widget)

    def set_playing(self, is_playing: bool) -> None:
        """Show whether it runs."""
        self._is_playing = is_playing
        self._play.setIcon(icon("pause" if is_playing else "play"))
        text = self.tr("Pause (Space)") if is_playing else self.tr("Play (Space)")
        self._play.setToolTip(text)
        self._play.setAccessibleName(text)

    def set_speed(self, speed: float) -> None:
        """Show the speed."""
        self._speed.setCurrentIndex(self._speed.findData(speed))

    def speed(self) -> float:
        """The speed that is shown."""
        data = self._speed.currentData()
        return 1.0 if data is None else float(data)

    def set_time(self, text: str) -> None:
        """Show where playback is."""
        self._time.setText(text)
        self._time.setVisible(bool(text))
        self._time.setAccessibleName(text)

    def set_note(self, text: str) -> None:
        """Say something beside the time; what does not fit is in the tool tip."""
        self._note.setText(text)
        self._note.setToolTip(text)

    def set_live(self, is_live: bool) -> None:
        """Whether the way back to live leads anywhere."""
        self._live.setEnabled(not is_live)

    def _toggle(self) -> None:
        self.play_wanted.emit(not self._is_playing)

    def _button(self, name: str, text: str, act: object) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name))
        button.setIconSize(QSize(BUTTON_PX, BUTTON_PX))
        button.setToolTip(text)
        button.setAccessibleName(text)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        set_kind(button, "quiet")
        button.clicked.connect(act)
        self._row.addWidget(button)
        return button


def speed_text(speed: float) -> str:
    """``2×``, ``¼×`` or ``−4×``."""
    fractions = {0.25: "¼", 0.5: "½"}
    sign = "−" if speed < 0 else ""
    return f"{sign}{fractions.get(abs(speed), f'{abs(speed):g}')}×"
