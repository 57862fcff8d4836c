"""asyncio inside Qt; the only place that knows qasync."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import qasync
from PySide6.QtCore import QSocketNotifier
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from types import FrameType

SWITCH_INTERVAL_S = 0.0005
"""How long a thread may keep the interpreter: with 81 tiles this halves the wait of Qt's thread."""


def qt_event_loop() -> asyncio.AbstractEventLoop:
    """A loop on the running QApplication; also for tests, as anyio's ``loop_factory``."""
    application = QApplication.instance()
    loop: asyncio.AbstractEventLoop = qasync.QEventLoop(application)
    # qasync's own executor makes a QThread per worker; ours are plain threads, which Qt does not wait for
    loop.set_default_executor(ThreadPoolExecutor(max_workers=8, thread_name_prefix="console"))
    return loop


def run(main: Callable[[], Coroutine[None, None, int]], application: QApplication) -> int:
    """Run ``main`` on Qt's loop until it returns; Ctrl-C and SIGTERM cancel it.

    ``main`` decides when the application ends, not the last window: closing one must not stop the loop under
    running coroutines.
    """
    application.setQuitOnLastWindowClosed(False)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    loop = qt_event_loop()
    asyncio.set_event_loop(loop)
    try:
        task = loop.create_task(main())
        with _signals_call(task.cancel):
            try:
                return loop.run_until_complete(task)
            except asyncio.CancelledError:
                return 0
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        asyncio.set_event_loop(None)
        loop.close()


@contextlib.contextmanager
def _signals_call(stop: Callable[[], object]) -> Iterator[None]:
    """Have Ctrl-C and SIGTERM call ``stop``.

    Python runs a handler only when it runs itself, which inside Qt's loop may be never: a socket wakes it.
    """
    mine, signals = socket.socketpair()
    mine.setblocking(False)
    signals.setblocking(False)
    old_descriptor = signal.set_wakeup_fd(signals.fileno(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(mine.fileno(), QSocketNotifier.Type.Read)

    def drain() -> None:
        with contextlib.suppress(OSError):
            mine.recv(64)

    def handle(_number: int, _frame: FrameType | None) -> None:
        stop()

    notifier.activated.connect(drain)
    old = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        notifier.setEnabled(False)
        signal.set_wakeup_fd(old_descriptor)
        mine.close()
        signals.close()
