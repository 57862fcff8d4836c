"""Composition root of the console: builds every object once, top to bottom."""

from __future__ import annotations

import asyncio
import contextlib
import faulthandler
import logging
import logging.handlers
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QApplication

from console import loop
from console.actions import connect
from console.dialects.registry import dialect_of
from console.domain.errors import ConsoleError, NotFound
from console.domain.notice import Level
from console.files import read_json, write_json
from console.garbage import Garbage
from console.known_systems import KnownSystems
from console.parts import ConsoleParts
from console.playback.threads import Spawner
from console.secrets import Secrets
from console.server_process import EmbeddedSignIn, ServerProcess
from console.session import Sessions, Stores
from console.settings import Settings
from console.store.cameras import CameraStore
from console.store.detections import DetectionStore
from console.store.events import EventStore
from console.store.footage import FootageStore
from console.store.layouts import LayoutStore
from console.store.notices import NoticeStore
from console.store.pictures import PictureStore
from console.store.systems import SystemStore
from console.tasks import Tasks
from console.views.first_run import FirstRunDialog
from console.views.main_window import MainWindow
from widgets import theme

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from contextlib import AsyncExitStack
    from pathlib import Path
    from types import TracebackType

    from console.paths import Paths

_log = logging.getLogger("gatehouse")
FAILED = 3
"""Exit code: it could not do what was asked, and has said why."""
HEADLESS_SIZE = (1920, 1080)


@dataclass(frozen=True, slots=True)
class Start:
    """How the console is started."""

    paths: Paths
    headless: bool = False
    screenshot: Path | None = None
    seconds: float | None = None
    """Ends by itself after this long; None: when the window is closed."""
    prepare: Callable[[ConsoleParts, AsyncExitStack], Awaitable[None]] | None = None
    """Runs once the window is there, instead of going back to the remembered systems."""
    check: Callable[[ConsoleParts, MainWindow], Awaitable[None]] | None = None
    """Runs after ``prepare``; when it returns the console ends, when it raises it has failed."""
    server_command: tuple[str, ...] = ()


def run(start: Start) -> int:
    """Show the console until it ends; the exit code."""
    if start.headless:
        os.environ["QT_QPA_PLATFORM"] = "offscreen"
    keep_log(start.paths.log)
    spawner = Spawner()  # before QApplication; its module says why
    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    application.setApplicationName("Gatehouse")
    application.setDesktopFileName("gatehouse")
    check_references()
    garbage = Garbage()
    try:
        return loop.run(lambda: _main(start, application, spawner), application)
    finally:
        garbage.close()
        spawner.close()


def build(start: Start, spawner: Spawner) -> ConsoleParts:
    """All parts; nothing is running yet."""
    paths = start.paths
    kept_layouts, layouts_complaint = read_json(paths.layouts_file)
    settings = Settings(paths.settings_file)
    known = KnownSystems(paths.systems_file)
    secrets = Secrets(paths.config / "secrets.json")
    tasks = Tasks()
    stores = Stores(
        systems=SystemStore(),
        cameras=CameraStore(),
        events=EventStore(),
        footage=FootageStore(),
        detections=DetectionStore(),
        notices=NoticeStore(),
    )
    notices = stores.notices
    sessions = Sessions(stores, tasks, dialect_of)
    for complaint in (settings.complaint, known.complaint, layouts_complaint):
        if complaint is not None:
            notices.say(complaint, level=Level.WARNING)
    return ConsoleParts(
        paths=paths,
        settings=settings,
        secrets=secrets,
        known=known,
        tasks=tasks,
        systems=stores.systems,
        cameras=stores.cameras,
        events=stores.events,
        footage=stores.footage,
        detections=stores.detections,
        notices=notices,
        pictures=PictureStore(
            lambda system, path: _picture(sessions, system, path),
            lambda coro: tasks.start(coro, name="Thumbnail"),
        ),
        layouts=LayoutStore(kept_layouts, lambda value: _save(notices, paths.layouts_file, value)),
        sessions=sessions,
        server=ServerProcess(
            paths.data, EmbeddedSignIn(secrets, paths.data), command=start.server_command
        ),
        spawner=spawner,
    )


async def _main(start: Start, application: QApplication, spawner: Spawner) -> int:
    async with contextlib.AsyncExitStack() as stack:
        parts = build(start, spawner)
        report_failures(parts)
        stack.push_async_callback(parts.server.aclose)
        stack.push_async_callback(parts.sessions.aclose)
        stack.push_async_callback(parts.tasks.aclose)
        stack.callback(parts.layouts.save_now)
        _apply_theme(application, parts)
        window = MainWindow(parts)
        stack.callback(_end_window, window)
        window.show()
        if start.headless:
            window.resize(*HEADLESS_SIZE)  # the screen that is not there measures 800 by 800
        _log.info("the window is open")
        return await _use(start, application, parts, window, stack)


async def _use(
    start: Start,
    application: QApplication,
    parts: ConsoleParts,
    window: MainWindow,
    stack: AsyncExitStack,
) -> int:
    closed = asyncio.Event()
    application.lastWindowClosed.connect(closed.set)
    try:
        if start.prepare is not None:
            await start.prepare(parts, stack)
        elif parts.known.records:
            parts.tasks.start(connect.resume_all(parts), name="Going back to the systems")
        else:
            FirstRunDialog(parts, window).open()
        if start.check is not None:
            await start.check(parts, window)
            return 0
    except ConsoleError as error:
        _log.error("%s %s", error, error.remedy or "")
        if start.headless:
            sys.stderr.write(f"{error} {error.remedy or ''}\n")
            return FAILED
        parts.notices.say(str(error), level=Level.ERROR, remedy=error.remedy)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(closed.wait(), start.seconds)
    if start.screenshot is not None and not closed.is_set():
        return _take_screenshot(window, start.screenshot)
    return 0


def report_failures(parts: ConsoleParts) -> None:
    """Have every failure said once, in one place."""

    def say(name: str, error: ConsoleError) -> None:
        parts.notices.say(str(error), level=Level.ERROR, remedy=error.remedy, source=name)

    parts.tasks.failed.connect(say)
    parts.server.cannot_start.connect(
        lambda why: parts.notices.say(
            f"The embedded server cannot be started again: {why}",
            level=Level.ERROR,
            remedy=f"Its log is in {parts.server.data_dir / 'logs'}.",
        )
    )


def check_references() -> None:
    """Make sure that Qt calls do not eat references to ``None``.

    PySide6 6.12.0 does on Python 3.11, and the interpreter aborts after some 7 000 calls.
    """
    probe = QObject()
    before = sys.getrefcount(None)
    for _ in range(1000):
        probe.setObjectName("probe")
    if before - sys.getrefcount(None) > 500:
        raise SystemExit(
            "This version of PySide6 is broken on this version of Python. "
            "Install another: python -m pip install 'PySide6-Essentials>=6.8,<6.12'"
        )


def keep_log(folder: Path) -> None:
    """Write the console's log to a file that cannot grow without end."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler: logging.Handler = logging.handlers.RotatingFileHandler(
            folder / "console.log", maxBytes=2_000_000, backupCount=3, encoding="utf-8"
        )
    except OSError:
        handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in ("httpx", "httpcore", "websockets", "qasync", "keyring"):
        # their info lines hold whole URLs, with tokens
        logging.getLogger(name).setLevel(logging.WARNING)
    if sys.stderr is not None:
        faulthandler.enable()
    sys.excepthook = _log_fault


def _log_fault(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """A fault in a slot or a painter ends here: Qt goes on, the log remembers."""
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    _log.critical("a fault in Gatehouse", exc_info=(kind, error, trace))
    if sys.stderr is not None:
        sys.__excepthook__(kind, error, trace)


def _apply_theme(application: QApplication, parts: ConsoleParts) -> None:
    def apply(name: str = "theme") -> None:
        if name in ("theme", "reduced_motion"):
            values = parts.settings.values
            theme.apply(
                application,
                theme.theme_named(values.theme),
                reduced_motion=values.reduced_motion,
            )

    parts.settings.changed.connect(apply)
    apply()


def _end_window(window: MainWindow) -> None:
    window.close()
    window.deleteLater()


def _take_screenshot(window: MainWindow, file: Path) -> int:
    file.parent.mkdir(parents=True, exist_ok=True)
    if window.grab().save(str(file)):
        return 0
    sys.stderr.write(f"{file} cannot be written.\n")
    return FAILED


async def _picture(sessions: Sessions, system: str, path: str) -> bytes:
    events = sessions.dialect(system).events
    if events is None:
        raise NotFound("This system has no pictures.")
    return await events.picture(path)


def _save(notices: NoticeStore, file: Path, value: dict[str, object]) -> None:
    try:
        write_json(file, value)
    except OSError as error:
        notices.say(
            f"Walls and window layout cannot be saved: {error}.",
            level=Level.WARNING,
            remedy="Free some space or make the configuration folder writable.",
        )
