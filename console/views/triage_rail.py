"""The right panel: alerts, detections and motion as cards, newest first."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QTimer, Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from console.actions import events as event_actions
from console.domain.event import EventFilter, Severity
from console.models.events import EventFilterModel, EventListModel
from console.views.event_cards import card_of
from console.views.event_filter import EventFilterBar
from widgets.empty_state import EmptyState
from widgets.event_cards import CardList
from widgets.segments import Segments

if TYPE_CHECKING:
    from console.domain.event import Event, EventKey
    from console.parts import ConsoleParts

WIDTH = 330


class TriageRail(QWidget):
    """Three piles of events; the chosen one is played, the button acknowledges."""

    event_chosen = Signal(object)
    """``Event`` to play."""
    alarms_changed = Signal(int)
    """How many alerts wait."""

    def __init__(
        self, parts: ConsoleParts, model: EventListModel, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._parts = parts
        self._is_chosen = False
        self.piles = Segments(
            [
                (Severity.ALERT, self.tr("Alerts")),
                (Severity.DETECTION, self.tr("Detections")),
                (Severity.MOTION, self.tr("Motion")),
            ]
        )
        self.piles.set_current(Severity.ALERT)
        self.piles.chosen.connect(self._show_pile)
        self.filter = EventFilterBar(parts)
        self.filter.changed.connect(self._refilter)
        self.model = EventFilterModel(model, self)
        self.cards = CardList(card_of)
        self.cards.setModel(self.model)
        self.cards.opened.connect(self._open)
        self.cards.activated.connect(self._open)
        self.cards.acted.connect(self._acknowledge)
        self._empty = EmptyState(picture="events")
        self._empty.acted.connect(self.filter.clear)
        self._pages = QStackedWidget()
        self._pages.addWidget(self.cards)
        self._pages.addWidget(self._empty)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(7)
        head = QVBoxLayout()
        head.setContentsMargins(8, 0, 8, 0)
        head.setSpacing(7)
        head.addWidget(self.piles)
        head.addWidget(self.filter)
        layout.addLayout(head)
        layout.addWidget(self._pages, stretch=1)
        # A busy site has many events a second; counting once per burst is enough.
        self._counting = QTimer(self)
        self._counting.setSingleShot(True)
        self._counting.setInterval(100)
        self._counting.timeout.connect(self._count)
        for signal in (parts.events.reset, parts.events.keyed_changed):
            signal.connect(self._count_soon)
        for change in (self.model.rowsInserted, self.model.rowsRemoved, self.model.modelReset):
            change.connect(self._show_page)
        self._refilter()
        self._count()

    def show_pile(self, severity: Severity) -> None:
        """Show alerts, detections or motion."""
        self.piles.set_current(severity)
        self._refilter()

    def move_by(self, steps: int) -> Event | None:
        """Choose a later or earlier event of the list; which one it is."""
        return self.model.event_at(self.cards.move_by(steps))

    def current(self) -> Event | None:
        """The chosen event."""
        return self.model.event_at(self.cards.chosen())

    def acknowledge_current(self) -> None:
        """Acknowledge the chosen event."""
        self._acknowledge(self.cards.chosen())

    def _show_pile(self, _key: str) -> None:
        self._is_chosen = True
        self._refilter()

    def _show_fullest(self, counts: Counter[Severity]) -> None:
        """Until the operator chooses a pile: the gravest that has anything in it."""
        found = next((severity for severity in Severity if counts[severity]), Severity.ALERT)
        if not self._is_chosen and found != self.piles.current():
            self.show_pile(found)

    def _refilter(self, *_: object) -> None:
        wanted: EventFilter = replace(
            self.filter.wanted, severity=Severity(self.piles.current() or Severity.ALERT)
        )
        self.model.set_wanted(wanted)
        self._show_page()

    def _open(self, index: QModelIndex) -> None:
        event = self.model.event_at(index)
        if event is not None:
            self.event_chosen.emit(event)

    def _acknowledge(self, index: QModelIndex) -> None:
        event = self.model.event_at(index)
        if event is None or event.is_acknowledged:
            return
        self._parts.tasks.start(self._send(event.key), name=self.tr("Acknowledge"))

    async def _send(self, key: EventKey) -> None:
        await event_actions.acknowledge(self._parts, key)

    def _count_soon(self, *_: object) -> None:
        if not self._counting.isActive():
            self._counting.start()

    def _count(self) -> None:
        rows = self._parts.events.rows
        counts = Counter(event.severity for event in rows)
        names = {
            Severity.ALERT: self.tr("Alerts"),
            Severity.DETECTION: self.tr("Detections"),
            Severity.MOTION: self.tr("Motion"),
        }
        for severity, name in names.items():
            self.piles.set_text(severity, f"{name} {short_count(counts[severity])}")
        self._show_fullest(counts)
        self.alarms_changed.emit(len(waiting_alerts(rows)))

    def _show_page(self, *_: object) -> None:
        if self.model.rowCount():
            self._pages.setCurrentWidget(self.cards)
            return
        self._pages.setCurrentWidget(self._empty)
        if self.filter.wanted != EventFilter():
            self._empty.show_state(
                self.tr("Nothing matches"),
                self.tr("No event fits this filter."),
                self.tr("Show all"),
            )
            return
        self._empty.show_state(
            self.tr("Nothing here yet"),
            self.tr("Events appear here as soon as a camera sees a person, a vehicle or motion."),
        )


def waiting_alerts(rows: tuple[Event, ...]) -> list[Event]:
    """Alerts that nobody has acknowledged."""
    return [
        event for event in rows if event.severity is Severity.ALERT and not event.is_acknowledged
    ]


def short_count(count: int) -> str:
    """A count that stays narrow."""
    return str(count) if count < 1000 else "999+"
