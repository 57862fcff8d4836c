"""Adding a camera by its address."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QWidget

from console.actions import cameras
from console.domain.system import Phase
from console.views.form import FormDialog
from console.views.words import tr

if TYPE_CHECKING:
    from console.parts import ConsoleParts

SCHEMES = ("rtsp", "rtsps", "http", "https", "file")


class AddCameraDialog(FormDialog):
    """Name, address, user and password; errors are said beside the field that they are about."""

    added = Signal(object)
    """``CameraKey`` of the new camera."""

    def __init__(self, parts: ConsoleParts, parent: QWidget | None = None) -> None:
        super().__init__(
            parts.tasks,
            self.tr("Add a camera"),
            self.tr("The address is in the camera's manual, often under RTSP or streaming."),
            self.tr("Add"),
            parent,
        )
        self._parts = parts
        self.system = QComboBox()
        self.system.setAccessibleName(self.tr("System"))
        for state in parts.systems.rows:
            if state.phase is Phase.ONLINE:
                self.system.addItem(state.name, state.id)
        if self.system.count() > 1:
            self.form.addRow(self.tr("System"), self.system)
        self.name = self.add_field(self.tr("Name"), hint=self.tr("Front door"))
        self.url = self.add_field(self.tr("Address"), hint="rtsp://192.168.1.64:554/stream1")
        self.sub_url = self.add_field(
            self.tr("Small stream"), hint=self.tr("optional, saves work on walls of many tiles")
        )
        self.username = self.add_field(self.tr("User name"), hint=self.tr("if the camera asks"))
        self.password = self.add_field(self.tr("Password"), is_secret=True)
        self.name.setFocus()
        if not self.system.count():
            self.complain(
                self.tr("No system is connected that could take a camera."),
                self.tr("Connect to a server first (Ctrl+Shift+N)."),
            )
            self.accept_button.setEnabled(False)

    def submit(self) -> None:
        """Check what can be checked here, then ask the system."""
        url = self.url.text().strip()
        complaint = url_complaint(url)
        if not self.name.text().strip():
            self.complain(self.tr("Enter a name."), at=self.name)
        elif complaint:
            self.complain(complaint, at=self.url)
        elif self.sub_url.text().strip() and url_complaint(self.sub_url.text().strip()):
            self.complain(url_complaint(self.sub_url.text().strip()), at=self.sub_url)
        else:
            self.wait_for(self._add(url), self.tr("Adding the camera…"), self.accept)

    async def _add(self, url: str) -> None:
        camera = await cameras.add(
            self._parts,
            str(self.system.currentData()),
            name=self.name.text(),
            url=url,
            username=self.username.text(),
            password=self.password.text(),
            sub_url=self.sub_url.text(),
        )
        self.added.emit(camera.key)


def url_complaint(url: str) -> str:
    """What is wrong with an address, as a sentence; empty when it may do."""
    if not url:
        return tr("Enter the address of the camera, such as rtsp://192.168.1.64/stream1.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return tr("This is no address: its host or port cannot be read.")
    if parts.scheme.lower() not in SCHEMES:
        return tr("An address begins with rtsp://, rtsps://, http://, https:// or file://.")
    if parts.scheme != "file" and not parts.hostname:
        return tr("The host is missing behind {scheme}://.").format(scheme=parts.scheme)
    if port == 0:
        return tr("Port 0 cannot be used.")
    return ""
