"""Owner of every running coroutine of the console."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject, Signal

from console.domain.errors import ConsoleError

if TYPE_CHECKING:
    from collections.abc import Coroutine

_log = logging.getLogger("gatehouse.tasks")
Result = TypeVar("Result")


class UnexpectedFault(ConsoleError):
    """A fault of our own: the log has the details."""

    def __init__(self, name: str, cause: BaseException) -> None:
        super().__init__(
            f"{name} failed: {type(cause).__name__}: {cause}",
            remedy="This is a fault in Gatehouse; the log file has the details.",
        )


class Tasks(QObject):
    """Starts coroutines, says each failure once, cancels what still runs at exit."""

    failed = Signal(str, object)
    """Name of what was tried, and the ``ConsoleError``."""
    finished = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._running: set[asyncio.Task[Any]] = set()

    def start(self, coro: Coroutine[Any, Any, Result], *, name: str) -> asyncio.Task[Result]:
        """Run it; whoever awaits the task gets its error too, but it is reported either way."""
        task = asyncio.get_running_loop().create_task(coro, name=name)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    @property
    def running(self) -> frozenset[asyncio.Task[Any]]:
        """What has not ended yet."""
        return frozenset(self._running)

    async def aclose(self) -> None:
        """Cancel everything and wait until it has ended."""
        mine = asyncio.current_task()
        running = [task for task in self._running if task is not mine]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._running.discard(task)
        if task.cancelled():
            return
        error = task.exception()
        name = task.get_name()
        if error is None:
            self.finished.emit(name)
        elif isinstance(error, ConsoleError):
            _log.info("%s: %s", name, error)
            self.failed.emit(name, error)
        else:
            _log.error("%s failed", name, exc_info=error)
            self.failed.emit(name, UnexpectedFault(name, error))
