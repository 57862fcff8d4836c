"""Events as a Qt list, and the proxy that shows only the wanted ones."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QSortFilterProxyModel, Qt

from console.domain.event import Event, EventFilter, EventKey
from console.models.base import AnyIndex, StoreListModel

if TYPE_CHECKING:
    from console.store.events import EventStore
    from console.store.pictures import PictureStore


class EventRole(enum.IntEnum):
    """What can be asked of an event's row."""

    EVENT = Qt.ItemDataRole.UserRole + 1
    """The whole frozen ``Event``."""
    KEY = EVENT + 1
    CAMERA = EVENT + 2
    CAMERA_NAME = EVENT + 3
    STARTED_AT = EVENT + 4
    ENDED_AT = EVENT + 5
    LABEL = EVENT + 6
    CONFIDENCE = EVENT + 7
    SEVERITY = EVENT + 8
    SUMMARY = EVENT + 9
    IS_ACKNOWLEDGED = EVENT + 10
    PICTURE = EVENT + 11
    """JPEG bytes of the thumbnail, or None while it is fetched; the row says changed when it is there."""


class EventListModel(StoreListModel[EventKey, Event]):
    """The event store, newest first."""

    def __init__(
        self,
        store: EventStore,
        pictures: PictureStore | None = None,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(store, parent)
        self._pictures = pictures
        if pictures is not None:
            pictures.arrived.connect(self._picture_arrived)

    def show(self, row: Event, role: int) -> Any:
        """The event's fields by role; its summary as text."""
        if role == Qt.ItemDataRole.DisplayRole:
            return row.summary
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.severity}: {row.summary}, {row.camera_name}"
        if role == EventRole.PICTURE:
            return self._picture(row)
        if role == EventRole.EVENT:
            return row
        read = _FIELDS.get(role)
        return None if read is None else getattr(row, read)

    def _picture(self, row: Event) -> bytes | None:
        if self._pictures is None or row.thumbnail_path is None:
            return None
        return self._pictures.get(row.key.system, row.thumbnail_path)

    def _picture_arrived(self, system: str, path: str) -> None:
        for number, event in enumerate(self._store.rows):
            if event.thumbnail_path == path and event.key.system == system:
                place = self.index(number)
                self.dataChanged.emit(place, place, [EventRole.PICTURE])


_FIELDS: dict[int, str] = {
    EventRole.KEY: "key",
    EventRole.CAMERA: "camera",
    EventRole.CAMERA_NAME: "camera_name",
    EventRole.STARTED_AT: "started_at",
    EventRole.ENDED_AT: "ended_at",
    EventRole.LABEL: "label",
    EventRole.CONFIDENCE: "confidence",
    EventRole.SEVERITY: "severity",
    EventRole.SUMMARY: "summary",
    EventRole.IS_ACKNOWLEDGED: "is_acknowledged",
}


class EventFilterModel(QSortFilterProxyModel):
    """Only the events that an ``EventFilter`` wants."""

    def __init__(self, source: EventListModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted = EventFilter()
        self._source = source
        self.setSourceModel(source)

    @property
    def wanted(self) -> EventFilter:
        """The filter in force."""
        return self._wanted

    def set_wanted(self, wanted: EventFilter) -> None:
        """Show only these."""
        self._wanted = wanted
        self.invalidate()  # invalidateFilter is deprecated, and what follows it is missing in Qt 6.8

    def event_at(self, index: AnyIndex) -> Event | None:
        """The event behind an index of this model."""
        return self._source.row_at(self.mapToSource(index))

    def filterAcceptsRow(self, source_row: int, source_parent: AnyIndex) -> bool:
        """Whether the filter wants the event."""
        event = self._source.row_at(self._source.index(source_row, 0, source_parent))
        return event is not None and self._wanted.matches(event)
