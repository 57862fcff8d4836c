"""The left panel: filter, cameras with their state, walls, and PTZ of the selected camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QModelIndex,
    QPersistentModelIndex,
    QRect,
    QSize,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtWidgets import (
    QAbstractItemView,
    QButtonGroup,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolButton,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from console.domain.camera import Camera, CameraCapability, CameraKey, Health
from console.domain.system import Phase, SystemState
from console.models.cameras import CameraRole, CameraTreeModel
from console.views.ptz_panel import PtzPanel
from console.views.words import Look, health_look, phase_look
from widgets.empty_state import EmptyState
from widgets.icons import icon
from widgets.search_field import SearchField
from widgets.theme import current_theme, font, line_height, set_kind
from widgets.video_wall.grid import LAYOUTS

if TYPE_CHECKING:
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QPainter

    from console.domain.layout import Wall
    from console.parts import ConsoleParts

AnyIndex = QModelIndex | QPersistentModelIndex
WIDTH = 250
PAGE_EMPTY, PAGE_TREE = 0, 1


class CameraFilter(QSortFilterProxyModel):
    """Cameras whose name holds all the typed words; a system stays while one of its cameras does."""

    def __init__(self, source: CameraTreeModel) -> None:
        super().__init__(source)
        self._words: tuple[str, ...] = ()
        self._tree = source
        self.setSourceModel(source)

    def set_text(self, text: str) -> None:
        """Filter by these words."""
        self._words = tuple(text.casefold().split())
        self.invalidate()

    def filterAcceptsRow(self, row: int, parent: AnyIndex) -> bool:
        """Whether the row stays."""
        index = self._tree.index(row, 0, parent)
        camera = self._tree.camera_at(index)
        if camera is not None:
            return self._wants(camera)
        if not self._words:
            return True
        children = range(self._tree.rowCount(index))
        return any(self.filterAcceptsRow(child, index) for child in children)

    def _wants(self, camera: Camera) -> bool:
        look = health_look(camera.health)
        text = f"{camera.name} {look.text}".casefold()
        return all(word in text for word in self._words)


class CameraDelegate(QStyledItemDelegate):
    """A camera's row: state as shape, colour and word; a system's row: its name and how many are there."""

    def sizeHint(self, _option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """Room for one line."""
        is_camera = index.data(CameraRole.CAMERA) is not None
        return QSize(120, line_height() + (11 if is_camera else 15))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:
        """One row."""
        painter.save()
        camera: Camera | None = index.data(CameraRole.CAMERA)
        system: SystemState | None = index.data(CameraRole.SYSTEM)
        if camera is not None:
            self._paint_camera(painter, option, camera)
        elif system is not None:
            self._paint_system(painter, option.rect, index, system)
        painter.restore()

    def _paint_camera(
        self, painter: QPainter, option: QStyleOptionViewItem, camera: Camera
    ) -> None:
        theme, area = current_theme(), option.rect.adjusted(2, 1, -2, -1)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("selected" if chosen else "hover"))
            painter.setRenderHint(painter.RenderHint.Antialiasing)
            painter.drawRoundedRect(area, 5, 5)
        look = health_look(camera.health)
        painter.setFont(font())
        painter.setPen(theme.colour(look.role))
        glyph = QRect(area.left() + 6, area.top(), 16, area.height())
        painter.drawText(glyph, Qt.AlignmentFlag.AlignCenter, look.glyph)
        side = side_text(camera, look)
        painter.setFont(font(0.89))
        wide = painter.fontMetrics().horizontalAdvance(side) + 8
        if side:
            is_bad = camera.health is not Health.ONLINE
            painter.setPen(theme.colour(look.role if is_bad else "text_3"))
            painter.drawText(
                area.adjusted(0, 0, -7, 0),
                Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                side,
            )
        painter.setFont(font())
        painter.setPen(theme.colour("text"))
        room = area.adjusted(28, 0, -wide - 4, 0)
        name = painter.fontMetrics().elidedText(
            camera.name, Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_system(
        self, painter: QPainter, area: QRect, index: AnyIndex, system: SystemState
    ) -> None:
        theme, look = current_theme(), phase_look(system.phase)
        count = system_count(index) if system.phase is Phase.ONLINE else look.text
        painter.setFont(font(0.89))
        painter.setPen(theme.colour("text_3" if system.phase is Phase.ONLINE else look.role))
        wide = painter.fontMetrics().horizontalAdvance(count) + 10
        lower = area.adjusted(4, 4, -8, 0)
        painter.drawText(lower, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, count)
        painter.setFont(font(0.89, is_bold=True))
        painter.setPen(theme.colour("text_3"))
        room = lower.adjusted(0, 0, -wide, 0)
        name = painter.fontMetrics().elidedText(
            system.name.upper(), Qt.TextElideMode.ElideRight, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, name)


class CameraPanel(QWidget):
    """Everything that leads to a camera."""

    camera_activated = Signal(object)
    """``CameraKey`` that was double-clicked or entered."""
    camera_selected = Signal(object)
    wall_wanted = Signal(str)
    layout_wanted = Signal(str)
    save_wall_wanted = Signal()
    add_camera_wanted = Signal()
    connect_wanted = Signal()
    sign_in_wanted = Signal(str)
    camera_menu_wanted = Signal(object, object)
    """``CameraKey`` and global ``QPoint``."""

    def __init__(self, parts: ConsoleParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._model = CameraTreeModel(parts.systems, parts.cameras, self)
        self._filter = CameraFilter(self._model)
        self.search = SearchField(self.tr("Filter cameras"))
        self.search.textChanged.connect(self._filter_changed)
        self.tree = self._make_tree()
        self.search.descended.connect(self._enter_tree)
        self._empty = EmptyState(picture="camera")
        self._empty.acted.connect(self._act_on_empty)
        self._pages = QStackedWidget()
        self._pages.addWidget(self._empty)
        self._pages.addWidget(self.tree)
        self._pages.setMinimumHeight(90)
        self.ptz = PtzPanel(parts)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 10, 8, 10)
        layout.setSpacing(6)
        layout.addWidget(self.search)
        layout.addWidget(self._pages, stretch=1)
        layout.addWidget(self._make_walls())
        layout.addWidget(self.ptz)
        for store in (parts.cameras, parts.systems):
            store.reset.connect(self._refresh)
            store.keyed_changed.connect(self._refresh)
        for signal in (parts.layouts.reset, parts.layouts.keyed_changed):
            signal.connect(self._show_walls)
        self._refresh()
        self._show_walls()

    def select(self, key: CameraKey | None) -> None:
        """Show which camera is selected on the wall, and its PTZ if it can."""
        camera = None if key is None else self._parts.cameras.get(key)
        can = camera is not None and CameraCapability.PTZ in camera.capabilities
        self.ptz.show_camera(camera if can else None)
        if key is None:
            self.tree.clearSelection()
            return
        index = self._filter.mapFromSource(self._model.index_of(key))
        if index.isValid() and index != self.tree.currentIndex():
            was = self.tree.blockSignals(True)
            self.tree.setCurrentIndex(index)
            self.tree.blockSignals(was)

    def show_layout(self, name: str, wall: str | None) -> None:
        """Mark the layout that is shown, and the saved wall it came from."""
        if name in self._layout_buttons:
            self._layout_buttons[name].setChecked(True)
        for row, button in self._wall_buttons.items():
            button.setChecked(row == wall)

    def _make_tree(self) -> QTreeView:
        tree = QTreeView()
        tree.setModel(self._filter)
        tree.setItemDelegate(CameraDelegate(tree))
        tree.setHeaderHidden(True)
        tree.setIndentation(0)
        tree.setRootIsDecorated(False)
        tree.setDragEnabled(True)
        tree.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        tree.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        tree.setExpandsOnDoubleClick(False)
        tree.setMouseTracking(True)
        tree.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        tree.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        tree.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        tree.setAccessibleName(self.tr("Cameras"))
        tree.activated.connect(self._activate)
        tree.clicked.connect(self._click)
        tree.customContextMenuRequested.connect(self._open_menu)
        for signal in (
            self._filter.rowsInserted,
            self._filter.modelReset,
            self._filter.layoutChanged,
        ):
            signal.connect(lambda *_: tree.expandAll())
        return tree

    def _make_walls(self) -> QWidget:
        section = QWidget()
        column = QVBoxLayout(section)
        column.setContentsMargins(0, 4, 0, 0)
        column.setSpacing(3)
        head = QHBoxLayout()
        caption = QLabel(self.tr("WALLS"))
        set_kind(caption, "caption")
        save = QToolButton()
        save.setIcon(icon("save", "text_2"))
        save.setToolTip(self.tr("Save this wall (Ctrl+S)"))
        save.setAccessibleName(self.tr("Save this wall"))
        set_kind(save, "quiet")
        save.clicked.connect(self.save_wall_wanted)
        head.addWidget(caption, stretch=1)
        head.addWidget(save)
        column.addLayout(head)
        column.addLayout(self._make_layouts())
        self._wall_buttons: dict[str, QPushButton] = {}
        self._wall_column = QVBoxLayout()
        self._wall_column.setSpacing(1)
        column.addLayout(self._wall_column)
        return section

    def _make_layouts(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(3)
        group = QButtonGroup(self)
        self._layout_buttons: dict[str, QPushButton] = {}
        for place, name in enumerate(LAYOUTS):
            button = QPushButton(name)
            button.setCheckable(True)
            button.setMinimumWidth(24)
            set_kind(button, "segment")
            button.setToolTip(self.tr("{n} tiles").format(n=name))
            button.setAccessibleName(self.tr("Layout with {n} tiles").format(n=name))
            button.clicked.connect(lambda _checked=False, name=name: self.layout_wanted.emit(name))
            group.addButton(button)
            grid.addWidget(button, 0, place)
            self._layout_buttons[name] = button
        return grid

    def _show_walls(self, *_: object) -> None:
        for button in self._wall_buttons.values():
            button.hide()
            button.deleteLater()
        self._wall_buttons = {}
        for number, wall in enumerate(self._parts.layouts.rows, start=1):
            button = self._wall_button(number, wall)
            self._wall_buttons[wall.name] = button
            self._wall_column.addWidget(button)

    def _wall_button(self, number: int, wall: Wall) -> QPushButton:
        metrics = self.fontMetrics()
        name = metrics.elidedText(wall.name, Qt.TextElideMode.ElideRight, WIDTH - 90)
        button = QPushButton(icon("wall", "text_2"), f" {name}")
        button.setCheckable(True)
        set_kind(button, "row")
        key = QLabel(str(number) if number <= 9 else "")
        set_kind(key, "hint")
        key.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        row = QHBoxLayout(button)
        row.setContentsMargins(0, 0, 8, 0)
        row.addWidget(key, alignment=Qt.AlignmentFlag.AlignRight)
        tip = self.tr("{name}: {layout} tiles").format(name=wall.name, layout=wall.layout)
        button.setToolTip(tip)
        button.setAccessibleName(wall.name)
        button.clicked.connect(lambda: self.wall_wanted.emit(wall.name))
        button.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        button.customContextMenuRequested.connect(
            lambda point: self._open_wall_menu(wall.name, button.mapToGlobal(point))
        )
        return button

    def _open_wall_menu(self, name: str, place: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Show"), lambda: self.wall_wanted.emit(name))
        menu.addAction(
            icon("delete", "alert"),
            self.tr("Delete this wall"),
            lambda: self._parts.layouts.remove(name),
        )
        menu.popup(place)

    def _filter_changed(self, text: str) -> None:
        self._filter.set_text(text)
        self.tree.expandAll()

    def _enter_tree(self) -> None:
        first = self._filter.index(0, 0, self._filter.index(0, 0))
        if first.isValid():
            self.tree.setCurrentIndex(first)
            self.tree.setFocus()

    def _activate(self, index: QModelIndex) -> None:
        key = index.data(CameraRole.KEY)
        if key is not None:
            self.camera_activated.emit(key)

    def _click(self, index: QModelIndex) -> None:
        key = index.data(CameraRole.KEY)
        system: SystemState | None = index.data(CameraRole.SYSTEM)
        if key is not None:
            self.camera_selected.emit(key)
        elif system is not None and system.phase is Phase.SIGNED_OUT:
            self.sign_in_wanted.emit(system.id)

    def _open_menu(self, point: QPoint) -> None:
        key = self.tree.indexAt(point).data(CameraRole.KEY)
        if key is not None:
            self.camera_menu_wanted.emit(key, self.tree.viewport().mapToGlobal(point))

    def _refresh(self, *_: object) -> None:
        self.tree.expandAll()
        systems = self._parts.systems.rows
        if len(self._parts.cameras):
            self._pages.setCurrentIndex(PAGE_TREE)
            return
        self._pages.setCurrentIndex(PAGE_EMPTY)
        if not systems:
            self._empty.show_state(
                self.tr("Not connected yet"),
                self.tr("Use this computer as the server, or connect to one in the network."),
                self.tr("Connect"),
            )
        elif systems[0].phase is Phase.SIGNED_OUT:
            self._empty.show_state(
                self.tr("Signed out"), systems[0].cause or "", self.tr("Sign in")
            )
        elif systems[0].phase is not Phase.ONLINE:
            look = phase_look(systems[0].phase)
            self._empty.show_state(f"{look.glyph} {look.text}", systems[0].cause or "")
        else:
            self._empty.show_state(
                self.tr("No cameras yet"),
                self.tr("Add the first one by its address. Ctrl+N does the same."),
                self.tr("Add a camera"),
            )

    def _act_on_empty(self) -> None:
        systems = self._parts.systems.rows
        if not systems:
            self.connect_wanted.emit()
        elif systems[0].phase is Phase.SIGNED_OUT:
            self.sign_in_wanted.emit(systems[0].id)
        else:
            self.add_camera_wanted.emit()


def side_text(camera: Camera, look: Look) -> str:
    """What stands at the right of a camera's row: what is wrong, else what it can do."""
    if camera.health is not Health.ONLINE:
        return look.text
    return "PTZ" if CameraCapability.PTZ in camera.capabilities else ""


def system_count(index: AnyIndex) -> str:
    """Such as ``9/10`` cameras online."""
    model = index.model()
    rows = range(model.rowCount(index))
    cameras = [model.index(row, 0, index).data(CameraRole.CAMERA) for row in rows]
    online = sum(camera.health is Health.ONLINE for camera in cameras)
    return f"{online}/{len(cameras)}"
