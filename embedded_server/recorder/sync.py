"""One thread per disk that syncs growing files evenly over the period, and finishes closed ones."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from embedded_server.recorder.durable import sync_descriptor, sync_directory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PERIOD_S = 2.0
_log = logging.getLogger("gatehouse.recorder.sync")


class Syncable(Protocol):
    """A file that grows."""

    @property
    def path(self) -> Path:
        """Where it lies."""

    def duplicate_descriptor(self) -> int | None:
        """A descriptor of its own for the sync, or None when it is closed."""

    def close(self) -> None:
        """Give its descriptor back."""


class _Closing(NamedTuple):
    file: Syncable
    done: Callable[[], None]


class SyncThread:
    """Syncs every registered file once in ``period_s``; never in the way of a writer."""

    def __init__(self, *, period_s: float = PERIOD_S) -> None:
        self._period_s = period_s
        self._condition = threading.Condition()
        self._growing: deque[Syncable] = deque()
        self._closing: deque[_Closing] = deque()
        self._is_stopping = False
        self._thread = threading.Thread(target=self._run, name="footage-sync", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def add(self, file: Syncable) -> None:
        """Sync this file from now on."""
        with self._condition:
            self._growing.append(file)

    def finish(self, file: Syncable, done: Callable[[], None]) -> None:
        """Sync the file and its directory, close it, then call ``done`` from the sync thread."""
        with self._condition:
            if file in self._growing:
                self._growing.remove(file)
            self._closing.append(_Closing(file, done))
            self._condition.notify()

    def stop(self, timeout_s: float = 3.0) -> None:
        """Finish what waits, then end."""
        with self._condition:
            self._is_stopping = True
            self._condition.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._condition:
                if not self._closing and not self._is_stopping:
                    self._condition.wait(self._period_s / max(1, len(self._growing)))
                closing = self._closing.popleft() if self._closing else None
                if closing is None and self._is_stopping:
                    return
                growing = None if closing else self._next_growing()
            try:
                if closing:
                    _finish(closing)
                elif growing:
                    _sync(growing)
            except (
                OSError
            ) as error:  # one file; without this thread no segment would ever be closed
                _log.warning("a file of footage could not be finished: %s", error)

    def _next_growing(self) -> Syncable | None:
        if not self._growing:
            return None
        self._growing.rotate(-1)
        return self._growing[-1]


def _finish(closing: _Closing) -> None:
    _sync(closing.file)
    closing.file.close()
    with contextlib.suppress(OSError):
        sync_directory(closing.file.path.parent)
    closing.done()


def _sync(file: Syncable) -> None:
    try:
        descriptor = file.duplicate_descriptor()
        if descriptor is None:
            return
        try:
            sync_descriptor(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        _log.warning("%s could not be synced: %s", file.path.name, error.strerror)
