"""The sync thread goes on whatever one file does: without it no segment would ever be closed."""

from __future__ import annotations

import errno
import threading
from typing import TYPE_CHECKING

import pytest

from embedded_server.recorder.sync import SyncThread

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class File:
    """A file that can refuse to be synced."""

    def __init__(self, path: Path, *, refuses: bool) -> None:
        self.path = path
        self.is_closed = False
        self._refuses = refuses

    def duplicate_descriptor(self) -> int | None:
        if self._refuses:
            raise OSError(errno.EMFILE, "Too many open files")
        return None

    def close(self) -> None:
        self.is_closed = True


def _finish(thread: SyncThread, file: File, then: Callable[[], None]) -> None:
    done = threading.Event()

    def call() -> None:
        done.set()
        then()

    thread.finish(file, call)
    assert done.wait(5)


@pytest.mark.logs_warnings
def test_a_file_that_cannot_be_synced_is_closed_and_the_next_one_too(tmp_path: Path) -> None:
    def fails() -> None:
        raise OSError(errno.EROFS, "Read-only file system")

    thread = SyncThread(period_s=0.01)
    thread.start()
    bad, good = File(tmp_path / "bad", refuses=True), File(tmp_path / "good", refuses=False)
    _finish(thread, bad, fails)
    _finish(thread, good, lambda: None)
    thread.stop()
    assert bad.is_closed
    assert good.is_closed
