"""Rendered clips, below ``media/clips``; they can be made again from footage at any time."""

from __future__ import annotations

import asyncio
import uuid
from typing import TYPE_CHECKING

from embedded_server.storage.disk import disk_error

if TYPE_CHECKING:
    from pathlib import Path

KEPT_CLIPS = 200
_PART = "part-"


class RenderedClips:
    """Implements ``services.excerpts.ClipFiles``. The clips not looked at for longest make room for new ones."""

    def __init__(self, media_dir: Path) -> None:
        self._folder = media_dir / "clips"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for left in self._folder.glob(f"{_PART}*"):
                left.unlink()
        except OSError as error:
            raise disk_error(self._folder, error) from error

    async def find(self, name: str) -> Path | None:
        """A clip rendered before."""
        return await asyncio.to_thread(self._find, name)

    def part(self) -> Path:
        """A new place to render to."""
        return self._folder / f"{_PART}{uuid.uuid4().hex}.mp4"

    async def keep(self, part: Path, name: str) -> Path:
        """Make a rendered file the clip of that name, in one step."""
        return await asyncio.to_thread(self._keep, part, name)

    async def discard(self, part: Path) -> None:
        """Remove a file that did not become a clip."""
        await asyncio.to_thread(part.unlink, missing_ok=True)

    def _find(self, name: str) -> Path | None:
        path = self._folder / name
        if not path.exists():
            return None
        path.touch()
        return path

    def _keep(self, part: Path, name: str) -> Path:
        path = part.replace(self._folder / name)
        clips = sorted(self._folder.glob("event-*.mp4"), key=lambda clip: clip.stat().st_mtime)
        for old in clips[:-KEPT_CLIPS]:
            old.unlink(missing_ok=True)
        return path
