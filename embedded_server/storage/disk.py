"""Durable file operations, and what the disk says."""

from __future__ import annotations

import errno
import os
import shutil
from typing import TYPE_CHECKING

from embedded_server.storage.directory import reason
from embedded_server.storage.errors import DataDirectoryFull, DataDirectoryUnusable

if TYPE_CHECKING:
    from pathlib import Path


def write_atomically(path: Path, content: bytes) -> None:
    """Replace a file in one step: readers see the old or the new one, never a part.

    Raises:
        StorageError: the disk is full, or refuses.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise disk_error(path, error) from error


def free_bytes(path: Path) -> int:
    """Room left on the disk of a path."""
    return shutil.disk_usage(path).free


def total_bytes(path: Path) -> int:
    """Size of the disk of a path."""
    return shutil.disk_usage(path).total


def disk_error(path: Path, error: OSError) -> DataDirectoryFull | DataDirectoryUnusable:
    """Our error for the system's."""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DataDirectoryFull(path.parent)
    return DataDirectoryUnusable(path.parent, reason(error))
