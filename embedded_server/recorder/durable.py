"""Making bytes survive a power cut: the one place of the recorder that knows platforms."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

if sys.platform == "win32":

    def sync_descriptor(descriptor: int) -> None:
        """The file's bytes and length are on the disk."""
        os.fsync(descriptor)

    def sync_directory(directory: Path) -> None:
        """NTFS journals its directories; there is nothing to do."""

    def forget_cached(descriptor: int) -> None:
        """Windows has no advice to give here."""

elif sys.platform == "darwin":
    import fcntl

    def sync_descriptor(descriptor: int) -> None:
        """The file's bytes and length are on the disk; fsync alone leaves them in the drive's cache."""
        try:
            fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
        except OSError:
            os.fsync(descriptor)

    def sync_directory(directory: Path) -> None:
        """The names in the directory are on the disk."""
        _sync_directory(directory)

    def forget_cached(descriptor: int) -> None:
        """There is no such advice on macOS."""

else:

    def sync_descriptor(descriptor: int) -> None:
        """The file's bytes and length are on the disk."""
        os.fdatasync(descriptor)

    def sync_directory(directory: Path) -> None:
        """The names in the directory are on the disk."""
        _sync_directory(directory)

    def forget_cached(descriptor: int) -> None:
        """Leave the page cache to the catalogue and to the minutes that people look at."""
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
