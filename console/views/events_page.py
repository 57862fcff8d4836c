"""The Events workspace: all events, and everything about the chosen one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from console.actions import events as event_actions
from console.domain.errors import ConsoleError
from console.domain.event import EventFilter, Severity
from console.domain.system import Phase
from console.models.events import EventFilterModel, EventListModel, EventRole
from console.views.event_cards import card_of
from console.views.event_filter import EventFilterBar
from console.views.words import event_state, full_time, severity_look, span_text, utc_time
from widgets.chip import StateChip
from widgets.empty_state import EmptyState
from widgets.event_cards import CardList
from widgets.icons import icon
from widgets.picture import Picture
from widgets.segments import Segments
from widgets.text import ElidedLabel, wrapped
from widgets.theme import set_kind

if TYPE_CHECKING:
    from console.domain.event import Event, EventKey
    from console.parts import ConsoleParts

ANY = "any"


class EventsPage(QWidget):
    """A filtered list left, picture and facts right."""

    event_chosen = Signal(object)
    """``Event`` to play."""

    def __init__(
        self, parts: ConsoleParts, model: EventListModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        set_kind(self, "page")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._parts = parts
        self._cursors: dict[str, str | None] = {}
        self.model = EventFilterModel(model, self)
        self.kinds = Segments(
            [
                (ANY, self.tr("All")),
                (Severity.ALERT, self.tr("Alerts")),
                (Severity.DETECTION, self.tr("Detections")),
                (Severity.MOTION, self.tr("Motion")),
            ]
        )
        self.kinds.set_current(ANY)
        self.kinds.chosen.connect(self._refilter)
        self.filter = EventFilterBar(parts)
        self.filter.changed.connect(self._refilter)
        self.cards = CardList(card_of)
        self.cards.setModel(self.model)
        self.cards.selectionModel().currentChanged.connect(self._show)
        self.cards.acted.connect(self._acknowledge)
        self.cards.activated.connect(self._play)
        self._empty = EmptyState(
            picture="events",
            title=self.tr("No events"),
            text=self.tr("Nothing fits this choice, or nothing has happened yet."),
            action=self.tr("Show all"),
        )
        self._empty.acted.connect(self._show_all)
        self._lists = QStackedWidget()
        self._lists.addWidget(self.cards)
        self._lists.addWidget(self._empty)
        self.older = QPushButton(self.tr("Load older events"))
        set_kind(self.older, "quiet")
        self.older.clicked.connect(self._load_older)
        self.detail = EventDetail(parts)
        self.detail.play_wanted.connect(self.event_chosen)
        left = QWidget()
        set_kind(left, "panel")
        left.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 10, 0, 6)
        head = QVBoxLayout()
        head.setContentsMargins(10, 0, 10, 0)
        head.addWidget(self.kinds)
        head.addWidget(self.filter)
        column.addLayout(head)
        column.addWidget(self._lists, stretch=1)
        column.addWidget(self.older)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.addWidget(left)
        splitter.addWidget(self.detail)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([420, 800])
        splitter.setChildrenCollapsible(False)
        splitter.setHandleWidth(1)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(splitter)
        for change in (self.model.rowsInserted, self.model.rowsRemoved, self.model.modelReset):
            change.connect(self._show_page)
        self.model.dataChanged.connect(lambda *_: self._show(self.cards.currentIndex()))
        self._show_page()

    def choose(self, severity: Severity | None) -> None:
        """Show one kind, or all."""
        self.kinds.set_current(ANY if severity is None else severity)
        self._refilter()

    def move_by(self, steps: int) -> None:
        """Choose another event."""
        self.cards.move_by(steps)

    def acknowledge_current(self) -> None:
        """Acknowledge the chosen event."""
        self._acknowledge(self.cards.chosen())

    def _refilter(self, *_: object) -> None:
        kind = self.kinds.current()
        severity = None if kind in ("", ANY) else Severity(kind)
        self.model.set_wanted(replace(self.filter.wanted, severity=severity))
        self._cursors.clear()
        self.older.setEnabled(True)
        self._show_page()

    def _show_all(self) -> None:
        self.filter.clear()
        self.choose(None)

    def _show_page(self, *_: object) -> None:
        has_rows = self.model.rowCount() > 0
        self._lists.setCurrentWidget(self.cards if has_rows else self._empty)
        if has_rows and not self.cards.currentIndex().isValid() and self.isVisible():
            self.cards.setCurrentIndex(self.model.index(0, 0))
        if not has_rows:
            self.detail.show_event(None)

    def showEvent(self, event: object) -> None:
        """Something is always chosen."""
        del event
        self._show_page()

    def _show(self, index: QModelIndex, _before: object = None) -> None:
        self.detail.show_event(index.data(EventRole.EVENT))

    def _play(self, index: QModelIndex) -> None:
        event = self.model.event_at(index)
        if event is not None:
            self.event_chosen.emit(event)

    def _acknowledge(self, index: QModelIndex) -> None:
        event = self.model.event_at(index)
        if event is not None and not event.is_acknowledged:
            self._parts.tasks.start(self._send(event.key), name=self.tr("Acknowledge"))

    async def _send(self, key: EventKey) -> None:
        await event_actions.acknowledge(self._parts, key)

    def _load_older(self) -> None:
        self.older.setEnabled(False)
        self._parts.tasks.start(self._load_pages(), name=self.tr("Older events"))

    async def _load_pages(self) -> None:
        wanted: EventFilter = self.model.wanted
        more = False
        try:
            for system in self._parts.systems.rows:
                if system.phase is not Phase.ONLINE or self._cursors.get(system.id, "") is None:
                    continue
                cursor = await event_actions.load_older(
                    self._parts, system.id, wanted, cursor=self._cursors.get(system.id)
                )
                self._cursors[system.id] = cursor
                more = more or cursor is not None
        finally:
            self.older.setEnabled(more)


class EventDetail(QWidget):
    """Picture, facts and what can be done about one event."""

    play_wanted = Signal(object)

    def __init__(self, parts: ConsoleParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._event: Event | None = None
        self._shown_path: str | None = None
        self.picture = Picture()
        self._title = ElidedLabel(kind="heading")
        self._state = StateChip()
        self._state.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self._facts = wrapped(kind="secondary")
        self.play = QPushButton(icon("play", "on_primary"), self.tr("Play"))
        set_kind(self.play, "primary")
        self.play.clicked.connect(lambda: self.play_wanted.emit(self._event))
        self.acknowledge = QPushButton(icon("acknowledge"), self.tr("Acknowledge  A"))
        self.acknowledge.clicked.connect(self._acknowledge)
        head = QHBoxLayout()
        head.addWidget(self._title, stretch=1)
        head.addWidget(self.acknowledge)
        head.addWidget(self.play)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(8)
        layout.addLayout(head)
        layout.addWidget(self._state)
        layout.addWidget(self.picture, stretch=1)
        layout.addWidget(self._facts)
        self.show_event(None)

    def show_event(self, event: Event | None) -> None:
        """Show this event, or what to do when there is none."""
        self._event = event
        for widget in (self.play, self.acknowledge, self._state, self._facts):
            widget.setVisible(event is not None)
        if event is None:
            self._title.set_text("")
            self._shown_path = None
            self.picture.show_box(None)
            self.picture.show_text(self.tr("Choose an event to see its picture."))
            return
        look = severity_look(event.severity)
        self._title.set_text(event.summary or event.label)
        self._state.set_state(look.glyph, event_state(event), look.role)
        self.acknowledge.setVisible(not event.is_acknowledged)
        self._facts.setText(_facts(event))
        box = event.box
        self.picture.show_box(
            None if box is None else (box.x, box.y, box.width, box.height), event.label
        )
        if event.snapshot_path != self._shown_path:
            self._shown_path = event.snapshot_path
            self._load(event)

    def _load(self, event: Event) -> None:
        if event.snapshot_path is None:
            self.picture.show_text(self.tr("This event has no picture."))
            return
        self.picture.show_text(self.tr("Fetching the picture…"))
        self._parts.tasks.start(self._fetch(event), name=self.tr("Picture"))

    async def _fetch(self, event: Event) -> None:
        try:
            jpeg = await event_actions.picture(self._parts, event)
        except ConsoleError as error:
            text = f"{error} {error.remedy or ''}".rstrip()
            if self._shown_path == event.snapshot_path:
                self.picture.show_text(text)
            return
        if self._shown_path == event.snapshot_path and not self.picture.show_jpeg(jpeg):
            self.picture.show_text(self.tr("The picture is damaged."))

    def _acknowledge(self) -> None:
        if self._event is not None:
            self._parts.tasks.start(self._send(self._event.key), name=self.tr("Acknowledge"))

    async def _send(self, key: EventKey) -> None:
        await event_actions.acknowledge(self._parts, key)


def _facts(event: Event) -> str:
    lasted = (
        f" · {span_text(event.ended_at - event.started_at)}" if event.ended_at is not None else ""
    )
    zone = f" · {event.zone}" if event.zone else ""
    return (
        f"{event.camera_name} · {full_time(event.started_at)}{lasted}\n"
        f"{event.label}, {event.confidence:.0%}{zone} · {utc_time(event.started_at)}"
    )
