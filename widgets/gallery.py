"""A window with every widget in every state, in both themes."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from widgets import theme
from widgets.specimens import Specimen, specimens
from widgets.theme import set_kind


class Gallery(QMainWindow):
    """Shows all specimens; a button changes the theme."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Gatehouse widgets")
        self.resize(1340, 900)
        switch = QPushButton("Dark / light")
        switch.clicked.connect(change_theme)
        content = QWidget()
        set_kind(content, "page")
        content.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        column = QVBoxLayout(content)
        column.addWidget(switch)
        for specimen in specimens():
            column.addLayout(_shown(specimen))
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setWidget(content)
        self.setCentralWidget(area)


def change_theme() -> None:
    """Dress the application in the other theme."""
    app = QApplication.instance()
    if isinstance(app, QApplication):
        theme.apply(app, theme.LIGHT if theme.current_theme().is_dark else theme.DARK)


def _shown(specimen: Specimen) -> QVBoxLayout:
    name = QLabel(specimen.name)
    set_kind(name, "caption")
    row = QHBoxLayout()
    row.addWidget(specimen.page())
    row.addStretch(1)
    column = QVBoxLayout()
    column.addWidget(name)
    column.addLayout(row)
    return column


def main() -> int:
    """Show the gallery until it is closed."""
    app = QApplication.instance() or QApplication([])
    if not isinstance(app, QApplication):
        return 1
    theme.apply(app, theme.DARK)
    gallery = Gallery()
    gallery.show()
    return app.exec()
