"""The bottom of the window: a strip of the last hour when live, transport and lanes when reviewing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from console.actions import footage as footage_actions
from console.domain.footage import TimeRange
from console.domain.system import Phase
from console.views.lanes import lane_of, summed_lane
from console.views.words import full_time
from widgets.chip import StateChip
from widgets.theme import set_kind
from widgets.timeline import Lane, TimelineWidget, TimeSpan
from widgets.transport_bar import TransportBar

if TYPE_CHECKING:
    from PySide6.QtGui import QResizeEvent

    from console.domain.camera import CameraKey
    from console.parts import ConsoleParts
    from console.views.wall import WallView

STRIP_SPAN = timedelta(hours=1)
FUTURE = timedelta(minutes=1)
SPANS = (
    ("5 min", timedelta(minutes=5)),
    ("15 min", timedelta(minutes=15)),
    ("1 h", timedelta(hours=1)),
    ("4 h", timedelta(hours=4)),
    ("12 h", timedelta(hours=12)),
    ("1 d", timedelta(days=1)),
    ("7 d", timedelta(days=7)),
)
LOAD_AFTER_MS = 250
PAINT_AFTER_MS = 120
RELOAD_EVERY_MS = 15_000
"""Near the live edge footage grows by itself; this catches what no message told of."""


class TimelinePanel(QWidget):
    """Shows the time of the cameras on the wall, and says where the operator wants to be."""

    moment_wanted = Signal(object, bool)
    """Moment, and whether to play on from there."""
    event_wanted = Signal(object)
    """``EventKey`` of a mark that was clicked."""
    lane_wanted = Signal(str)

    def __init__(self, parts: ConsoleParts, wall: WallView, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        set_kind(self, "footer")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._parts = parts
        self._wall = wall
        self._with_events: dict[tuple[CameraKey, ...], TimeRange] = {}
        self._loaded: dict[tuple[CameraKey, ...], TimeRange] = {}
        self.strip = TimelineWidget(is_slim=True)
        self.strip.setAccessibleName(self.tr("Last hour"))
        self.strip.setToolTip("")
        self.lanes = TimelineWidget()
        self.lanes.set_empty_text(self.tr("Put a camera on the wall to see what is recorded of it"))
        self.transport = TransportBar()
        self._span_box = self._make_span_box()
        self.transport.add_tool(self._span_box)
        self._live_chip = StateChip("●", self.tr("Live"), "ok")
        self._pages = QStackedWidget()
        self._pages.addWidget(self._make_strip())
        self._pages.addWidget(self._make_review())
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 1, 0, 0)
        layout.addWidget(self._pages)
        self._loading = self._timer(LOAD_AFTER_MS, self._load)
        self._painting = self._timer(PAINT_AFTER_MS, self._repaint)
        self._reloading = QTimer(self)
        self._reloading.setInterval(RELOAD_EVERY_MS)
        self._reloading.timeout.connect(self._reload)
        self._reloading.start()
        self._connect()
        self.set_now(datetime.now(UTC))
        self.set_reviewing(False)

    @property
    def is_reviewing(self) -> bool:
        """Whether lanes are shown instead of the strip."""
        return self._pages.currentIndex() == 1

    def set_reviewing(self, is_reviewing: bool) -> None:
        """Show transport and lanes, or the strip."""
        self._pages.setCurrentIndex(int(is_reviewing))
        self._show_height()
        self._repaint()
        self._loading.start()

    def set_now(self, now: datetime) -> None:
        """Move the live edge."""
        for timeline in (self.strip, self.lanes):
            timeline.set_now(now)
        self.strip.set_span(TimeSpan(now - STRIP_SPAN, now + FUTURE))
        if not self.is_reviewing:
            duration = self.lanes.span.duration
            self.lanes.set_span(TimeSpan(now - duration * 0.95, now + duration * 0.05))

    def show_playhead(self, moment: datetime | None) -> None:
        """Follow playback; the lanes turn a page when it leaves them."""
        self.lanes.set_playhead(moment)
        self.strip.set_playhead(moment)
        self.transport.set_live(moment is None)
        self.transport.set_time(
            self.tr("Live") if moment is None else full_time(moment, milliseconds=True)
        )
        span = self.lanes.span
        if moment is not None and not span.contains(moment):
            ahead = 0.1 if moment >= span.end else 0.9
            start = moment - span.duration * ahead
            self._show_span(self._not_beyond_now(TimeSpan(start, start + span.duration)))

    def show_around(self, moment: datetime) -> None:
        """Make a moment visible with something on both sides."""
        if not self.lanes.span.contains(moment):
            self._show_span(self._not_beyond_now(self.lanes.span.around(moment)))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Never more than a third of the window."""
        super().resizeEvent(event)
        self._show_height()

    def sizeHint(self) -> QSize:
        """The strip, or transport and lanes."""
        return QSize(600, self._height())

    def _height(self) -> int:
        if not self.is_reviewing:
            return self.strip.sizeHint().height() + 2
        room = self.window().height() // 3
        wanted = self.transport.sizeHint().height() + self.lanes.sizeHint().height() + 6
        least = self.transport.sizeHint().height() + self.lanes.minimumSizeHint().height() + 6
        return max(least, min(wanted, room))

    def _show_height(self) -> None:
        self.setFixedHeight(self._height())

    def _make_strip(self) -> QWidget:
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(10, 0, 0, 0)
        row.setSpacing(4)
        side = QVBoxLayout()
        side.setSpacing(3)
        title = QLabel(self.tr("Last hour"))
        set_kind(title, "secondary")
        side.addStretch(1)
        side.addWidget(title)
        side.addWidget(self._live_chip)
        side.addStretch(1)
        row.addLayout(side)
        row.addWidget(self.strip, stretch=1)
        return page

    def _make_review(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.transport)
        column.addWidget(self.lanes, stretch=1)
        return page

    def _make_span_box(self) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(self.tr("Visible time"))
        box.setToolTip(self.tr("Visible time; the wheel zooms freely"))
        box.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        for text, duration in SPANS:
            box.addItem(text, duration)
        box.setCurrentIndex(2)
        box.activated.connect(self._choose_span)
        return box

    def _timer(self, after_ms: int, then: object) -> QTimer:
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.setInterval(after_ms)
        timer.timeout.connect(then)
        return timer

    def _connect(self) -> None:
        parts = self._parts
        self._wall.cameras_changed.connect(self._cameras_changed)
        for timeline in (self.strip, self.lanes):
            timeline.playhead_dragged.connect(lambda at: self.moment_wanted.emit(at, False))
            timeline.moment_chosen.connect(lambda at: self.moment_wanted.emit(at, True))
            timeline.mark_chosen.connect(self.event_wanted)
        self.lanes.span_changed.connect(self._span_moved)
        self.lanes.lane_chosen.connect(self.lane_wanted)
        for signal in (
            parts.footage.keyed_changed,
            parts.footage.reset,
            parts.events.keyed_changed,
            parts.events.reset,
            parts.cameras.keyed_changed,
            parts.cameras.reset,
        ):
            signal.connect(self._repaint_soon)
        parts.systems.keyed_changed.connect(self._reload)

    def _cameras_changed(self) -> None:
        self._repaint_soon()
        self._loading.start()

    def _repaint_soon(self, *_: object) -> None:
        if not self._painting.isActive():
            self._painting.start()

    def _repaint(self) -> None:
        keys = self._keys()
        now = datetime.now(UTC)
        events = self._parts.events.rows
        self.strip.set_lanes([self._summed(keys, now)] if keys else [])
        if self.is_reviewing:
            self.lanes.set_lanes(
                [
                    lane_of(key, self._name(key), self._parts.footage.get(key), events, now)
                    for key in keys
                ]
            )
            self._show_height()

    def _summed(self, keys: tuple[CameraKey, ...], now: datetime) -> Lane:
        known = [(self._name(key), self._parts.footage.get(key)) for key in keys]
        footages = [(name, footage) for name, footage in known if footage is not None]
        return summed_lane(self.tr("All"), footages, self._parts.events.rows, keys, now)

    def _keys(self) -> tuple[CameraKey, ...]:
        return tuple(dict.fromkeys(key for key in self._wall.cameras() if key is not None))

    def _name(self, key: CameraKey) -> str:
        camera = self._parts.cameras.get(key)
        return key.camera if camera is None else camera.name

    def _choose_span(self, place: int) -> None:
        duration: timedelta = self._span_box.itemData(place)
        lanes = self.lanes
        middle = lanes.playhead or lanes.span.start + lanes.span.duration / 2
        self._show_span(TimeSpan(middle - duration / 2, middle + duration / 2))

    def _show_span(self, span: TimeSpan) -> None:
        self.lanes.set_span(span)
        self._span_moved(span)

    def _not_beyond_now(self, span: TimeSpan) -> TimeSpan:
        """The same length with no more than a sliver of the future in it."""
        latest = datetime.now(UTC) + span.duration * 0.05
        return span.moved(min(latest - span.end, timedelta(0)))

    def _span_moved(self, span: TimeSpan) -> None:
        nearest = min(range(len(SPANS)), key=lambda n: abs(SPANS[n][1] - span.duration))
        is_near = abs(SPANS[nearest][1] - span.duration) < span.duration * 0.02
        self._span_box.setCurrentIndex(nearest if is_near else -1)
        self._span_box.setPlaceholderText(short_span(span.duration))
        self._loading.start()

    def _reload(self, *_: object) -> None:
        self._loaded.clear()
        self._loading.start()

    def _load(self) -> None:
        keys = tuple(key for key in self._keys() if self._is_online(key))
        if not keys or not self.isVisible():
            return
        span = self.lanes.span if self.is_reviewing else self.strip.span
        wanted = TimeRange(span.start, span.end)
        known = self._loaded.get(keys)
        if known is not None and known.start <= wanted.start and wanted.end <= known.end:
            return
        margin = wanted.duration / 2  # the action loads that much more on both sides
        self._loaded = {keys: TimeRange(wanted.start - margin, wanted.end + margin)}
        loading = footage_actions.load(self._parts, keys, wanted)
        self._parts.tasks.start(loading, name=self.tr("What is recorded"))
        self._load_events(keys, self._loaded[keys])

    def _load_events(self, keys: tuple[CameraKey, ...], wanted: TimeRange) -> None:
        """Once for each stretch of time that is reviewed; what happens now is told anyway."""
        known = self._with_events.get(keys)
        if not self.is_reviewing or (
            known is not None and known.start <= wanted.start and wanted.end <= known.end
        ):
            return
        self._with_events = {keys: wanted}
        loading = footage_actions.load_events(self._parts, keys, wanted)
        self._parts.tasks.start(loading, name=self.tr("What happened"))

    def _is_online(self, key: CameraKey) -> bool:
        system = self._parts.systems.get(key.system)
        return system is not None and system.phase is Phase.ONLINE


def short_span(duration: timedelta) -> str:
    """Such as ``9 min``, in one unit."""
    seconds = duration.total_seconds()
    for size, unit in ((86_400, "d"), (3600, "h"), (60, "min")):
        if seconds >= 1.5 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
