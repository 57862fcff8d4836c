"""Which cameras are on the wall: chosen, dealt out, saved and remembered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtWidgets import QMenu, QWidget

from console.actions import snapshot
from console.domain.camera import CameraKey
from console.domain.layout import Wall
from widgets.video_wall.grid import layout_for

if TYPE_CHECKING:
    from PySide6.QtGui import QImage

    from console.parts import ConsoleParts
    from console.views.wall import WallView

STATE = "wall"
DEAL_AFTER_MS = 150


class Walls(QObject):
    """Puts cameras on tiles. A wall that nobody has arranged yet is dealt out by itself."""

    shown = Signal(str, object)
    """Name of the layout, and of the saved wall that is shown, or None."""

    def __init__(self, parts: ConsoleParts, wall: WallView, window: QWidget) -> None:
        super().__init__(window)
        self._parts = parts
        self._wall = wall
        self._window = window
        self._name: str | None = None
        self._is_arranged = False
        self._is_ours = False
        self._put_aside: dict[int, CameraKey] = {}
        wall.cameras_changed.connect(self._changed)
        # Cameras arrive one by one when a system is loaded: deal out once.
        self._dealing = QTimer(self)
        self._dealing.setSingleShot(True)
        self._dealing.setInterval(DEAL_AFTER_MS)
        self._dealing.timeout.connect(self._deal_by_itself)
        parts.cameras.inserted.connect(lambda _row: self._dealing.start())
        parts.cameras.reset.connect(self._dealing.start)

    def restore(self) -> None:
        """Be as it was left; a first start takes the layout of the settings."""
        state = self._parts.layouts.state(STATE)
        self._is_ours = True
        if state:
            self._wall.restore_state(state)
            self._is_arranged = bool(state.get("arranged", True))
            name = state.get("name")
            self._name = name if isinstance(name, str) else None
        else:
            self._wall.set_layout(self._parts.settings.values.first_layout)
        self._is_ours = False
        self._tell()
        self._dealing.start()

    def remember(self) -> None:
        """Keep what is on the wall."""
        state = self._wall.state_dict()
        state.update(arranged=self._is_arranged, name=self._name)
        self._parts.layouts.remember(STATE, state)

    def set_layout(self, name: str) -> None:
        """So many tiles; cameras that find none come back when there are more again."""
        before = self._wall.cameras()
        self._is_ours = True
        self._wall.set_layout(name)
        count = len(self._wall.cameras())
        self._put_aside.update(
            {tile: key for tile, key in enumerate(before) if tile >= count and key is not None}
        )
        for tile in range(len(before), count):
            key = self._put_aside.pop(tile, None)
            if key not in self._wall.cameras():
                self._wall.set_camera(tile, key)
        self._is_ours = False
        if not self._is_arranged:
            self._deal_by_itself(may_grow=False)
        self._tell()

    def fill(self) -> None:
        """All cameras, in the order of the panel, on as many tiles as they need."""
        self._is_arranged = False
        self._put_aside.clear()
        self._deal_by_itself()

    def show_camera(self, key: CameraKey) -> None:
        """Select the tile of a camera; one that has none gets an empty one, or the selected one."""
        cameras = self._wall.cameras()
        if key in cameras:
            self._wall.select(cameras.index(key))
            return
        tile = cameras.index(None) if None in cameras else max(0, self._wall.selected())
        self._wall.set_camera(tile, key)
        self._wall.select(tile)

    def select_camera(self, key: CameraKey) -> None:
        """Select the tile of a camera that is on the wall."""
        cameras = self._wall.cameras()
        if key in cameras:
            self._wall.select(cameras.index(key))

    def select_named(self, text: str) -> None:
        """Select by the text of a key."""
        self.select_camera(CameraKey.parse(text))

    def save(self, name: str) -> None:
        """Keep what is on the wall under a name."""
        cameras = tuple(self._wall.cameras())
        self._parts.layouts.put(Wall(name, self._wall.layout_name(), cameras))
        self._parts.layouts.flush()
        self._name = name
        self._is_arranged = True
        self._tell()

    def show_wall(self, name: str) -> None:
        """Show a saved wall."""
        wall = self._parts.layouts.get(name)
        if wall is None:
            return
        self._is_ours = True
        self._put_aside.clear()
        self._wall.set_layout(wall.layout)
        for tile in range(len(self._wall.cameras())):
            key = wall.cameras[tile] if tile < len(wall.cameras) else None
            self._wall.set_camera(tile, key)
        self._is_ours = False
        self._is_arranged = True
        self._name = name
        self._tell()

    def show_number(self, number: int) -> None:
        """Show the saved wall in that place of the list."""
        rows = self._parts.layouts.rows
        if number <= len(rows):
            self.show_wall(rows[number - 1].name)

    def snapshot(self) -> None:
        """Save a still of the selected tile."""
        key = self._wall.selected_camera()
        camera = None if key is None else self._parts.cameras.get(key)
        picture = self._wall.snapshot(self._wall.selected())
        name = "camera" if camera is None else camera.name
        self._parts.tasks.start(self._save_picture(picture, name), name=self.tr("Snapshot"))

    def camera_menu(self, key: CameraKey) -> QMenu:
        """What can be done with a camera of the panel."""
        menu = QMenu(self._window)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction(self.tr("Show on the wall"), lambda: self.show_camera(key))
        menu.addAction(
            self.tr("Show in the selected tile"),
            lambda: self._wall.set_camera(max(0, self._wall.selected()), key),
        )
        return menu

    async def _save_picture(self, picture: QImage | None, name: str) -> None:
        at = self._wall.playhead() or datetime.now(UTC)
        path = await snapshot.save(picture, snapshot.proposed_path(name, at))
        self._parts.notices.say(self.tr("Saved {file}").format(file=path))

    def _deal_by_itself(self, *, may_grow: bool = True) -> None:
        if self._is_arranged:
            return
        cameras = sorted(self._parts.cameras.rows, key=lambda c: (c.name.casefold(), c.key))
        keys = [camera.key for camera in cameras]
        if not keys:
            return
        if not may_grow:
            keys = keys[: len(self._wall.cameras())]
        self._is_ours = True
        if may_grow and len(keys) > len(self._wall.cameras()):
            self._wall.set_layout(layout_for(len(keys)))
        self._wall.deal_out(keys)
        self._is_ours = False
        self._name = None
        self._tell()

    def _changed(self) -> None:
        if not self._is_ours:
            self._is_arranged = True
            self._name = None
        self._tell()

    def _tell(self) -> None:
        self.shown.emit(self._wall.layout_name(), self._name)
