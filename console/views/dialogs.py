"""Opens every dialog of the window; never ``exec``, which breaks the loop."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QDateTime, QObject, Signal
from PySide6.QtWidgets import QDateTimeEdit, QDialog, QWidget

from console.actions import cameras
from console.views.about import AboutBox
from console.views.add_camera import AddCameraDialog
from console.views.change_camera import ChangeCameraDialog
from console.views.first_run import FirstRunDialog
from console.views.form import FormDialog
from console.views.help_window import HelpWindow
from console.views.log_window import LogWindow
from console.views.settings_dialog import SettingsDialog
from console.views.sign_in import SignInDialog
from widgets.theme import set_kind

if TYPE_CHECKING:
    from console.domain.camera import CameraKey
    from console.parts import ConsoleParts


class Dialogs(QObject):
    """Each method opens one dialog and returns at once."""

    wall_named = Signal(str)
    camera_added = Signal(object)
    time_chosen = Signal(object)
    """Aware ``datetime`` that the operator entered."""

    def __init__(self, parts: ConsoleParts, window: QWidget) -> None:
        super().__init__(window)
        self._parts = parts
        self._window = window

    def settings(self) -> QDialog:
        """Settings."""
        return _opened(SettingsDialog(self._parts, self._window))

    def log(self) -> QDialog:
        """Messages and logs; stays beside the window."""
        dialog = LogWindow(self._parts, self._window)
        dialog.show()
        return dialog

    def help(self) -> QDialog:
        """Help and keys; stays beside the window."""
        dialog = HelpWindow(self._window)
        dialog.show()
        return dialog

    def about(self) -> QDialog:
        """What is running."""
        return _opened(AboutBox(self._window))

    def first_run(self) -> QDialog:
        """This computer, or a server."""
        return _opened(FirstRunDialog(self._parts, self._window))

    def connect_to(self) -> QDialog:
        """Sign in to a new server."""
        return _opened(SignInDialog(self._parts, self._window))

    def sign_in(self, system: str) -> QDialog:
        """Sign in again; the server of this computer needs no password."""
        record = self._parts.known.get(system)
        if record is not None and record.is_embedded:
            return self.first_run()
        return _opened(SignInDialog(self._parts, self._window, system=system))

    def add_camera(self) -> QDialog:
        """Add a camera."""
        dialog = AddCameraDialog(self._parts, self._window)
        dialog.added.connect(self.camera_added)
        return _opened(dialog)

    def change_camera(self, key: CameraKey | None) -> QDialog | None:
        """Change name, address or sign-in of a camera."""
        if key is None or self._parts.cameras.get(key) is None:
            return None
        return _opened(ChangeCameraDialog(self._parts, key, self._window))

    def remove_camera(self, key: CameraKey | None) -> QDialog | None:
        """Ask before a camera is removed, saying what is lost."""
        camera = None if key is None else self._parts.cameras.get(key)
        if camera is None:
            return None
        return _opened(RemoveCameraDialog(self._parts, camera.key, camera.name, self._window))

    def confirm_quit(self) -> QDialog:
        """Ask whether to close the window, saying what ends with it."""
        embedded = any(record.is_embedded for record in self._parts.known.records)
        text = (
            self.tr("The server of this computer stops too: nothing is recorded until it is back.")
            if embedded
            else self.tr("The servers go on recording.")
        )
        title, close = self.tr("Close Gatehouse?"), self.tr("Close")
        return _opened(FormDialog(self._parts.tasks, title, text, close, self._window))

    def save_wall(self) -> QDialog:
        """Name the wall and keep it."""
        number = len(self._parts.layouts.rows) + 1
        dialog = NameDialog(self._parts, self.tr("Wall {n}").format(n=number), self._window)
        dialog.named.connect(self.wall_named)
        return _opened(dialog)

    def go_to_time(self, moment: datetime) -> QDialog:
        """Enter a time to go to."""
        dialog = TimeDialog(self._parts, moment, self._window)
        dialog.chosen.connect(self.time_chosen)
        return _opened(dialog)


class NameDialog(FormDialog):
    """Asks for the name of a wall."""

    named = Signal(str)

    def __init__(self, parts: ConsoleParts, proposal: str, parent: QWidget) -> None:
        super().__init__(parts.tasks, self.tr("Save this wall"), "", self.tr("Save"), parent)
        self._parts = parts
        self.name = self.add_field(self.tr("Name"), proposal)
        self.name.selectAll()
        self.name.setFocus()

    def submit(self) -> None:
        """Save; the name of another wall replaces that one, which is said first."""
        name = self.name.text().strip()
        if not name:
            self.complain(self.tr("Enter a name."), at=self.name)
        elif self._parts.layouts.get(name) is not None and not self.error.isVisible():
            self.complain(self.tr("There is a wall of that name. Save again to replace it."))
        else:
            self.named.emit(name)
            self.accept()


class TimeDialog(FormDialog):
    """Asks for a moment, in the operator's zone."""

    chosen = Signal(object)

    def __init__(self, parts: ConsoleParts, moment: datetime, parent: QWidget) -> None:
        super().__init__(parts.tasks, self.tr("Go to a time"), "", self.tr("Go"), parent)
        self.time = QDateTimeEdit(QDateTime.fromMSecsSinceEpoch(int(moment.timestamp() * 1000)))
        self.time.setDisplayFormat("yyyy-MM-dd HH:mm:ss")
        self.time.setAccessibleName(self.tr("Time"))
        self.time.setSelectedSection(QDateTimeEdit.Section.HourSection)
        self.form.addRow(self.tr("Time"), self.time)
        self.time.setFocus()

    def submit(self) -> None:
        """Go there, unless it has not come yet."""
        entered = self.time.dateTime()
        if entered > QDateTime.currentDateTime():
            self.complain(self.tr("That time has not come yet."))
            return
        self.chosen.emit(datetime.fromtimestamp(entered.toMSecsSinceEpoch() / 1000).astimezone())
        self.accept()


class RemoveCameraDialog(FormDialog):
    """Says what is lost before a camera goes."""

    def __init__(self, parts: ConsoleParts, key: CameraKey, name: str, parent: QWidget) -> None:
        super().__init__(
            parts.tasks,
            self.tr("Remove {name}?").format(name=name),
            self.tr(
                "It is no longer watched or recorded, and its address and password are forgotten. "
                "What is recorded of it stays until it is too old to be kept."
            ),
            self.tr("Remove"),
            parent,
        )
        self._parts = parts
        self._key = key
        set_kind(self.accept_button, "danger")

    def submit(self) -> None:
        """Remove it."""
        work = cameras.remove(self._parts, self._key)
        self.wait_for(work, self.tr("Removing…"), self.accept)


def _opened(dialog: QDialog) -> QDialog:
    dialog.open()
    return dialog
