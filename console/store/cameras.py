"""Cameras of all systems."""

from __future__ import annotations

from console.domain.camera import Camera, CameraKey
from console.store.base import ListStore


class CameraStore(ListStore[CameraKey, Camera]):
    """Every camera that is known now."""

    def key_of(self, row: Camera) -> CameraKey:
        """Its key."""
        return row.key

    def of_system(self, system: str) -> tuple[Camera, ...]:
        """Cameras of one system, in order."""
        return tuple(camera for camera in self._rows if camera.key.system == system)

    def load(self, system: str, cameras: tuple[Camera, ...]) -> None:
        """Make these the cameras of a system; those of others stay, and so does what did not change."""
        self.flush()
        wanted = {camera.key for camera in cameras}
        for camera in self.of_system(system):
            if camera.key not in wanted:
                self._remove_now(camera.key)
        for camera in cameras:
            self._put_now(camera.key, camera)
