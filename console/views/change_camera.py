"""Changing a camera: its name, where its pictures come from, and how to sign in to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from console.actions import cameras
from console.domain.camera import CameraSource
from console.views.add_camera import url_complaint
from console.views.form import FormDialog

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from console.domain.camera import CameraKey
    from console.parts import ConsoleParts


class ChangeCameraDialog(FormDialog):
    """Asks the system what it has, then sends what was changed. A password is never shown again."""

    def __init__(self, parts: ConsoleParts, key: CameraKey, parent: QWidget | None = None) -> None:
        super().__init__(
            parts.tasks,
            self.tr("Change this camera"),
            self.tr("What is recorded of it stays with it."),
            self.tr("Save"),
            parent,
        )
        self._parts = parts
        self._key = key
        self._before: CameraSource | None = None
        self.name = self.add_field(self.tr("Name"))
        self.url = self.add_field(self.tr("Address"))
        self.sub_url = self.add_field(
            self.tr("Small stream"), hint=self.tr("optional, saves work on walls of many tiles")
        )
        self.username = self.add_field(self.tr("User name"), hint=self.tr("if the camera asks"))
        self.password = self.add_field(self.tr("Password"), is_secret=True)
        self.name.setFocus()
        self.wait_for(self._load(), self.tr("Reading its settings…"), self._show)

    def submit(self) -> None:
        """Check what can be checked here, then ask the system."""
        url, sub_url = self.url.text().strip(), self.sub_url.text().strip()
        if self._before is None:
            self.wait_for(self._load(), self.tr("Reading its settings…"), self._show)
        elif not self.name.text().strip():
            self.complain(self.tr("Enter a name."), at=self.name)
        elif url != self._before.url and url_complaint(url):
            self.complain(url_complaint(url), at=self.url)
        elif sub_url and sub_url != self._before.sub_url and url_complaint(sub_url):
            self.complain(url_complaint(sub_url), at=self.sub_url)
        else:
            self.wait_for(self._send(self._before), self.tr("Saving…"), self.accept)

    async def _load(self) -> None:
        self._before = await cameras.source(self._parts, self._key)

    def _show(self) -> None:
        if self._before is None:
            return
        self.name.setText(self._before.name)
        self.url.setText(self._before.url)
        self.sub_url.setText(self._before.sub_url)
        self.username.setText(self._before.username)
        if self._before.has_password:
            self.password.setPlaceholderText(self.tr("unchanged"))
        at = self.password if self._before.username else self.name
        at.setFocus()

    async def _send(self, before: CameraSource) -> None:
        after = CameraSource(
            name=self.name.text().strip(),
            url=self.url.text().strip(),
            sub_url=self.sub_url.text().strip(),
            username=self.username.text().strip(),
        )
        await cameras.change(self._parts, self._key, before, after, self.password.text())
