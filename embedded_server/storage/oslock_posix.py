"""Locking a file on Linux and macOS."""

import sys

if sys.platform != "win32":
    import fcntl

    def try_lock(file: int) -> bool:
        """Whether the whole file could be locked for this process."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def unlock(file: int) -> None:
        """Give it back."""
        fcntl.flock(file, fcntl.LOCK_UN)
