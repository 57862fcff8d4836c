"""The bar on top: where we are, what is wrong, what time it is; it gives way word by word when it is narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSizePolicy, QToolButton, QWidget

from widgets.icons import icon
from widgets.theme import set_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PySide6.QtGui import QIcon, QResizeEvent
    from PySide6.QtWidgets import QMenu

HEIGHT = 44
STATE_PX = 13
WIDE, TIGHT, NARROW = 0, 1, 2


class TopBar(QWidget):
    """Workspaces left; search, alarms, systems, clock and operator right."""

    workspace_wanted = Signal(str)
    palette_wanted = Signal()
    alarms_wanted = Signal()
    systems_wanted = Signal()

    def __init__(
        self,
        name: str,
        sign: QIcon,
        workspaces: Sequence[tuple[str, str, str, str]],
        menu: QMenu,
        parent: QWidget | None = None,
    ) -> None:
        """Build the bar.

        Args:
            name: of the application.
            sign: its icon.
            workspaces: key, icon, text and key sequence of each.
            menu: what the operator button opens.
            parent: as always.
        """
        super().__init__(parent)
        set_kind(self, "bar")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._level = WIDE
        self._system = ("", "", "text_2")
        self._alarms = 0
        self._operator_name = ""
        self._clock_text = ("", "")
        self._tabs: dict[str, tuple[QPushButton, str]] = {}
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 5, 10, 5)
        row.setSpacing(5)
        self._sign = QLabel()
        self._sign.setPixmap(sign.pixmap(QSize(20, 20), self.devicePixelRatioF()))
        self._name = QLabel(name)
        set_kind(self._name, "title")
        row.addWidget(self._sign)
        row.addWidget(self._name)
        row.addSpacing(10)
        for key, picture, text, keys in workspaces:
            row.addWidget(self._tab(key, picture, text, keys))
        row.addStretch(1)
        self._search = QPushButton(icon("search", "text_3"), "")
        set_kind(self._search, "search")
        self._search.setAccessibleName(self.tr("Command palette"))
        self._search.setToolTip(self.tr("Find a camera, an event or an action (Ctrl+K)"))
        self._search.clicked.connect(self.palette_wanted)
        self._alarm = QPushButton()
        self._alarm.clicked.connect(self.alarms_wanted)
        self._state = QPushButton()
        self._state.setIconSize(QSize(STATE_PX, STATE_PX))
        self._state.clicked.connect(self.systems_wanted)
        self._clock = QLabel()
        set_kind(self._clock, "clock")
        self._clock.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self._operator = QToolButton()
        self._operator.setIcon(icon("operator"))
        self._operator.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self._operator.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._operator.setMenu(menu)
        self._operator.setAccessibleName(self.tr("Menu"))
        self._operator.setToolTip(self.tr("Menu (F2)"))
        for widget in (self._search, self._alarm, self._state, self._clock, self._operator):
            row.addWidget(widget)
        self._show_level()

    def set_workspace(self, key: str) -> None:
        """Show which one is open."""
        if key in self._tabs:
            self._tabs[key][0].setChecked(True)

    def set_alarms(self, count: int) -> None:
        """How many alarms wait for an operator."""
        self._alarms = count
        self._fit()

    def set_system(self, glyph: str, text: str, role: str) -> None:
        """How the connected systems are, in one line."""
        self._system = (glyph, text, role)
        self._fit()

    def set_clock(self, time: str, zone: str, tip: str) -> None:
        """The operator's time with the name of its zone."""
        self._clock_text = (time, zone)
        self._clock.setToolTip(tip)
        self._show_clock()

    def set_operator(self, name: str) -> None:
        """Who is signed in."""
        self._operator_name = name
        self._fit()

    def _show_alarms(self) -> None:
        count = self._alarms
        set_kind(self._alarm, "alarm" if count else "quiet")
        words = self.tr("%n alarm(s)", "", count).replace("(s)", "" if count == 1 else "s")
        text = f"▲ {words}" if count else self.tr("No alarms")
        self._alarm.setText(f"▲ {count}" if self._level >= NARROW else text)
        self._alarm.setAccessibleName(words)
        self._alarm.setToolTip(self.tr("Show what is not acknowledged"))

    def _show_system(self) -> None:
        _glyph, text, role = self._system
        self._state.setIcon(_dot(role))
        shown = text if self._level < NARROW else ""
        metrics = self._state.fontMetrics()
        elided = metrics.elidedText(shown, Qt.TextElideMode.ElideRight, 240)
        self._state.setText(elided)
        self._state.setAccessibleName(text)
        self._state.setToolTip(text)

    def _show_clock(self) -> None:
        time, zone = self._clock_text
        shown = f"{time}  {zone}" if self._level < NARROW else time
        self._clock.setText(shown)
        self._clock.setFixedWidth(self._clock.fontMetrics().horizontalAdvance(f"{shown}00"))

    def _show_operator(self) -> None:
        shown = self._operator_name if self._level == WIDE else ""
        metrics = self._operator.fontMetrics()
        self._operator.setText(metrics.elidedText(shown, Qt.TextElideMode.ElideRight, 140))
        style = Qt.ToolButtonStyle
        self._operator.setToolButtonStyle(
            style.ToolButtonTextBesideIcon if shown else style.ToolButtonIconOnly
        )

    def open_menu(self) -> None:
        """Drop the menu down, for the keyboard."""
        self._operator.showMenu()

    def minimumSizeHint(self) -> QSize:
        """As narrow as the narrowest form."""
        return QSize(420, HEIGHT)

    def sizeHint(self) -> QSize:
        """44 pixels high, more where the font asks for it."""
        return QSize(900, max(HEIGHT, self._alarm.sizeHint().height() + 12))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take the widest form that fits."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        for level in (WIDE, TIGHT, NARROW, NARROW + 1):
            self._level = level
            self._show_level()
            if self._needed() <= self.width():
                break

    def _needed(self) -> int:
        layout = self.layout()
        return layout.sizeHint().width() if layout is not None else 0

    def _show_level(self) -> None:
        self._name.setVisible(self._level < NARROW)
        for button, text in self._tabs.values():
            button.setText(text if self._level <= NARROW else "")
        search = self.tr("Find camera, event, action   Ctrl+K")
        short = self.tr("Find   Ctrl+K")
        self._search.setText((search, short, "", "")[self._level])
        self._show_alarms()
        self._show_system()
        self._show_operator()
        if self._clock_text[0]:
            self._show_clock()

    def _tab(self, key: str, picture: str, text: str, keys: str) -> QPushButton:
        button = QPushButton(icon(picture, "text_2"), text)
        button.setCheckable(True)
        button.setAutoExclusive(True)
        button.setAccessibleName(text)
        button.setToolTip(f"{text} ({keys})")
        set_kind(button, "tab")
        button.clicked.connect(lambda: self.workspace_wanted.emit(key))
        self._tabs[key] = (button, text)
        return button


def _dot(role: str) -> QIcon:
    names = {"ok": "ok", "caution": "warning", "alert": "alert"}
    return icon(names.get(role, "server"), role)
