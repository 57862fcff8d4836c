"""The System workspace: what we are connected to, each camera and why it is as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from console.actions import cameras as camera_actions
from console.actions import connect
from console.domain.camera import Camera, CameraCapability, CameraKey, Health
from console.domain.system import Phase, SystemState
from console.views.words import health_look, phase_look, span_text
from widgets.chip import StateChip
from widgets.empty_state import EmptyState
from widgets.icons import icon
from widgets.text import ElidedLabel, wrapped
from widgets.theme import current_theme, set_kind

if TYPE_CHECKING:
    from PySide6.QtGui import QHideEvent, QShowEvent

    from console.parts import ConsoleParts

KEY = Qt.ItemDataRole.UserRole + 1
AGE_EVERY_MS = 5000


class SystemPage(QWidget):
    """A card per system with its cameras in a table."""

    add_camera_wanted = Signal()
    connect_wanted = Signal()
    sign_in_wanted = Signal(str)
    change_camera_wanted = Signal(object)
    remove_camera_wanted = Signal(object)
    log_wanted = Signal()

    def __init__(self, parts: ConsoleParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_kind(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._parts = parts
        self._cards: dict[str, SystemCard] = {}
        title = QLabel(self.tr("Systems and cameras"))
        set_kind(title, "heading")
        add = QPushButton(icon("add", "on_primary"), self.tr("Add a camera"))
        set_kind(add, "primary")
        add.clicked.connect(self.add_camera_wanted)
        another = QPushButton(icon("connect"), self.tr("Connect to a server"))
        another.clicked.connect(self.connect_wanted)
        log = QPushButton(icon("log"), self.tr("Log"))
        log.clicked.connect(self.log_wanted)
        head = QHBoxLayout()
        head.addWidget(title, stretch=1)
        for button in (log, another, add):
            head.addWidget(button)
        self._empty = EmptyState(
            picture="system",
            title=self.tr("Not connected to any system"),
            text=self.tr("Use this computer as the server, or connect to one in the network."),
            action=self.tr("Connect"),
        )
        self._empty.acted.connect(self.connect_wanted)
        self._column = QVBoxLayout()
        self._column.setSpacing(12)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 6, 0)
        column.addLayout(self._column)
        column.addWidget(self._empty)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(content)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 16, 14, 14)
        layout.setSpacing(12)
        layout.addLayout(head)
        layout.addWidget(area, stretch=1)
        # One look at all of it however many cameras change at once.
        self._looking = QTimer(self)
        self._looking.setSingleShot(True)
        self._looking.setInterval(150)
        self._looking.timeout.connect(self.refresh)
        for store in (parts.systems, parts.cameras):
            store.reset.connect(self._looking.start)
            store.keyed_changed.connect(lambda _key: self._looking.start())
        parts.settings.changed.connect(lambda _name: self._looking.start())  # another theme
        self._ageing = QTimer(self)
        self._ageing.setInterval(AGE_EVERY_MS)
        self._ageing.timeout.connect(self.refresh)
        self.refresh()

    def showEvent(self, event: QShowEvent) -> None:
        """What says for how long grows old while somebody looks."""
        super().showEvent(event)
        self._ageing.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Nobody looks."""
        super().hideEvent(event)
        self._ageing.stop()

    def refresh(self) -> None:
        """Show what is so now."""
        systems = self._parts.systems.rows
        self._empty.setVisible(not systems)
        for gone in self._cards.keys() - {system.id for system in systems}:
            card = self._cards.pop(gone)
            card.hide()
            card.deleteLater()
        for system in systems:
            if system.id not in self._cards:
                self._cards[system.id] = self._make_card(system.id)
            self._cards[system.id].show_state(system, self._parts.cameras.of_system(system.id))

    def _make_card(self, system: str) -> SystemCard:
        card = SystemCard(self._parts, system)
        card.sign_in_wanted.connect(self.sign_in_wanted)
        card.change_camera_wanted.connect(self.change_camera_wanted)
        card.remove_camera_wanted.connect(self.remove_camera_wanted)
        self._column.addWidget(card)
        return card


class SystemCard(QFrame):
    """One system: name, address, state with its cause, and its cameras."""

    sign_in_wanted = Signal(str)
    change_camera_wanted = Signal(object)
    remove_camera_wanted = Signal(object)

    def __init__(self, parts: ConsoleParts, system: str) -> None:
        super().__init__()
        set_kind(self, "card")
        self._parts = parts
        self._system = system
        self._name = ElidedLabel(kind="title")
        self._address = ElidedLabel(kind="hint")
        self._chip = StateChip()
        self._cause = wrapped(kind="error")
        self.sign_in = QPushButton(icon("operator"), self.tr("Sign in"))
        self.sign_in.clicked.connect(lambda: self.sign_in_wanted.emit(self._system))
        self.leave = QPushButton(icon("sign_out"), self.tr("Sign out"))
        self.leave.clicked.connect(self._sign_out)
        self.table = self._make_table()
        self.switch = QPushButton(self.tr("Switch off"))
        self.switch.clicked.connect(self._switch)
        self.change = QPushButton(icon("settings"), self.tr("Change…"))
        self.change.clicked.connect(self._change)
        self.remove = QPushButton(icon("delete", "alert"), self.tr("Remove"))
        set_kind(self.remove, "danger")
        self.remove.clicked.connect(lambda: self.remove_camera_wanted.emit(self.chosen()))
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self._name)
        words.addWidget(self._address)
        head = QHBoxLayout()
        head.addLayout(words, stretch=1)
        head.addWidget(self._chip)
        head.addWidget(self.sign_in)
        head.addWidget(self.leave)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.change)
        foot.addWidget(self.switch)
        foot.addWidget(self.remove)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.addLayout(head)
        layout.addWidget(self._cause)
        layout.addWidget(self.table)
        layout.addLayout(foot)
        self._show_buttons()

    def show_state(self, system: SystemState, cameras: tuple[Camera, ...]) -> None:
        """Show system and cameras as they are."""
        look = phase_look(system.phase)
        self._name.set_text(system.name)
        self._address.set_text(system.address)
        self._chip.set_state(look.glyph, look.text, look.role)
        cause = " ".join(filter(None, (system.cause, system.remedy)))
        self._cause.setText(cause)
        self._cause.setVisible(bool(cause) and system.phase is not Phase.ONLINE)
        self.sign_in.setVisible(system.phase is Phase.SIGNED_OUT)
        self.leave.setVisible(system.phase is not Phase.SIGNED_OUT)
        self._fill(sorted(cameras, key=lambda camera: camera.name.casefold()))

    def chosen(self) -> CameraKey | None:
        """The camera of the chosen row."""
        items = self.table.selectedItems()
        key: CameraKey | None = items[0].data(KEY) if items else None
        return key

    def _make_table(self) -> QTableWidget:
        headings = (
            self.tr("State"),
            self.tr("Camera"),
            self.tr("Since"),
            self.tr("Cause"),
        )
        table = QTableWidget(0, len(headings))
        table.setAccessibleName(self.tr("Cameras of this system"))
        table.setHorizontalHeaderLabels(list(headings))
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        header = table.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for column in range(3):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        table.itemActivated.connect(lambda _item: self._change())
        table.itemSelectionChanged.connect(self._show_buttons)
        return table

    def _fill(self, cameras: list[Camera]) -> None:
        chosen = self.chosen()
        self.table.setRowCount(len(cameras))
        for row, camera in enumerate(cameras):
            look = health_look(camera.health)
            texts = (
                f"{look.glyph}  {look.text}",
                camera.name + ("  · PTZ" if CameraCapability.PTZ in camera.capabilities else ""),
                "" if camera.since is None else span_text(datetime.now(UTC) - camera.since),
                camera.cause or "",
            )
            for column, text in enumerate(texts):
                item = QTableWidgetItem(text)
                item.setData(KEY, camera.key)
                item.setToolTip(text)
                if column == 0:
                    item.setForeground(current_theme().colour(look.role))
                self.table.setItem(row, column, item)
            if camera.key == chosen:
                self.table.selectRow(row)
        header = self.table.horizontalHeader().sizeHint().height()
        rows = sum(self.table.rowHeight(row) for row in range(min(len(cameras), 14)))
        self.table.setFixedHeight(header + rows + 6)
        self.table.setVisible(bool(cameras))
        self._show_buttons()

    def _show_buttons(self) -> None:
        key = self.chosen()
        camera = None if key is None else self._parts.cameras.get(key)
        for button in (self.change, self.switch, self.remove):
            button.setVisible(self.table.rowCount() > 0)
            button.setEnabled(camera is not None)
        is_off = camera is not None and camera.health is Health.OFF
        self.switch.setText(self.tr("Switch on") if is_off else self.tr("Switch off"))

    def _change(self) -> None:
        self.change_camera_wanted.emit(self.chosen())

    def _switch(self) -> None:
        key = self.chosen()
        camera = None if key is None else self._parts.cameras.get(key)
        if camera is not None:
            enabled = camera.health is Health.OFF
            work = camera_actions.set_enabled(self._parts, camera.key, enabled=enabled)
            self._parts.tasks.start(work, name=camera.name)

    def _sign_out(self) -> None:
        work = connect.sign_out(self._parts, self._system)
        self._parts.tasks.start(work, name=self.tr("Sign out"))
