"""What is recorded of each camera, as far as somebody has asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal

from console.domain.camera import CameraKey
from console.domain.footage import Footage, grown, merged
from console.store.base import ListStore

if TYPE_CHECKING:
    from console.domain.footage import SegmentRef


class FootageStore(ListStore[CameraKey, Footage]):
    """Runs and gaps by camera, within the span that was loaded."""

    grew = Signal(object)
    """Key of a camera of which something was recorded, or where a gap began or ended."""

    def key_of(self, row: Footage) -> CameraKey:
        """The camera."""
        return row.camera

    def merge(self, footage: Footage) -> None:
        """Add what was loaded to what is known."""
        self.flush()
        known = self.get(footage.camera)
        self.put(footage if known is None else merged(known, footage))

    def grow(self, camera: CameraKey, segment: SegmentRef | None) -> None:
        """Note that a camera's footage grew; ``segment`` is what was recorded, when that is known."""
        self.flush()
        known = self.get(camera)
        if known is not None and segment is not None:
            self.put(grown(known, segment.span))
        self.grew.emit(camera)
