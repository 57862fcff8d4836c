"""What the operator was told: log window and toasts read it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from console.domain.notice import Level, Notice
from console.store.base import ListStore

if TYPE_CHECKING:
    from collections.abc import Callable

KEPT_NOTICES = 1000


def _now() -> datetime:
    return datetime.now(UTC)


class NoticeStore(ListStore[int, Notice]):
    """The newest notices, oldest first; nothing said is ever coalesced away."""

    said = Signal(object)
    """Each notice once, when it is said."""

    def __init__(
        self,
        *,
        now: Callable[[], datetime] = _now,
        limit: int = KEPT_NOTICES,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._now = now
        self._limit = limit
        self._count = 0

    def key_of(self, row: Notice) -> int:
        """Its number."""
        return row.number

    def say(
        self,
        text: str,
        *,
        level: Level = Level.INFO,
        remedy: str | None = None,
        source: str | None = None,
    ) -> Notice:
        """Tell the operator."""
        self._count += 1
        notice = Notice(self._count, self._now(), level, text, remedy, source)
        self._put_now(notice.number, notice)
        while len(self._rows) > self._limit:
            self._remove_now(self._keys[0])
        self.said.emit(notice)
        return notice
