"""What actions ask of the console; ``ConsoleParts`` has all of it, tests hand in less."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from console.session import Sessions
    from console.store.cameras import CameraStore
    from console.store.events import EventStore
    from console.store.footage import FootageStore


class HasSessions(Protocol):
    """Reaches systems."""

    @property
    def sessions(self) -> Sessions:
        """Running sessions."""


class HasEvents(HasSessions, Protocol):
    """Knows events."""

    @property
    def events(self) -> EventStore:
        """Events."""


class HasCameras(HasSessions, Protocol):
    """Knows cameras."""

    @property
    def cameras(self) -> CameraStore:
        """Cameras."""


class HasFootage(HasSessions, Protocol):
    """Knows footage."""

    @property
    def footage(self) -> FootageStore:
        """Footage."""
