"""A lock file held by the operating system, with the holder's process id in it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if sys.platform == "win32":
    from embedded_server.storage import oslock_windows as oslock
else:
    from embedded_server.storage import oslock_posix as oslock

if TYPE_CHECKING:
    from pathlib import Path


class LockTaken(Exception):
    """Somebody else holds the lock; ``pid`` where it could be read."""

    def __init__(self, pid: int | None) -> None:
        super().__init__(f"locked by process {pid}")
        self.pid = pid


class FileLock:
    """Held from construction to :meth:`release` or the end of the process, however that comes."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            LockTaken: somebody else has it.
            OSError: the file cannot be opened.
        """
        self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        if not oslock.try_lock(self._file):
            pid = _pid_in(self._file)
            os.close(self._file)
            raise LockTaken(pid)
        os.ftruncate(self._file, 0)
        os.lseek(self._file, 0, os.SEEK_SET)
        os.write(self._file, f"{os.getpid()}\n".encode())

    def release(self) -> None:
        """Give the lock back; the file stays, since removing it would race with the next holder."""
        oslock.unlock(self._file)
        os.close(self._file)


def _pid_in(file: int) -> int | None:
    try:
        os.lseek(file, 0, os.SEEK_SET)
        return int(os.read(file, 20))
    except (OSError, ValueError):
        return None
