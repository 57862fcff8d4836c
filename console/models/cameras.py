"""Systems and their cameras as a Qt tree."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractItemModel, QByteArray, QMimeData, QModelIndex, QObject, Qt

from console.domain.camera import Camera, CameraKey
from console.models.base import NO_PARENT, AnyIndex

if TYPE_CHECKING:
    from collections.abc import Sequence

    from console.domain.system import SystemState
    from console.store.cameras import CameraStore
    from console.store.systems import SystemStore

CAMERA_MIME = "application/x-gatehouse-camera"
"""A drag of cameras: one ``str(CameraKey)`` per line, UTF-8."""


class CameraRole(enum.IntEnum):
    """What can be asked of a row of the tree."""

    KEY = Qt.ItemDataRole.UserRole + 1
    """``CameraKey`` of a camera; None for a system."""
    CAMERA = KEY + 1
    """The whole frozen ``Camera``; None for a system. (Single enum values become plain text in Qt.)"""
    SYSTEM = KEY + 2
    """The ``SystemState``: of the row, or of the system that the camera belongs to."""
    HEALTH = KEY + 3
    CAUSE = KEY + 4


class CameraTreeModel(QAbstractItemModel):
    """Two levels: systems in the order of their store, below each its cameras by name."""

    def __init__(
        self, systems: SystemStore, cameras: CameraStore, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._system_store = systems
        self._camera_store = cameras
        self._systems: list[str] = []
        self._children: dict[str, list[CameraKey]] = {}
        systems.reset.connect(self._rebuild)
        cameras.reset.connect(self._rebuild)
        systems.keyed_changed.connect(self._system_changed)
        cameras.keyed_changed.connect(self._camera_changed)
        self._rebuild()

    def system_at(self, index: AnyIndex) -> SystemState | None:
        """The system of a row, or the one its camera belongs to."""
        if not index.isValid():
            return None
        place = index.internalId() - 1 if index.internalId() else index.row()
        return self._system_store.get(self._systems[place])

    def camera_at(self, index: AnyIndex) -> Camera | None:
        """The camera of a row; None for a system's row."""
        if not index.isValid() or not index.internalId():
            return None
        keys = self._children[self._systems[index.internalId() - 1]]
        return self._camera_store.get(keys[index.row()])

    def index_of(self, key: CameraKey) -> QModelIndex:
        """Where a camera's row is; an invalid index when it is not in the tree."""
        keys = self._children.get(key.system, [])
        if key not in keys:
            return QModelIndex()
        return self.index(keys.index(key), 0, self._system_index(key.system))

    def index(self, row: int, column: int = 0, parent: AnyIndex = NO_PARENT) -> QModelIndex:
        """A system's row counts as 0 inside; a camera's carries its system's place plus one."""
        if not self.hasIndex(row, column, parent):
            return QModelIndex()
        return self.createIndex(row, column, parent.row() + 1 if parent.isValid() else 0)

    def parent(self, index: AnyIndex | None = None) -> Any:
        """The system of a camera's row."""
        if index is None:
            return QObject.parent(self)
        if not index.isValid() or not index.internalId():
            return QModelIndex()
        return self.createIndex(index.internalId() - 1, 0, 0)

    def rowCount(self, parent: AnyIndex = NO_PARENT) -> int:
        """Systems at the top, cameras below."""
        if not parent.isValid():
            return len(self._systems)
        if parent.internalId():
            return 0
        return len(self._children[self._systems[parent.row()]])

    def columnCount(self, parent: AnyIndex = NO_PARENT) -> int:
        """One."""
        return 1

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        """Cameras can be dragged."""
        flags = super().flags(index)
        if self.camera_at(index) is not None:
            flags |= Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemNeverHasChildren
        return flags

    def data(self, index: AnyIndex, role: int = 0) -> Any:
        """What the role shows of a camera or a system."""
        camera = self.camera_at(index)
        system = self.system_at(index)
        if camera is not None:
            return _show_camera(camera, system, role)
        return None if system is None else _show_system(system, role)

    def mimeTypes(self) -> list[str]:
        """What a drag carries."""
        return [CAMERA_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """The keys of the dragged cameras; a dragged system stands for all of its own."""
        cameras = [camera for index in indexes if (camera := self.camera_at(index)) is not None]
        carried = QMimeData()
        lines = "\n".join(str(camera.key) for camera in cameras)
        carried.setData(CAMERA_MIME, QByteArray(lines.encode()))
        return carried

    def _system_index(self, system: str) -> QModelIndex:
        return self.index(self._systems.index(system), 0)

    def _rebuild(self) -> None:
        self.beginResetModel()
        self._systems = [system.id for system in self._system_store.rows]
        self._children = {system: self._keys_of(system) for system in self._systems}
        self.endResetModel()

    def _keys_of(self, system: str) -> list[CameraKey]:
        cameras = self._camera_store.of_system(system)
        return [camera.key for camera in sorted(cameras, key=_order)]

    def _system_changed(self, system: str) -> None:
        is_known = self._system_store.get(system) is not None
        if is_known and system in self._systems:
            place = self._system_index(system)
            self.dataChanged.emit(place, place)
        elif is_known:
            self.beginInsertRows(QModelIndex(), len(self._systems), len(self._systems))
            self._systems.append(system)
            self._children[system] = self._keys_of(system)
            self.endInsertRows()
        elif system in self._systems:
            self._rebuild()  # the places of those behind it move, and with them their cameras' ids

    def _camera_changed(self, key: CameraKey) -> None:
        if key.system not in self._systems:
            return
        camera = self._camera_store.get(key)
        old = self._children[key.system]
        new = self._keys_of(key.system)
        if camera is not None and old == new:
            place = self.index_of(key)
            self.dataChanged.emit(place, place)
            return
        if key in old:
            row = old.index(key)
            self.beginRemoveRows(self._system_index(key.system), row, row)
            old.remove(key)
            self.endRemoveRows()
        if camera is not None:
            row = new.index(key)
            self.beginInsertRows(self._system_index(key.system), row, row)
            old.insert(row, key)
            self.endInsertRows()


def keys_in(carried: QMimeData) -> list[CameraKey]:
    """The cameras in a drag; what is not a key is passed over."""
    text = bytes(carried.data(CAMERA_MIME).data()).decode(errors="replace")
    return [CameraKey.parse(line) for line in text.splitlines() if "/" in line.rstrip("/")]


def _order(camera: Camera) -> tuple[str, CameraKey]:
    return camera.name.casefold(), camera.key


def _show_camera(camera: Camera, system: SystemState | None, role: int) -> Any:
    if role == Qt.ItemDataRole.ToolTipRole:
        return camera.cause or camera.name
    shown: dict[int, Any] = {
        Qt.ItemDataRole.DisplayRole: camera.name,
        CameraRole.KEY: camera.key,
        CameraRole.CAMERA: camera,
        CameraRole.SYSTEM: system,
        CameraRole.HEALTH: camera.health,
        CameraRole.CAUSE: camera.cause,
    }
    return shown.get(role)


def _show_system(system: SystemState, role: int) -> Any:
    if role == Qt.ItemDataRole.ToolTipRole:
        return system.cause or system.address
    shown: dict[int, Any] = {
        Qt.ItemDataRole.DisplayRole: system.name,
        CameraRole.SYSTEM: system,
        CameraRole.CAUSE: system.cause,
    }
    return shown.get(role)
