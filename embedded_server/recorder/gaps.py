"""When a camera's footage has a gap, and why: plain rules."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedded_server.services.model import Gap, GapCause

if TYPE_CHECKING:
    from datetime import datetime


class GapBook:
    """The open gap of one camera, if any.

    A gap begins where the footage ends, not when the loss is noticed. Another cause ends the gap and
    begins the next one. Each method returns the gaps to tell, in order.
    """

    def __init__(self, camera_id: str, since: datetime) -> None:
        self._camera_id = camera_id
        self._covered_until = since
        self._open: Gap | None = None

    @property
    def is_open(self) -> bool:
        """Whether footage is missing now."""
        return self._open is not None

    def recorded(self, start: datetime) -> list[Gap]:
        """Footage begins again at ``start``."""
        if self._open is None:
            return []
        ended, self._open = self._open, None
        return [replace(ended, end=max(start, ended.start))]

    def covered(self, until: datetime) -> None:
        """There is footage up to here."""
        self._covered_until = max(until, self._covered_until)

    def missing(self, cause: GapCause, detail: str | None, now: datetime) -> list[Gap]:
        """Footage is missing, because of ``cause``, as is known at ``now``."""
        told = []
        begins = self._covered_until
        if self._open is not None:
            if self._open.cause is cause:
                return []
            begins = max(now, self._open.start)
            told = [replace(self._open, end=begins)]
        self._open = Gap(self._camera_id, begins, None, cause, detail)
        return [*told, self._open]
