"""Help: every key, read from where they are declared, and what the mouse does."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from console.views.shortcuts import GROUPS, POINTER, SHORTCUTS, text_of
from console.views.words import tr
from widgets.ranking import ranked
from widgets.search_field import SearchField
from widgets.text import wrapped
from widgets.theme import set_kind


class HelpWindow(QDialog):
    """Two columns of keys with a search field."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Help and keys"))
        self.resize(820, 560)
        self.search = SearchField(self.tr("Search the help"))
        self.search.textChanged.connect(self._show)
        self.search.left.connect(self.reject)
        self._area = QScrollArea()
        self._area.setWidgetResizable(True)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        close = QPushButton(self.tr("Close"))
        close.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addWidget(
            wrapped(self.tr("Everything here is also in the palette (Ctrl+K)."), "hint"), stretch=1
        )
        foot.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 14, 18, 12)
        layout.addWidget(self.search)
        layout.addWidget(self._area, stretch=1)
        layout.addLayout(foot)
        self._show("")

    def _show(self, typed: str) -> None:
        content = QWidget()
        columns = QHBoxLayout(content)
        columns.setSpacing(36)
        left, right = QVBoxLayout(), QVBoxLayout()
        sections = [(tr(group), _rows_of(group, typed)) for group in GROUPS]
        mouse = [(what, how) for how, what in POINTER]
        sections.append((self.tr("Mouse"), ranked(typed, mouse, " ".join)))
        for place, (title, rows) in enumerate(sections):
            column = left if place in (0, 3) else right
            if rows:
                column.addWidget(_section(title, rows))
        for column in (left, right):
            column.addStretch(1)
            columns.addLayout(column, stretch=1)
        self._area.setWidget(content)


def _rows_of(group: str, typed: str) -> list[tuple[str, str]]:
    rows = [
        (text_of(shortcut.name), shortcut.shown_keys)
        for shortcut in SHORTCUTS
        if shortcut.group == group and shortcut.keys
    ]
    return ranked(typed, rows, " ".join)


def _section(title: str, rows: list[tuple[str, str]]) -> QWidget:
    section = QWidget()
    grid = QGridLayout(section)
    grid.setContentsMargins(0, 8, 0, 8)
    grid.setVerticalSpacing(5)
    caption = QLabel(title.upper())
    set_kind(caption, "caption")
    grid.addWidget(caption, 0, 0, 1, 2)
    for row, (text, keys) in enumerate(rows, start=1):
        grid.addWidget(wrapped(text), row, 0)
        key = QLabel(keys)
        set_kind(key, "key")
        grid.addWidget(
            key, row, 1, alignment=Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop
        )
    grid.setColumnStretch(0, 1)
    return section
