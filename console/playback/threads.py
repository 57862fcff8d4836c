"""Threads for decoding, started from a thread that never painted.

A thread inherits the vector registers of the one that starts it. After painting, Qt's thread leaves their
upper halves dirty, and FFmpeg's SSE code then runs 1.4 times slower for the whole life of the thread. So a
spawner made before QApplication starts them all; the numpy call at each start ends with ``vzeroupper`` and
covers the case where somebody makes the spawner too late.
"""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


class Spawner:
    """Starts threads on behalf of others. Make it before QApplication."""

    def __init__(self) -> None:
        self._wanted: queue.SimpleQueue[tuple[threading.Thread, threading.Event] | None] = (
            queue.SimpleQueue()
        )
        self._thread = threading.Thread(target=self._run, name="spawner", daemon=True)
        self._thread.start()

    def spawn(self, target: Callable[[], None], *, name: str) -> threading.Thread:
        """Start ``target`` in a new daemon thread and return it, running."""

        def run() -> None:
            _clear_vector_registers()
            target()

        thread = threading.Thread(target=run, name=name, daemon=True)
        started = threading.Event()
        self._wanted.put((thread, started))
        started.wait()
        return thread

    def close(self) -> None:
        """End the spawner; threads that it started go on."""
        self._wanted.put(None)
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while (wanted := self._wanted.get()) is not None:
            thread, started = wanted
            thread.start()
            started.set()


def _clear_vector_registers() -> None:
    np.add(np.ones(256, np.float32), np.ones(256, np.float32))
