"""The footage directory: where segments lie, and files that grow by whole fragments."""

from __future__ import annotations

import errno
import hashlib
import os
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from embedded_server.recorder.durable import forget_cached
from embedded_server.services.model import segment_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

IDENTITY_FILE = ".gatehouse-footage.json"
"""Says which catalogue a footage directory belongs to; storage writes it."""
_NAMES_TRIED = 50


class FootageFile:
    """One growing file; a write is whole or is taken back."""

    def __init__(self, path: Path, start: datetime) -> None:
        self.path = path
        self.start = start
        """As the name says it: a neighbour's name may have pushed it by milliseconds."""
        self.size = 0
        self._hash = hashlib.sha256()
        self._lock = threading.Lock()
        self._file = path.open("xb", buffering=0)
        self._is_open = True

    @property
    def sha256(self) -> str:
        """Of everything written so far."""
        return self._hash.hexdigest()

    def append(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            OSError: nothing of it is in the file then.
        """
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError:
            self._take_back()
            raise
        self._hash.update(data)
        self.size += len(data)

    def duplicate_descriptor(self) -> int | None:
        """For the sync thread, which must not hold up the writer."""
        with self._lock:
            return os.dup(self._file.fileno()) if self._is_open else None

    def close(self) -> None:
        """Safe to call twice."""
        with self._lock:
            if self._is_open:
                self._is_open = False
                forget_cached(self._file.fileno())
                self._file.close()

    def _take_back(self) -> None:
        try:
            self._file.truncate(self.size)
            self._file.seek(self.size)
        except OSError:
            return  # the recovery at the next start cuts what is torn


class FootageDir:
    """``<root>/<camera>/<yyyy-mm-dd>/<start>.mp4``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._identity = self._read_identity()

    def create(self, camera_id: str, start: datetime) -> FootageFile:
        """A new, empty file, never one that is there.

        Raises:
            OSError: the disk does not let us.
            ValueError: ``camera_id`` is no name for a directory.
        """
        if not camera_id or camera_id in {".", ".."} or any(c in camera_id for c in "/\\:\0"):
            raise ValueError(f"{camera_id!r} is no name for a directory")
        if self._identity is not None and self._read_identity() != self._identity:
            # Its disk is not mounted, say: what is recorded below it now would be lost when it comes back.
            raise OSError(errno.ENODEV, f"{self.root} is not the footage disk of before")
        for _ in range(_NAMES_TRIED):
            start = start.replace(microsecond=start.microsecond // 1000 * 1000)
            directory = self.root / camera_id / f"{start:%Y-%m-%d}"
            directory.mkdir(parents=True, exist_ok=True)
            try:
                return FootageFile(directory / segment_name(start), start)
            except FileExistsError:
                start += timedelta(milliseconds=1)
        raise FileExistsError(f"too many segments of {camera_id} begin at the same moment")

    def _read_identity(self) -> bytes | None:
        try:
            return (self.root / IDENTITY_FILE).read_bytes()
        except OSError:
            return None

    def files(self) -> Iterator[tuple[str, Path]]:
        """Every segment file with its camera, newest first within a camera."""
        if not self.root.is_dir():
            return
        for camera in sorted(entry for entry in self.root.iterdir() if entry.is_dir()):
            days = sorted((day for day in camera.iterdir() if day.is_dir()), reverse=True)
            for day in days:
                for path in sorted(day.glob("*.mp4"), reverse=True):
                    yield camera.name, path
