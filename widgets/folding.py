"""A side panel that folds to a column of icons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QToolButton, QVBoxLayout, QWidget

from widgets.icons import icon
from widgets.theme import set_kind

if TYPE_CHECKING:
    from collections.abc import Sequence

STRIP_PX = 44


class FoldingPanel(QWidget):
    """Shows its content, or one icon for each thing that is in it; an icon unfolds it."""

    folded = Signal(bool)
    icon_clicked = Signal(str)
    """Name of the icon that unfolded the panel."""

    def __init__(
        self,
        content: QWidget,
        icons: Sequence[tuple[str, str]],
        *,
        width: int,
        parent: QWidget | None = None,
    ) -> None:
        """Build the panel.

        Args:
            content: what it shows when it is open.
            icons: icon name and tool tip of each thing in it.
            width: when open.
            parent: as always.
        """
        super().__init__(parent)
        set_kind(self, "panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._width = width
        self._content = content
        self._badges: dict[str, QToolButton] = {}
        self._strip = QWidget()
        column = QVBoxLayout(self._strip)
        column.setContentsMargins(4, 8, 4, 8)
        column.setSpacing(6)
        for name, tip in icons:
            column.addWidget(self._button(name, tip))
        column.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(content)
        row.addWidget(self._strip)
        self._strip.hide()
        self.setFixedWidth(width)

    @property
    def is_folded(self) -> bool:
        """Whether only icons are shown."""
        return self._strip.isVisibleTo(self)

    def set_folded(self, is_folded: bool) -> None:
        """Fold or unfold."""
        if is_folded == self.is_folded:
            return
        self._content.setVisible(not is_folded)
        self._strip.setVisible(is_folded)
        self.setFixedWidth(STRIP_PX if is_folded else self._width)
        self.folded.emit(is_folded)

    def set_badge(self, name: str, text: str) -> None:
        """A count below an icon."""
        button = self._badges[name]
        style = Qt.ToolButtonStyle
        button.setText(text)
        button.setToolButtonStyle(
            style.ToolButtonTextUnderIcon if text else style.ToolButtonIconOnly
        )

    def _button(self, name: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setIcon(icon(name))
        button.setIconSize(QSize(20, 20))
        button.setToolTip(tip)
        button.setAccessibleName(tip)
        button.setFixedWidth(STRIP_PX - 8)
        set_kind(button, "quiet")
        button.clicked.connect(lambda: self._open(name))
        self._badges[name] = button
        return button

    def _open(self, name: str) -> None:
        self.set_folded(False)
        self.icon_clicked.emit(name)
