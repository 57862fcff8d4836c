"""What stands where there is nothing yet: why, and what to do about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from widgets.icons import pixmap
from widgets.text import wrapped
from widgets.theme import current_theme, set_kind

PICTURE_PX = 40


class EmptyState(QWidget):
    """Icon, a sentence, the next step, and a button for it."""

    acted = Signal()

    def __init__(
        self,
        *,
        picture: str = "info",
        title: str = "",
        text: str = "",
        action: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._picture_name = picture
        self._painted_in = ""
        self._picture = QLabel()
        self._title = wrapped(kind="title")
        self._text = wrapped(kind="secondary")
        for label in (self._picture, self._title, self._text):
            label.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._button = QPushButton()
        set_kind(self._button, "primary")
        self._button.clicked.connect(self.acted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(8)
        layout.addStretch(2)
        layout.addWidget(self._picture)
        layout.addWidget(self._title)
        layout.addWidget(self._text)
        layout.addWidget(self._button, alignment=Qt.AlignmentFlag.AlignCenter)
        layout.addStretch(3)
        self.show_state(title, text, action)

    def show_state(self, title: str, text: str, action: str = "", *, picture: str = "") -> None:
        """Say something else."""
        self._picture_name = picture or self._picture_name
        self._title.setText(title)
        self._text.setText(text)
        self._text.setVisible(bool(text))
        self._button.setText(action)
        self._button.setVisible(bool(action))
        self._button.setAccessibleName(action)
        self._painted_in = ""
        self._paint_picture()

    def paintEvent(self, event: object) -> None:
        """Follow a change of theme."""
        del event
        self._paint_picture()

    def _paint_picture(self) -> None:
        theme = current_theme().name
        if theme != self._painted_in:
            self._painted_in = theme
            ratio = self.devicePixelRatioF()
            self._picture.setPixmap(pixmap(self._picture_name, PICTURE_PX, "text_3", ratio=ratio))
