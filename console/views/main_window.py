"""The main window: composes panels, wall and pages, and connects them with what the operator can do."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QEvent, QPoint, QSize, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMainWindow,
    QMenu,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from console.actions import events as event_actions
from console.domain.event import Severity
from console.domain.notice import Level
from console.models.events import EventListModel
from console.views import shortcuts, words
from console.views.alarm_bar import AlarmBar
from console.views.app_icon import app_icon
from console.views.camera_panel import WIDTH as LEFT_WIDTH
from console.views.camera_panel import CameraPanel
from console.views.dialogs import Dialogs
from console.views.events_page import EventsPage
from console.views.palette_entries import entries_of
from console.views.playback_controls import PlaybackControls
from console.views.system_page import SystemPage
from console.views.timeline_panel import TimelinePanel
from console.views.triage_rail import WIDTH as RIGHT_WIDTH
from console.views.triage_rail import TriageRail, waiting_alerts
from console.views.wall import WallView
from console.views.walls import Walls
from widgets.command_palette import CommandPalette
from widgets.folding import FoldingPanel
from widgets.theme import current_theme, set_kind
from widgets.toast import Message, ToastStack
from widgets.top_bar import TopBar

if TYPE_CHECKING:
    from collections.abc import Callable

    from console.domain.camera import CameraKey
    from console.domain.event import Event, EventKey
    from console.domain.notice import Notice
    from console.parts import ConsoleParts

LIVE, REVIEW, EVENTS, SYSTEM = "live", "review", "events", "system"
WORKSPACES = (LIVE, REVIEW, EVENTS, SYSTEM)
STATE = "main_window"
FIRST_SIZE = QSize(1440, 860)
"""Before the operator has chosen one; never more than the screen has."""
ROOM_FOR_LEFT = 1000
ROOM_FOR_BOTH = 1360
"""Below these widths the panels fold, the right one first; the operator can unfold them all the same."""


class MainWindow(QMainWindow):
    """The console's window."""

    def __init__(self, parts: ConsoleParts, *, wall: WallView | None = None) -> None:
        super().__init__()
        self._parts = parts
        self.setWindowTitle("Gatehouse")
        self.setWindowIcon(app_icon())
        self.setMinimumSize(640, 420)
        self._workspace = LIVE
        self._narrowness = 0
        self._was_maximised = False
        self.wall = WallView(parts) if wall is None else wall
        self._events = EventListModel(parts.events, parts.pictures, self)
        self.cameras = CameraPanel(parts)
        self.rail = TriageRail(parts, self._events)
        self.timeline = TimelinePanel(parts, self.wall)
        self.events_page = EventsPage(parts, self._events)
        self.system_page = SystemPage(parts)
        self.playback = PlaybackControls(parts, self.wall, self.timeline, self)
        self.walls = Walls(parts, self.wall, self)
        self.dialogs = Dialogs(parts, self)
        self.actions_by_name = shortcuts.make_actions(self, self._handlers())
        self.menu = self._make_menu()
        self._lay_out()
        self.toasts = ToastStack(self)
        self.palette_box = CommandPalette(self.tr("Find a camera, an event or an action"), self)
        self._connect()
        self._remembering = QTimer(self)
        self._remembering.setSingleShot(True)
        self._remembering.setInterval(300)
        self._remembering.timeout.connect(self._remember)
        self._clock = QTimer(self)
        self._clock.setInterval(1000)
        self._clock.timeout.connect(self._tick)
        self._clock.start()
        self._tick()
        self._restore()
        self.show_workspace(self._workspace)

    # -- workspaces ----------------------------------------------------------------------------------

    @property
    def workspace(self) -> str:
        """Which one is open: ``live``, ``review``, ``events`` or ``system``."""
        return self._workspace

    def show_workspace(self, name: str) -> None:
        """Open a workspace."""
        self._workspace = name
        self.top_bar.set_workspace(name)
        is_wall = name in (LIVE, REVIEW)
        page = {EVENTS: self.events_page, SYSTEM: self.system_page}.get(name, self.wall)
        self._pages.setCurrentWidget(page)
        self.timeline.set_reviewing(name == REVIEW)
        self._show_panels()
        self.timeline.setVisible(is_wall and not self.isFullScreen())
        self.toasts.set_bottom(self.timeline.height() + 14 if is_wall else 14)
        focus = {EVENTS: self.events_page.cards, SYSTEM: self.system_page}.get(name, self.wall)
        focus.setFocus()

    def go_live(self) -> None:
        """Live pictures, in the Live workspace."""
        self.playback.go_live()
        self.rail.cards.release()
        if self._workspace != LIVE:
            self.show_workspace(LIVE)

    def play_event(self, event: Event) -> None:
        """Review an event from a moment before it began."""
        self.playback.play(event)
        if self._workspace != REVIEW:
            self.show_workspace(REVIEW)

    def show_alarms(self) -> None:
        """Lead to what is not acknowledged."""
        self.rail.show_pile(Severity.ALERT)
        if self._workspace == EVENTS:
            self.events_page.choose(Severity.ALERT)
            return
        if self._workspace == SYSTEM:
            self.show_workspace(LIVE)
        self._right.set_folded(is_folded=False)
        self.rail.cards.setFocus()

    # -- events of the window ------------------------------------------------------------------------

    def event(self, event: QEvent) -> bool:
        """Keys that mean something to the widget with the focus are left to it."""
        if event.type() == QEvent.Type.ShortcutOverride and isinstance(event, QKeyEvent):
            focused = QApplication.focusWidget()
            key = event.key()
            presses = isinstance(focused, (QAbstractButton, QComboBox))
            takes = presses or isinstance(focused, (QAbstractItemView, QLineEdit))
            enters = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            leaves = key == Qt.Key.Key_Escape and isinstance(focused, QLineEdit)
            if (key == Qt.Key.Key_Space and presses) or (enters and takes) or leaves:
                event.accept()
                return True
        return super().event(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Panels give way to the wall."""
        super().resizeEvent(event)
        self._fold_for(self.width())
        if not self.isFullScreen():
            self._remember_soon()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Ask if the operator wants to be asked; then remember everything and end the streams."""
        if event.spontaneous() and self._asks_before_closing():
            event.ignore()
            return
        self._remember()
        self._remembering.stop()
        self._clock.stop()
        self.wall.stop()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Follow a change of theme."""
        if event.type() == QEvent.Type.StyleChange and hasattr(self, "wall"):
            self.wall.video_wall.set_theme(current_theme())
        super().changeEvent(event)

    # -- making --------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        self.top_bar = TopBar(
            "Gatehouse",
            app_icon(),
            [
                (
                    name,
                    shortcuts.BY_NAME[f"workspace.{name}"].icon,
                    shortcuts.text_of(f"workspace.{name}"),
                    shortcuts.BY_NAME[f"workspace.{name}"].shown_keys,
                )
                for name in WORKSPACES
            ],
            self.menu,
        )
        self.alarm_bar = AlarmBar()
        self._left = FoldingPanel(
            self.cameras,
            [
                ("expand", self.tr("Unfold the camera panel (F9)")),
                ("cameras", self.tr("Cameras")),
                ("wall", self.tr("Walls")),
            ],
            width=LEFT_WIDTH,
        )
        self._right = FoldingPanel(
            self.rail,
            [
                ("fold_left", self.tr("Unfold the event panel (F10)")),
                ("alert", self.tr("Alerts")),
                ("events", self.tr("Events")),
            ],
            width=RIGHT_WIDTH,
        )
        self._pages = QStackedWidget()
        for page in (self.wall, self.events_page, self.system_page):
            self._pages.addWidget(page)
        middle = QHBoxLayout()
        middle.setSpacing(1)
        middle.addWidget(self._left)
        middle.addWidget(self._pages, stretch=1)
        middle.addWidget(self._right)
        centre = QWidget()
        set_kind(centre, "page")
        column = QVBoxLayout(centre)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.top_bar)
        column.addWidget(self.alarm_bar)
        column.addLayout(middle, stretch=1)
        column.addWidget(self.timeline)
        self.setCentralWidget(centre)

    def _make_menu(self) -> QMenu:
        menu = QMenu(self)
        for name in (
            "camera.add",
            "system.connect",
            "",
            "full_screen",
            "statistics",
            "boxes",
            "theme",
            "settings",
            "",
            "log",
            "help",
            "about",
            "",
            "quit",
        ):
            if name:
                menu.addAction(self.actions_by_name[name])
            else:
                menu.addSeparator()
        return menu

    def _handlers(self) -> dict[str, Callable[[], object]]:
        play = self.playback
        return {
            **{f"workspace.{n}": self._opening(n) for n in WORKSPACES},
            "palette": self._open_palette,
            "menu": lambda: self.top_bar.open_menu(),
            "fold.left": lambda: self._left.set_folded(not self._left.is_folded),
            "fold.right": lambda: self._right.set_folded(not self._right.is_folded),
            "full_screen": self._toggle_full_screen,
            "back": self._go_back,
            "theme": self._toggle_theme,
            "settings": self.dialogs.settings,
            "log": self.dialogs.log,
            "help": self.dialogs.help,
            "about": self.dialogs.about,
            "quit": self._quit,
            "camera.add": self.dialogs.add_camera,
            "system.connect": self.dialogs.connect_to,
            "camera.find": self._find_camera,
            "wall.save": self.dialogs.save_wall,
            "wall.fill": self.walls.fill,
            "wall.clear_tile": lambda: self.wall.set_camera(self.wall.selected(), None),
            "tile.enlarge": self._toggle_enlarged,
            "snapshot": self.walls.snapshot,
            "statistics": lambda: self._toggle_setting("show_statistics"),
            "boxes": lambda: self._toggle_setting("show_boxes"),
            "play": play.toggle,
            "step.back": lambda: self._step(-1),
            "step.on": lambda: self._step(1),
            "live": self.go_live,
            "replay": self._replay,
            "go_to_time": self._ask_for_time,
            "faster": lambda: play.change_speed(1),
            "slower": lambda: play.change_speed(-1),
            "event.next": lambda: self._choose_event(-1),
            "event.previous": lambda: self._choose_event(1),
            "event.acknowledge": self._acknowledge,
            **{f"wall.{n}": self._showing_wall(n) for n in range(1, 10)},
        }

    def _connect(self) -> None:
        parts, wall = self._parts, self.wall
        self.top_bar.workspace_wanted.connect(self._workspace_clicked)
        self.top_bar.palette_wanted.connect(self._open_palette)
        self.top_bar.alarms_wanted.connect(self.show_alarms)
        self.top_bar.systems_wanted.connect(lambda: self.show_workspace(SYSTEM))
        self.cameras.camera_activated.connect(self.walls.show_camera)
        self.cameras.camera_selected.connect(self.walls.select_camera)
        self.cameras.camera_menu_wanted.connect(self._open_camera_menu)
        self.cameras.layout_wanted.connect(self.walls.set_layout)
        self.cameras.wall_wanted.connect(self.walls.show_wall)
        self.cameras.save_wall_wanted.connect(self.dialogs.save_wall)
        self.cameras.add_camera_wanted.connect(self.dialogs.add_camera)
        self.cameras.connect_wanted.connect(self.dialogs.first_run)
        self.cameras.sign_in_wanted.connect(self.dialogs.sign_in)
        self.system_page.add_camera_wanted.connect(self.dialogs.add_camera)
        self.system_page.connect_wanted.connect(self.dialogs.first_run)
        self.system_page.sign_in_wanted.connect(self.dialogs.sign_in)
        self.system_page.change_camera_wanted.connect(self.dialogs.change_camera)
        self.system_page.remove_camera_wanted.connect(self.dialogs.remove_camera)
        self.system_page.log_wanted.connect(self.dialogs.log)
        self.dialogs.wall_named.connect(self.walls.save)
        self.dialogs.camera_added.connect(self.walls.show_camera)
        self.dialogs.time_chosen.connect(self._go_to)
        self.walls.shown.connect(self.cameras.show_layout)
        self.rail.event_chosen.connect(self.play_event)
        self.rail.alarms_changed.connect(self._show_alarm_count)
        self.events_page.event_chosen.connect(self.play_event)
        self.alarm_bar.show_wanted.connect(self.play_event)
        self.alarm_bar.acknowledge_wanted.connect(self._acknowledge_event)
        self.timeline.lane_wanted.connect(self.walls.select_named)
        self.timeline.transport.event_wanted.connect(lambda step: self._choose_event(-step))
        self.timeline.transport.time_wanted.connect(self._ask_for_time)
        self.timeline.transport.live_wanted.connect(self.go_live)
        self.playback.mode_changed.connect(self._mode_changed)
        wall.selection_changed.connect(self.cameras.select)
        wall.cameras_changed.connect(self._remember_soon)
        wall.context_menu_requested.connect(self._open_tile_menu)
        for panel in (self._left, self._right):
            panel.folded.connect(self._remember_soon)
        self._right.icon_clicked.connect(lambda _name: self.rail.cards.setFocus())
        parts.notices.said.connect(self._say)
        parts.settings.changed.connect(self._apply_setting)
        for store in (parts.systems, parts.cameras):
            store.reset.connect(self._show_systems)
            store.keyed_changed.connect(self._show_systems)

    # -- what happens --------------------------------------------------------------------------------

    def _opening(self, name: str) -> Callable[[], None]:
        return lambda: self._workspace_clicked(name)

    def _workspace_clicked(self, name: str) -> None:
        if name == LIVE:
            self.go_live()
        self.show_workspace(name)

    def _mode_changed(self, is_live: bool) -> None:
        if not is_live and self._workspace == LIVE:
            self.show_workspace(REVIEW)

    def _showing_wall(self, number: int) -> Callable[[], None]:
        return lambda: self.walls.show_number(number)

    def _step(self, frames: int) -> None:
        self.playback.step(frames)

    def _replay(self) -> None:
        self.playback.replay()

    def _go_to(self, moment: datetime) -> None:
        self.playback.go_to(moment, playing=True)
        self.timeline.show_around(moment)

    def _ask_for_time(self) -> None:
        self.dialogs.go_to_time(self.wall.playhead() or datetime.now(UTC))

    def _choose_event(self, steps: int) -> None:
        if self._workspace == EVENTS:
            self.events_page.move_by(steps)
            return
        event = self.rail.move_by(steps)
        if event is not None:
            self.play_event(event)

    def _acknowledge(self) -> None:
        if self._workspace == EVENTS:
            self.events_page.acknowledge_current()
        elif self.isFullScreen() and self.rail.current() is None:
            waiting = waiting_alerts(self._parts.events.rows)
            self._acknowledge_event(waiting[0] if waiting else None)
        elif self.rail.current() is None:
            self.toasts.say(Message(Level.INFO, self.tr("Choose an event first: click it, or J.")))
        else:
            self.rail.acknowledge_current()

    def _acknowledge_event(self, event: Event | None) -> None:
        if event is not None:
            self._parts.tasks.start(self._send(event.key), name=self.tr("Acknowledge"))

    async def _send(self, key: EventKey) -> None:
        await event_actions.acknowledge(self._parts, key)

    def _toggle_enlarged(self) -> None:
        self.wall.enlarge(None if self.wall.is_enlarged() else self.wall.selected())

    def _toggle_full_screen(self) -> None:
        if self.isFullScreen():
            if self._was_maximised:
                self.showMaximized()
            else:
                self.showNormal()
        else:
            self._was_maximised = self.isMaximized()
            if self._workspace not in (LIVE, REVIEW):
                self.show_workspace(LIVE)
            self.showFullScreen()
        self._show_panels()
        self.top_bar.setVisible(not self.isFullScreen())
        self.timeline.setVisible(not self.isFullScreen())
        self._show_alarm_count(len(waiting_alerts(self._parts.events.rows)))

    def _go_back(self) -> None:
        if self.toasts.close_newest():
            return
        if self.wall.is_enlarged():
            self.wall.enlarge(None)
        elif self.isFullScreen():
            self._toggle_full_screen()
        elif self._workspace in (EVENTS, SYSTEM):
            self.show_workspace(LIVE if self.wall.is_live() else REVIEW)
        elif not self.wall.is_live():
            self.go_live()

    def _quit(self) -> None:
        if not self._asks_before_closing():
            self.close()

    def _asks_before_closing(self) -> bool:
        if not self._parts.settings.values.confirm_quit:
            return False
        self.dialogs.confirm_quit().accepted.connect(self.close)
        return True

    def _toggle_theme(self) -> None:
        self._parts.settings.change(theme="light" if current_theme().is_dark else "dark")

    def _toggle_setting(self, name: str) -> None:
        values = self._parts.settings.values
        self._parts.settings.change(**{name: not getattr(values, name)})

    def _apply_setting(self, name: str) -> None:
        values = self._parts.settings.values
        if name == "show_statistics":
            self.wall.set_show_statistics(values.show_statistics)
        elif name == "show_boxes":
            self.wall.set_show_boxes(values.show_boxes)
        elif name == "theme":
            self.wall.video_wall.set_theme(current_theme())

    def _find_camera(self) -> None:
        self._left.set_folded(is_folded=False)
        self.cameras.search.setFocus()
        self.cameras.search.selectAll()

    def _open_palette(self) -> None:
        self.palette_box.open_with(
            entries_of(
                self._parts,
                self.actions_by_name,
                show_camera=self.walls.show_camera,
                show_wall=self.walls.show_wall,
                play=self.play_event,
            )
        )

    def _open_camera_menu(self, key: CameraKey, place: QPoint) -> None:
        menu = self.walls.camera_menu(key)
        menu.addSeparator()
        menu.addAction(self.tr("Events of this camera"), lambda: self._show_events_of(key))
        menu.addAction(self.tr("Change this camera…"), lambda: self.dialogs.change_camera(key))
        menu.addAction(self.tr("Remove this camera…"), lambda: self.dialogs.remove_camera(key))
        menu.popup(place)

    def _open_tile_menu(self, tile: int, place: QPoint) -> None:
        self.wall.select(tile)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        key = self.wall.selected_camera()
        names = ["tile.enlarge", "snapshot", "wall.clear_tile"] if key is not None else []
        for name in (*names, "", "replay", "go_to_time", "live", "", "wall.fill", "wall.save"):
            if name:
                menu.addAction(self.actions_by_name[name])
            else:
                menu.addSeparator()
        if key is not None:
            menu.addSeparator()
            menu.addAction(self.tr("Events of this camera"), lambda: self._show_events_of(key))
            menu.addAction(self.tr("Change this camera…"), lambda: self.dialogs.change_camera(key))
            menu.addSeparator()
        for name in ("statistics", "boxes", "full_screen"):
            menu.addAction(self.actions_by_name[name])
        menu.popup(place)

    def _show_events_of(self, key: CameraKey) -> None:
        self._right.set_folded(is_folded=False)
        self.rail.filter.choose_camera(key)

    # -- what is shown -------------------------------------------------------------------------------

    def _tick(self) -> None:
        now = datetime.now(UTC)
        tip = f"{words.full_time(now)}\n{words.utc_time(now)}"
        self.top_bar.set_clock(words.clock(now), words.zone_name(now), tip)
        self.timeline.set_now(now)

    def _say(self, notice: Notice) -> None:
        source = f"{notice.source}: " if notice.source else ""
        self.toasts.say(Message(notice.level, source + notice.text, notice.remedy or ""))

    def _show_alarm_count(self, count: int) -> None:
        self.top_bar.set_alarms(count)
        self._right.set_badge("alert", str(count) if count else "")
        waiting = waiting_alerts(self._parts.events.rows)
        self.alarm_bar.show_alarms(waiting, is_wanted=self.isFullScreen())

    def _show_systems(self, *_: object) -> None:
        systems = self._parts.systems.rows
        look = words.systems_summary(systems, self._parts.cameras.rows)
        self.top_bar.set_system(look.glyph, look.text, look.role)
        known = self._parts.known.records
        name = self.tr("Operator") if known and known[0].is_embedded else ""
        self.top_bar.set_operator((name or known[0].username) if known and systems else "")
        selected = self.wall.selected_camera()
        self.cameras.select(selected)

    def _show_panels(self) -> None:
        is_wall = self._workspace in (LIVE, REVIEW) and not self.isFullScreen()
        self._left.setVisible(is_wall)
        self._right.setVisible(is_wall)

    def _fold_for(self, width: int) -> None:
        narrowness = (width < ROOM_FOR_BOTH) + (width < ROOM_FOR_LEFT)
        if narrowness != self._narrowness:
            self._narrowness = narrowness
            self._left.set_folded(is_folded=narrowness >= 1)
            self._right.set_folded(is_folded=narrowness >= 1)

    # -- remembering ---------------------------------------------------------------------------------

    def _restore(self) -> None:
        state = self._parts.layouts.state(STATE)
        geometry = state.get("geometry")
        if not (isinstance(geometry, str) and self.restoreGeometry(base64.b64decode(geometry))):
            self.resize(FIRST_SIZE.boundedTo(self.screen().availableSize()))
        if state.get("workspace") in WORKSPACES:
            self._workspace = str(state["workspace"])
        if self._workspace == REVIEW:
            self._workspace = LIVE
        self._fold_for(self.width())
        if isinstance(state.get("left_folded"), bool):
            self._left.set_folded(bool(state["left_folded"]))
        if isinstance(state.get("right_folded"), bool):
            self._right.set_folded(bool(state["right_folded"]))
        self.walls.restore()
        values = self._parts.settings.values
        self.wall.set_show_statistics(values.show_statistics)
        self.wall.set_show_boxes(values.show_boxes)
        self.wall.video_wall.set_theme(current_theme())
        self._show_systems()
        self._show_alarm_count(len(waiting_alerts(self._parts.events.rows)))

    def _remember_soon(self, *_: object) -> None:
        if self.isVisible():
            self._remembering.start()

    def _remember(self) -> None:
        if self.isFullScreen():
            return
        state: dict[str, Any] = {
            "geometry": base64.b64encode(self.saveGeometry().data()).decode(),
            "workspace": self._workspace,
            "left_folded": self._left.is_folded,
            "right_folded": self._right.is_folded,
        }
        self._parts.layouts.remember(STATE, state)
        self.walls.remember()
