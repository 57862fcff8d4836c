"""PTZ of the selected camera."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtWidgets import QVBoxLayout, QWidget

from console.actions import ptz
from console.domain.camera import Health
from console.domain.errors import ConsoleError
from console.views.words import health_look
from widgets.ptz_pad import PtzPad
from widgets.text import ElidedLabel

if TYPE_CHECKING:
    from console.domain.camera import Camera, CameraKey
    from console.parts import ConsoleParts


class PtzPanel(QWidget):
    """The pad and whose it is; not there at all for cameras that cannot move."""

    def __init__(self, parts: ConsoleParts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._parts = parts
        self._key: CameraKey | None = None
        self._title = ElidedLabel(kind="caption")
        self.pad = PtzPad()
        self.pad.moved.connect(self._move)
        self.pad.stopped.connect(self._stop)
        self.pad.preset_chosen.connect(self._go_to)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self.pad)
        self.hide()

    def show_camera(self, camera: Camera | None) -> None:
        """Steer this camera; None hides the panel."""
        self.setVisible(camera is not None)
        if camera is None:
            self._key = None
            return
        self._title.set_text(f"PTZ · {camera.name.upper()}")
        is_online = camera.health is Health.ONLINE
        why = health_look(camera.health).text
        reason = "" if is_online else self.tr("The camera is {state}.").format(state=why)
        self.pad.set_reason(reason)
        if camera.key != self._key:
            self._key = camera.key
            self.pad.set_presets(())
            if is_online:
                self._parts.tasks.start(self._load_presets(camera.key), name="Presets")

    async def _load_presets(self, key: CameraKey) -> None:
        try:
            found = await ptz.presets(self._parts, key)
        except ConsoleError as error:
            # Not a message of its own: nothing was asked for yet, and the pad says it.
            if key == self._key:
                self.pad.set_reason(str(error))
            return
        if key == self._key:
            self.pad.set_presets(found)

    def _move(self, pan: float, tilt: float, zoom: float) -> None:
        if self._key is not None:
            moving = ptz.move(self._parts, self._key, pan=pan, tilt=tilt, zoom=zoom)
            self._parts.tasks.start(moving, name="Move")

    def _stop(self) -> None:
        if self._key is not None:
            self._parts.tasks.start(ptz.stop(self._parts, self._key), name="Stop")

    def _go_to(self, token: str) -> None:
        if self._key is not None:
            going = ptz.go_to_preset(self._parts, self._key, token)
            self._parts.tasks.start(going, name="Preset")
