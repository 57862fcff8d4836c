"""The newest boxes of each camera."""

from __future__ import annotations

from console.domain.camera import CameraKey
from console.domain.event import Detections
from console.store.base import ListStore


class DetectionStore(ListStore[CameraKey, Detections]):
    """Boxes of the last analysed frame by camera; the view decides when they are too old to show."""

    def key_of(self, row: Detections) -> CameraKey:
        """The camera."""
        return row.camera
