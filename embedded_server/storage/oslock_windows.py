"""Locking a file on Windows."""

import os
import sys

if sys.platform == "win32":
    import msvcrt

    _FAR_AWAY = 1 << 30
    """The locked byte lies beyond the content, so that others can still read the process id."""

    def try_lock(file: int) -> bool:
        """Whether the file could be locked for this process."""
        os.lseek(file, _FAR_AWAY, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def unlock(file: int) -> None:
        """Give it back."""
        os.lseek(file, _FAR_AWAY, os.SEEK_SET)
        msvcrt.locking(file, msvcrt.LK_UNLCK, 1)
