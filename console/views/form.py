"""What every dialog that asks for something is: fields, an error in place, a wait that can be ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.domain.errors import ConsoleError
from widgets.busy import BusyIndicator
from widgets.text import wrapped
from widgets.theme import set_kind

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Coroutine

    from PySide6.QtGui import QShowEvent

    from console.tasks import Tasks

WIDTH = 460


class FormDialog(QDialog):
    """Opened with ``open()``; accepted when what it sent has succeeded, otherwise it says why not."""

    def __init__(
        self, tasks: Tasks, title: str, intro: str, accept: str, parent: QWidget | None
    ) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._task: asyncio.Task[None] | None = None
        self._focus: QWidget | None = None
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(WIDTH)
        heading = QLabel(title)
        set_kind(heading, "heading")
        self.body = QVBoxLayout()
        self.body.setSpacing(10)
        self.form = QFormLayout()
        self.form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapLongRows)
        self.form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.form.setHorizontalSpacing(14)
        self.form.setVerticalSpacing(10)
        self.error = wrapped(kind="error")
        self.error.setAccessibleName(self.tr("Error"))
        self.error.hide()
        self._remedy = wrapped(kind="secondary")
        self._remedy.hide()
        self._busy = BusyIndicator()
        self._busy.cancelled.connect(self._cancel_wait)
        self._busy.hide()
        self.accept_button = QPushButton(accept)
        self.accept_button.setDefault(True)
        set_kind(self.accept_button, "primary")
        self.accept_button.clicked.connect(self.submit)
        self._close_button = QPushButton(self.tr("Cancel"))
        self._close_button.setAutoDefault(False)
        self._close_button.clicked.connect(self.reject)
        self._buttons = QHBoxLayout()
        self._buttons.addStretch(1)
        self._buttons.addWidget(self._close_button)
        self._buttons.addWidget(self.accept_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 18)
        layout.setSpacing(12)
        layout.addWidget(heading)
        if intro:
            layout.addWidget(wrapped(intro, "secondary"))
        layout.addLayout(self.body)
        layout.addLayout(self.form)
        layout.addWidget(self.error)
        layout.addWidget(self._remedy)
        layout.addWidget(self._busy)
        layout.addStretch(1)
        layout.addLayout(self._buttons)

    def showEvent(self, event: QShowEvent) -> None:
        """Be as high as the texts are on the width that it has now."""
        super().showEvent(event)
        self.adjustSize()

    def submit(self) -> None:
        """What the accept button does; a subclass sends its values."""
        self.accept()

    def add_field(
        self, label: str, value: str = "", *, hint: str = "", is_secret: bool = False
    ) -> QLineEdit:
        """A line of the form."""
        line = QLineEdit(value)
        line.setPlaceholderText(hint)
        line.setAccessibleName(label)
        if is_secret:
            line.setEchoMode(QLineEdit.EchoMode.Password)
        line.textEdited.connect(lambda: set_kind(line, ""))
        self.form.addRow(label, line)
        return line

    def complain(self, text: str, remedy: str = "", at: QLineEdit | None = None) -> None:
        """Say what is wrong, where it is wrong."""
        self.error.setText(text)
        self.error.setVisible(bool(text))
        self._remedy.setText(remedy)
        self._remedy.setVisible(bool(remedy))
        if at is not None:
            set_kind(at, "wrong")
            at.setFocus()
            at.selectAll()
        self.adjustSize()

    def wait_for(
        self, work: Coroutine[object, object, object], text: str, then: Callable[[], object]
    ) -> None:
        """Run it with the form closed; ``then`` on success, the error's sentence in place otherwise."""
        self.complain("")
        self._focus = self.focusWidget()  # what is disabled loses it
        self._show_waiting(text)
        self._task = self._tasks.start(self._attempt(work, then), name=text)

    def reject(self) -> None:
        """Closing ends the wait too."""
        self._cancel_wait()
        super().reject()

    async def _attempt(self, work: Awaitable[object], then: Callable[[], object]) -> None:
        try:
            await work
        except ConsoleError as error:
            self._show_waiting("")
            self.complain(str(error), error.remedy or "")
            if self._focus is not None:
                self._focus.setFocus()
        else:
            self._show_waiting("")
            then()

    def _cancel_wait(self) -> None:
        if self._task is not None and not self._task.done():
            self._task.cancel()
        self._show_waiting("")

    def _show_waiting(self, text: str) -> None:
        self._busy.set_text(text)
        self._busy.setVisible(bool(text))
        self.accept_button.setEnabled(not text)
        for row in range(self.form.rowCount()):
            item = self.form.itemAt(row, QFormLayout.ItemRole.FieldRole)
            widget = item.widget() if item is not None else None
            if widget is not None:
                widget.setEnabled(not text)
        self.adjustSize()
