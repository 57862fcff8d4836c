"""Notices as a Qt list, for the log window."""

from __future__ import annotations

import enum
from typing import Any

from PySide6.QtCore import Qt

from console.domain.notice import Notice
from console.models.base import StoreListModel


class NoticeRole(enum.IntEnum):
    """What can be asked of a notice's row."""

    NOTICE = Qt.ItemDataRole.UserRole + 1
    """The whole frozen ``Notice``."""
    AT = NOTICE + 1
    LEVEL = NOTICE + 2
    TEXT = NOTICE + 3
    REMEDY = NOTICE + 4
    SOURCE = NOTICE + 5


class NoticeModel(StoreListModel[int, Notice]):
    """The notice store, oldest first."""

    def show(self, row: Notice, role: int) -> Any:
        """The notice's fields by role; text and remedy together as text."""
        if role == Qt.ItemDataRole.DisplayRole:
            return row.text if row.remedy is None else f"{row.text} {row.remedy}"
        if role == NoticeRole.NOTICE:
            return row
        read = _FIELDS.get(role)
        return None if read is None else getattr(row, read)


_FIELDS: dict[int, str] = {
    NoticeRole.AT: "at",
    NoticeRole.LEVEL: "level",
    NoticeRole.TEXT: "text",
    NoticeRole.REMEDY: "remedy",
    NoticeRole.SOURCE: "source",
}
