"""The first question: is this computer the server, or is there one already?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from console.actions import connect
from console.domain.errors import ConsoleError
from console.views.app_icon import app_icon
from console.views.sign_in import SignInDialog
from widgets.busy import BusyIndicator
from widgets.icons import icon
from widgets.text import wrapped
from widgets.theme import set_kind

if TYPE_CHECKING:
    import asyncio

    from console.parts import ConsoleParts

WIDTH = 520
HERE = "127.0.0.1:8480"
"""Where a server of this computer listens unless told otherwise."""


class FirstRunDialog(QDialog):
    """Two large choices. Opened with ``open()``; accepted when a system is connected."""

    def __init__(self, parts: ConsoleParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._proposed_address = ""
        self._task: asyncio.Task[None] | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(self.tr("Welcome to Gatehouse"))
        self.setMinimumWidth(WIDTH)
        sign = QLabel()
        sign.setPixmap(app_icon().pixmap(QSize(44, 44), self.devicePixelRatioF()))
        heading = QLabel(self.tr("Welcome to Gatehouse"))
        set_kind(heading, "heading")
        self.here = self._choice(
            "computer",
            self.tr("Use this computer"),
            self.tr(
                "Cameras are recorded and watched here. A server is started in the background; "
                "nothing is reachable from outside."
            ),
        )
        self.here.clicked.connect(self._use_this_computer)
        self.there = self._choice(
            "server",
            self.tr("Connect to a server"),
            self.tr("There is a Gatehouse server in your network already."),
        )
        self.there.clicked.connect(self._connect)
        self.error = wrapped(kind="error")
        self.error.hide()
        self.remedy = wrapped(kind="secondary")
        self.remedy.hide()
        self._busy = BusyIndicator()
        self._busy.cancelled.connect(self._cancel)
        self._busy.hide()
        later = QPushButton(self.tr("Decide later"))
        later.setAutoDefault(False)
        set_kind(later, "quiet")
        later.clicked.connect(self.reject)
        head = QHBoxLayout()
        head.setSpacing(14)
        head.addWidget(sign)
        head.addWidget(heading, stretch=1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(26, 22, 26, 16)
        layout.setSpacing(12)
        layout.addLayout(head)
        layout.addWidget(wrapped(self.tr("Where are your cameras recorded?"), "secondary"))
        for widget in (self.here, self.there, self.error, self.remedy, self._busy):
            layout.addWidget(widget)
        layout.addWidget(later, alignment=Qt.AlignmentFlag.AlignRight)
        self.here.setFocus()

    def reject(self) -> None:
        """Closing ends the wait too."""
        self._cancel()
        super().reject()

    def _choice(self, picture: str, title: str, text: str) -> QPushButton:
        button = QPushButton()
        set_kind(button, "choice")
        button.setAccessibleName(title)
        button.setAccessibleDescription(text)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        sign = QLabel()
        sign.setPixmap(icon(picture, "accent").pixmap(QSize(32, 32), self.devicePixelRatioF()))
        name = QLabel(title)
        set_kind(name, "title")
        words = QVBoxLayout()
        words.setSpacing(3)
        words.addWidget(name)
        words.addWidget(wrapped(text, "secondary"))
        row = QHBoxLayout(button)
        row.setContentsMargins(16, 14, 16, 14)
        row.setSpacing(16)
        row.addWidget(sign)
        row.addLayout(words, stretch=1)
        for label in button.findChildren(QLabel):
            label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
        button.setMinimumHeight(row.heightForWidth(WIDTH - 52))
        return button

    def _use_this_computer(self) -> None:
        self._show_waiting(self.tr("Starting the server…"))
        self._complain(None)
        self._task = self._parts.tasks.start(self._start(), name=self.tr("Start the server"))

    async def _start(self) -> None:
        try:
            await connect.use_this_computer(self._parts)
        except ConsoleError as error:
            self._show_waiting("")
            self._complain(error)
            # often there is a server already, which holds the directory or has accounts of its own
            self._proposed_address = self._parts.server.address or HERE
            self.there.setFocus()
        else:
            self._show_waiting("")
            self.accept()

    def _connect(self) -> None:
        dialog = SignInDialog(self._parts, self, address=self._proposed_address)
        dialog.accepted.connect(self.accept)
        dialog.open()

    def _cancel(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
        self._show_waiting("")

    def _complain(self, error: ConsoleError | None) -> None:
        self.error.setText("" if error is None else str(error))
        self.error.setVisible(error is not None)
        self.remedy.setText("" if error is None else error.remedy or "")
        self.remedy.setVisible(error is not None and bool(error.remedy))
        self.adjustSize()

    def _show_waiting(self, text: str) -> None:
        self._busy.set_text(text)
        self._busy.setVisible(bool(text))
        for button in (self.here, self.there):
            button.setEnabled(not text)
        self.adjustSize()
