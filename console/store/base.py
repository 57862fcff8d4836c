"""What every store is: a keyed list of frozen values that says what changed."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Generic, TypeVar

from PySide6.QtCore import QObject, QTimer, Signal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Key = TypeVar("Key", bound=Hashable)
Row = TypeVar("Row")

APPLY_EVERY_MS = 33
"""A flood of changes is applied once per frame of a 30 Hz screen."""


class ListStore(QObject, Generic[Key, Row]):
    """Frozen rows in order, found by key; replacing one is the only change there is.

    ``put`` coalesces: the first change after a quiet time is applied at once, whatever follows within
    ``APPLY_EVERY_MS`` is applied together, the newest value of each key winning. ``rows`` and ``get`` show
    what has been applied, and the signals say exactly that.
    """

    about_to_reset = Signal()
    reset = Signal()
    about_to_insert = Signal(int)
    inserted = Signal(int)
    about_to_remove = Signal(int)
    removed = Signal(int)
    changed = Signal(int)
    keyed_changed = Signal(object)
    """The key of a row that was inserted, changed or removed."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[Row] = []
        self._keys: list[Key] = []
        self._by_key: dict[Key, Row] = {}
        self._pending: dict[Key, Row | None] = {}
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(APPLY_EVERY_MS)
        self._timer.timeout.connect(self._apply_what_waits)

    def key_of(self, row: Row) -> Key:
        """What names the row."""
        raise NotImplementedError

    def place_of(self, row: Row) -> int:
        """Where a new row goes; at the end unless a store keeps an order."""
        return len(self._rows)

    @property
    def rows(self) -> tuple[Row, ...]:
        """All rows in order."""
        return tuple(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def __bool__(self) -> bool:
        """A store is a thing, also when it is empty."""
        return True

    def at(self, index: int) -> Row:
        """The row at a place."""
        return self._rows[index]

    def get(self, key: Key) -> Row | None:
        """The row of that key, or None."""
        return self._by_key.get(key)

    def index_of(self, key: Key) -> int | None:
        """Where that key's row is, or None."""
        return self._keys.index(key) if key in self._by_key else None

    def put(self, row: Row) -> None:
        """Insert or replace."""
        self._want(self.key_of(row), row)

    def remove(self, key: Key) -> None:
        """Take the row away, if it is there."""
        self._want(key, None)

    def replace(self, rows: Iterable[Row]) -> None:
        """Make these the rows, in this order."""
        self._pending.clear()
        self.about_to_reset.emit()
        self._rows = list(rows)
        self._keys = [self.key_of(row) for row in self._rows]
        self._by_key = dict(zip(self._keys, self._rows, strict=True))
        self.reset.emit()

    def drop(self, is_unwanted: Callable[[Key], bool]) -> None:
        """Take away every row whose key is unwanted, all at once."""
        self.flush()
        if any(is_unwanted(key) for key in self._keys):
            self.replace(row for row in self._rows if not is_unwanted(self.key_of(row)))

    def flush(self) -> None:
        """Apply at once what waits."""
        pending, self._pending = self._pending, {}
        for key, row in pending.items():
            if row is None:
                self._remove_now(key)
            else:
                self._put_now(key, row)

    def _want(self, key: Key, row: Row | None) -> None:
        self._pending.pop(key, None)  # so that the newest also comes last
        self._pending[key] = row
        if not self._timer.isActive():
            self.flush()
            self._timer.start()

    def _apply_what_waits(self) -> None:
        if self._pending:
            self.flush()
            self._timer.start()

    def _put_now(self, key: Key, row: Row) -> None:
        old = self._by_key.get(key)
        if old == row:
            return
        if old is None:
            self._insert(self.place_of(row), key, row)
        else:
            index = self._keys.index(key)
            self._rows[index] = self._by_key[key] = row
            self.changed.emit(index)
            self.keyed_changed.emit(key)

    def _insert(self, index: int, key: Key, row: Row) -> None:
        self.about_to_insert.emit(index)
        self._rows.insert(index, row)
        self._keys.insert(index, key)
        self._by_key[key] = row
        self.inserted.emit(index)
        self.keyed_changed.emit(key)

    def _remove_now(self, key: Key) -> None:
        if key not in self._by_key:
            return
        index = self._keys.index(key)
        self.about_to_remove.emit(index)
        del self._rows[index], self._keys[index], self._by_key[key]
        self.removed.emit(index)
        self.keyed_changed.emit(key)
