"""The systems we are, were or want to be connected to."""

from __future__ import annotations

from console.domain.system import SystemState
from console.store.base import ListStore


class SystemStore(ListStore[str, SystemState]):
    """State of each system by id."""

    def key_of(self, row: SystemState) -> str:
        """Its id."""
        return row.id
