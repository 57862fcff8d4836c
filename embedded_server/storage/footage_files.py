"""Footage on disk: the directory's identity, files that the catalogue does not know, and removing."""

from __future__ import annotations

import asyncio
import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from embedded_server.recorder.durable import sync_directory
from embedded_server.recorder.footage_dir import IDENTITY_FILE, FootageDir
from embedded_server.recorder.recovery import recover, unfinished
from embedded_server.services.footage import Room
from embedded_server.storage.disk import (
    disk_error,
    free_bytes,
    total_bytes,
    write_atomically,
)
from embedded_server.storage.errors import WrongFootageDisk
from embedded_server.storage.settings import read_setting, write_setting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from embedded_server.services.model import Segment
    from embedded_server.storage.catalog import Catalog

RESERVE_FILE = ".reserve"
RESERVE_BYTES = 8_000_000
_IDENTITY = "footage_identity"
_UNREADABLE = ""


class FootageDisk:
    """Implements ``services.footage.FootageFiles``."""

    def __init__(self, footage_dir: Path) -> None:
        self._root = footage_dir

    async def identify(self, catalog: Catalog, *, is_repair: bool = False) -> None:
        """Make sure that this is the disk that the catalogue knows; a new pair is introduced to each other.

        Args:
            catalog: holds the identity that is expected.
            is_repair: take the disk as it is, whatever the catalogue expects.

        Raises:
            WrongFootageDisk: another or an empty disk is mounted there.
            StorageError: the directory cannot be read or written.
        """
        expected = await catalog.read(lambda connection: read_setting(connection, _IDENTITY))
        found = await asyncio.to_thread(self._read_identity)
        if expected is not None and not is_repair:
            if found is None:
                raise WrongFootageDisk(self._root, f"its identity file {IDENTITY_FILE} is missing")
            if found != expected:
                raise WrongFootageDisk(self._root, "it belongs to another catalogue")
            return
        identity = str(uuid.uuid4()) if found in {None, _UNREADABLE} else found
        if identity != found:
            content = json.dumps({"footage": identity}).encode()
            await asyncio.to_thread(write_atomically, self._root / IDENTITY_FILE, content)
        await catalog.write(lambda connection: write_setting(connection, _IDENTITY, identity))

    def path(self, segment: Segment) -> Path:
        """Of a segment's file."""
        return self._root.joinpath(*segment.relative_path.split("/"))

    async def unknown(self, known: frozenset[str]) -> list[tuple[str, Path]]:
        """Segment files that the catalogue does not have, newest first within each camera."""
        return await asyncio.to_thread(unfinished, FootageDir(self._root), known)

    async def recover(self, camera_id: str, path: Path) -> Segment | None:
        """Read a file, cut at its last whole fragment."""
        return await asyncio.to_thread(recover, camera_id, path)

    async def unlink(self, segments: Sequence[Segment]) -> None:
        """Remove files, and sync their directories."""
        await asyncio.to_thread(self._unlink, segments)

    async def room(self) -> Room:
        """How full the disk is."""
        return await asyncio.to_thread(
            lambda: Room(free_bytes(self._root), total_bytes(self._root))
        )

    async def hold_reserve(self) -> None:
        """Keep a little room that only we can free, while there is plenty."""
        await asyncio.to_thread(self._hold_reserve)

    async def release_reserve(self) -> None:
        """Free that room, so that the catalogue can be told what is to be removed."""
        await asyncio.to_thread((self._root / RESERVE_FILE).unlink, missing_ok=True)

    def _hold_reserve(self) -> None:
        reserve = self._root / RESERVE_FILE
        if not reserve.exists():
            write_atomically(reserve, bytes(RESERVE_BYTES))

    def _unlink(self, segments: Sequence[Segment]) -> None:
        paths = [self.path(segment) for segment in segments]
        for path in paths:
            path.unlink(missing_ok=True)
        yesterday = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"
        for folder in sorted({path.parent for path in paths}):
            if not folder.is_dir():
                continue
            sync_directory(folder)
            # A day that may still be recorded into keeps its folder: the recorder could be about to use it.
            if folder.name < yesterday and not any(folder.iterdir()):
                folder.rmdir()

    def _read_identity(self) -> str | None:
        try:
            content = json.loads((self._root / IDENTITY_FILE).read_bytes())
        except FileNotFoundError:
            return None
        except ValueError:
            return _UNREADABLE
        except OSError as error:
            raise disk_error(self._root / IDENTITY_FILE, error) from error
        return (
            str(content["footage"])
            if isinstance(content, dict) and "footage" in content
            else _UNREADABLE
        )
