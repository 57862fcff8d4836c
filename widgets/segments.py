"""A row of buttons of which one is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QWidget

from widgets.theme import set_kind

if TYPE_CHECKING:
    from collections.abc import Sequence


class Segments(QWidget):
    """Choices side by side; left and right change the choice."""

    chosen = Signal(str)
    """Key of what the operator chose."""

    def __init__(
        self,
        choices: Sequence[tuple[str, str]],
        *,
        kind: str = "segment",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._group = QButtonGroup(self)
        self._group.setExclusive(True)
        self._buttons: dict[str, QPushButton] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(3)
        for key, text in choices:
            button = QPushButton(text)
            button.setCheckable(True)
            button.setAccessibleName(text)
            set_kind(button, kind)
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _checked=False, key=key: self.chosen.emit(key))
            self._group.addButton(button)
            self._buttons[key] = button
            layout.addWidget(button)

    def current(self) -> str:
        """Key of the choice, empty before there is one."""
        return next((key for key, button in self._buttons.items() if button.isChecked()), "")

    def set_current(self, key: str) -> None:
        """Choose without saying so."""
        if key in self._buttons:
            self._buttons[key].setChecked(True)

    def set_text(self, key: str, text: str) -> None:
        """Another text, a new count for instance."""
        self._buttons[key].setText(text)
        self._buttons[key].setAccessibleName(text)

    def button(self, key: str) -> QPushButton:
        """One of the buttons."""
        return self._buttons[key]
