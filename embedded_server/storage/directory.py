"""The data directory: made, writable, not full, and used by one server at a time."""

from __future__ import annotations

import os
import shutil
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from embedded_server.storage.errors import (
    CatalogueLocked,
    DataDirectoryFull,
    DataDirectoryUnusable,
)
from embedded_server.storage.filelock import FileLock, LockTaken

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SUBDIRECTORIES = ("footage", "media", "models", "secrets", "logs")
LOCK_FILE = "server.lock"
MIN_FREE_BYTES = 50_000_000
"""Below this a server cannot even write its log and its catalogue for long."""


def prepare(data_dir: Path) -> None:
    """Make the directory and its parts, and try it out.

    Raises:
        DataDirectoryUnusable: it cannot be made or written.
        DataDirectoryFull: there is no room.
    """
    try:
        for part in (data_dir, *(data_dir / name for name in SUBDIRECTORIES)):
            part.mkdir(parents=True, exist_ok=True)
        (data_dir / "secrets").chmod(0o700)
        free = shutil.disk_usage(data_dir).free
    except OSError as error:
        raise DataDirectoryUnusable(data_dir, reason(error)) from error
    if free < MIN_FREE_BYTES:
        raise DataDirectoryFull(data_dir, free)
    _try_writing(data_dir)


@contextmanager
def lock(data_dir: Path) -> Iterator[None]:
    """Keep other servers out until left; the operating system frees it when this process dies.

    Raises:
        CatalogueLocked: another server is in.
    """
    try:
        held = FileLock(data_dir / LOCK_FILE)
    except LockTaken as taken:
        raise CatalogueLocked(data_dir, taken.pid) from taken
    except OSError as error:
        raise DataDirectoryUnusable(data_dir, reason(error)) from error
    try:
        yield
    finally:
        held.release()


def reason(error: OSError) -> str:
    """The system's own words for an error, without the path that our sentence already has."""
    return error.strerror or str(error)


def _try_writing(data_dir: Path) -> None:
    probe = data_dir / f".probe-{os.getpid()}-{uuid.uuid4().hex[:8]}"
    try:
        probe.write_bytes(b"gatehouse")
        probe.unlink()
    except OSError as error:
        raise DataDirectoryUnusable(data_dir, reason(error)) from error
