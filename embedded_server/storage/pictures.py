"""Pictures and clips of events, below ``media/events/<yyyy-mm-dd>``."""

from __future__ import annotations

import asyncio
import hashlib
from typing import TYPE_CHECKING

from embedded_server.storage.disk import write_atomically

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path


class PictureFiles:
    """Implements ``services.events.EventPictures``. A name is relative to the media directory."""

    def __init__(self, media_dir: Path) -> None:
        self._media_dir = media_dir

    async def save(self, event_key: str, kind: str, started_at: datetime, jpeg: bytes) -> str:
        """Write or replace one picture atomically; its name."""
        name = picture_name(event_key, kind, started_at)
        await asyncio.to_thread(write_atomically, self._media_dir / name, jpeg)
        return name

    async def remove(self, names: Sequence[str]) -> None:
        """Remove pictures; those that are gone already do not matter."""

        def run() -> None:
            for name in names:
                (self._media_dir / name).unlink(missing_ok=True)

        await asyncio.to_thread(run)

    def path(self, name: str) -> Path:
        """Where it lies."""
        return self._media_dir / name


def picture_name(event_key: str, kind: str, started_at: datetime) -> str:
    """A file name that no key can break out of: keys come from a process that decodes hostile streams."""
    digest = hashlib.sha256(event_key.encode()).hexdigest()[:24]
    return f"events/{started_at:%Y-%m-%d}/{digest}-{kind}.jpg"
