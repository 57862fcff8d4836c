"""The thread and event loop in which all live sockets are read, apart from the window's own loop."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from concurrent.futures import Future

    from console.playback.threads import Spawner


class SocketLoop:
    """Runs coroutines in a thread of their own."""

    def __init__(self, spawner: Spawner) -> None:
        self._loop = asyncio.new_event_loop()
        self._is_running = threading.Event()
        self._thread = spawner.spawn(self._run, name="live-sockets")
        self._is_running.wait()

    def start(self, coroutine: Coroutine[Any, Any, None]) -> Future[None]:
        """Run it there; cancel the future to stop it."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def call(self, function: Any, *arguments: Any) -> None:
        """Call a plain function there soon; does nothing once closed."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(function, *arguments)

    def close(self) -> None:
        """Cancel everything and end the thread."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._cancel_all(), self._loop)
            self._thread.join(timeout=3)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.call_soon(self._is_running.set)
        try:
            self._loop.run_forever()
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
        finally:
            self._loop.close()

    async def _cancel_all(self) -> None:
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            if not task.cancelling():  # a second time would break off the closing of its socket
                task.cancel()
        await asyncio.wait(others, timeout=1.5) if others else None
        self._loop.stop()
