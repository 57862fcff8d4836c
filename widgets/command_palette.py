"""Type to find anything: a list over the window that narrows with every letter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QObject, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QFrame,
    QGraphicsDropShadowEffect,
    QLabel,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from widgets.icons import pixmap
from widgets.ranking import ranked
from widgets.theme import current_theme, font, line_height, set_kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from PySide6.QtCore import QModelIndex, QPersistentModelIndex
    from PySide6.QtGui import QKeyEvent

ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
MOST = 60
WIDTH, HEIGHT = 620, 440


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that can be found. ``kind`` groups it, ``keys`` is its shortcut."""

    text: str
    kind: str
    act: Callable[[], object]
    icon: str = "expand"
    keys: str = ""


class CommandPalette(QFrame):
    """Opens over its parent; Enter does the chosen entry, Escape closes."""

    def __init__(self, placeholder: str, parent: QWidget) -> None:
        super().__init__(parent)
        set_kind(self, "popup")
        self._entries: tuple[Entry, ...] = ()
        self._over = parent
        self._last_focus: QWidget | None = None
        self._line = QLineEdit()
        set_kind(self._line, "palette")
        self._line.setPlaceholderText(placeholder)
        self._line.setAccessibleName(placeholder)
        self._line.textChanged.connect(self._narrow)
        self._line.installEventFilter(self)
        self._model = QStandardItemModel(self)
        self._list = QListView()
        self._list.setModel(self._model)
        self._list.setItemDelegate(_EntryDelegate(self._list))
        self._list.setUniformItemSizes(True)
        self._list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self._list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._list.setMouseTracking(True)
        self._list.clicked.connect(self._act)
        self._none = QLabel(self.tr("Nothing is called that."))
        self._none.setAlignment(Qt.AlignmentFlag.AlignCenter)
        set_kind(self._none, "hint")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(6, 2, 6, 6)
        layout.setSpacing(4)
        layout.addWidget(self._line)
        layout.addWidget(self._list, stretch=1)
        layout.addWidget(self._none, stretch=1)
        shadow = QGraphicsDropShadowEffect(self)
        shadow.setBlurRadius(36)
        shadow.setOffset(0, 8)
        self.setGraphicsEffect(shadow)
        parent.installEventFilter(self)
        self.hide()

    def open_with(self, entries: Sequence[Entry]) -> None:
        """Open, offering these."""
        self._entries = tuple(entries)
        self._last_focus = self.window().focusWidget()
        self._line.clear()
        self._narrow("")
        self._place()
        self.show()
        self.raise_()
        self._line.setFocus()

    def shown_entries(self) -> list[Entry]:
        """What the list holds now."""
        rows = range(self._model.rowCount())
        return [self._model.item(row).data(ENTRY_ROLE) for row in rows]

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Keys of the line; the window's size; a click beside it."""
        if watched is self._line and event.type() == QEvent.Type.KeyPress:
            return self._key(event)  # type: ignore[arg-type]  # a QKeyEvent by its type
        if watched is self._line and event.type() == QEvent.Type.FocusOut:
            self.hide()
        elif event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def dismiss(self) -> None:
        """Close and give the focus back."""
        self.hide()
        if self._last_focus is not None:
            self._last_focus.setFocus()

    def _key(self, event: QKeyEvent) -> bool:
        key = event.key()
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: 8,
            Qt.Key.Key_PageUp: -8,
        }
        if key in steps:
            self._move(steps[Qt.Key(key)])
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._act(self._list.currentIndex())
        elif key == Qt.Key.Key_Escape:
            self.dismiss()
        else:
            return False
        return True

    def _narrow(self, text: str) -> None:
        self._model.clear()
        for entry in ranked(text, self._entries, lambda entry: f"{entry.text} {entry.kind}")[:MOST]:
            item = QStandardItem(entry.text)
            item.setData(entry, ENTRY_ROLE)
            item.setEditable(False)
            self._model.appendRow(item)
        found = self._model.rowCount() > 0
        self._list.setVisible(found)
        self._none.setVisible(not found)
        if found:
            self._list.setCurrentIndex(self._model.index(0, 0))

    def _move(self, steps: int) -> None:
        count = self._model.rowCount()
        if count:
            row = min(max(self._list.currentIndex().row() + steps, 0), count - 1)
            self._list.setCurrentIndex(self._model.index(row, 0))

    def _act(self, index: QModelIndex) -> None:
        entry: Entry | None = index.data(ENTRY_ROLE)
        if entry is not None:
            self.dismiss()
            entry.act()

    def _place(self) -> None:
        over = self._over.rect()
        wide = min(WIDTH, over.width() - 40)
        high = min(HEIGHT, over.height() - 80)
        self.setGeometry((over.width() - wide) // 2, min(64, over.height() // 10), wide, high)


class _EntryDelegate(QStyledItemDelegate):
    def sizeHint(self, _option: QStyleOptionViewItem, _index: object) -> QSize:
        return QSize(200, line_height() + 16)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        entry: Entry = index.data(ENTRY_ROLE)
        theme, area = current_theme(), option.rect.adjusted(2, 1, -2, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if is_chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("selected" if is_chosen else "hover"))
            painter.drawRoundedRect(area, 6, 6)
        sign = pixmap(entry.icon, 18, "text_2", ratio=painter.device().devicePixelRatio())
        painter.drawPixmap(area.left() + 9, area.center().y() - 8, sign)
        painter.setFont(font(0.89))
        painter.setPen(theme.colour("text_3"))
        side = f"{entry.kind}    {entry.keys}" if entry.keys else entry.kind
        wide = painter.fontMetrics().horizontalAdvance(side) + 10
        right = QRect(area.right() - wide - 6, area.top(), wide, area.height())
        painter.drawText(right, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, side)
        painter.setFont(font())
        painter.setPen(theme.colour("text"))
        room = area.adjusted(37, 0, -wide - 14, 0)
        elide = Qt.TextElideMode.ElideRight
        text = painter.fontMetrics().elidedText(entry.text, elide, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()
