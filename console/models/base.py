"""A store as a flat Qt item model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex

from console.store.base import Key

if TYPE_CHECKING:
    from console.store.base import ListStore

Row = TypeVar("Row")
AnyIndex = QModelIndex | QPersistentModelIndex
NO_PARENT = QModelIndex()


class StoreListModel(QAbstractListModel, Generic[Key, Row]):
    """Rows of one store; a subclass says what each role shows."""

    def __init__(self, store: ListStore[Key, Row], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._store = store
        store.about_to_reset.connect(self.beginResetModel)
        store.reset.connect(self.endResetModel)
        store.about_to_insert.connect(self._begin_insert)
        store.inserted.connect(self._end_insert)
        store.about_to_remove.connect(self._begin_remove)
        store.removed.connect(self._end_remove)
        store.changed.connect(self._say_changed)

    def show(self, row: Row, role: int) -> Any:
        """What the role shows of a row."""
        raise NotImplementedError

    def row_at(self, index: AnyIndex) -> Row | None:
        """The store's row behind an index, or None."""
        if not index.isValid() or index.row() >= len(self._store):
            return None
        return self._store.at(index.row())

    def rowCount(self, parent: AnyIndex = NO_PARENT) -> int:
        """As many as the store has."""
        return 0 if parent.isValid() else len(self._store)

    def data(self, index: AnyIndex, role: int = 0) -> Any:
        """What the role shows, or None."""
        row = self.row_at(index)
        return None if row is None else self.show(row, role)

    def _begin_insert(self, index: int) -> None:
        self.beginInsertRows(QModelIndex(), index, index)

    def _end_insert(self, _index: int) -> None:
        self.endInsertRows()

    def _begin_remove(self, index: int) -> None:
        self.beginRemoveRows(QModelIndex(), index, index)

    def _end_remove(self, _index: int) -> None:
        self.endRemoveRows()

    def _say_changed(self, index: int) -> None:
        place = self.index(index)
        self.dataChanged.emit(place, place)
