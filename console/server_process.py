"""The embedded server as a child process: started, watched, restarted and stopped."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
import os
import re
import secrets
import subprocess
import sys
import threading
import time
from collections import deque
from typing import IO, TYPE_CHECKING, TypeVar

from PySide6.QtCore import QObject, Signal

from console.domain.backoff import Backoff
from console.domain.errors import CannotConnect, ConsoleError, TimedOut
from console.files import read_json, write_json
from console.secrets import Keeping

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from console.secrets import Secrets

_log = logging.getLogger("gatehouse.server")
_LISTENING = re.compile(r"Gatehouse server listening on (https?://\S+)")
READY_WITHIN_S = 60.0
"""A damaged catalogue is checked, and migrations run, before the server listens."""
STOP_WITHIN_S = 5.0
CANNOT_START = 3
"""Exit code of a server that says on stderr why it cannot start; trying again would only repeat it."""
STEADY_AFTER_S = 60.0
ACCOUNT_WITHIN_S = 30.0
LOG_BYTES = 5 * 1024 * 1024
ADMIN = "gatehouse-console"
Result = TypeVar("Result")


class ServerPhase(enum.StrEnum):
    """Where the child is in its life."""

    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    RESTARTING = "restarting"
    FAILED = "failed"


def own_command() -> list[str]:
    """How this application starts its own server: frozen, it is its own interpreter."""
    if getattr(sys, "frozen", False):
        return [sys.executable, "server"]
    return [sys.executable, "-m", "embedded_server", "server"]


class EmbeddedSignIn:
    """Name and password by which the console signs in to its own server.

    The password is made once. It lives in the keyring, or, where there is none, in a file next to the server's
    own keys: whoever can read that can read the catalogue anyway.
    """

    def __init__(self, secrets_: Secrets, data_dir: Path) -> None:
        self._secrets = secrets_
        self._name = f"embedded:{data_dir}"
        self._file = data_dir / "secrets" / "console_sign_in.json"

    async def get(self) -> tuple[str, str]:
        """Name and password.

        Raises:
            CannotConnect: they can be kept nowhere.
        """
        password = await asyncio.to_thread(self._read) or await self._secrets.recall(self._name)
        if password is None:
            password = secrets.token_urlsafe(24)
            await self._keep(password)
        return ADMIN, password

    async def _keep(self, password: str) -> None:
        if await self._secrets.remember(self._name, password) is not Keeping.NOWHERE:
            return
        kept = {"username": ADMIN, "password": password}
        try:
            await asyncio.to_thread(write_json, self._file, kept, is_private=True)
        except OSError as error:
            raise CannotConnect(
                f"The data directory cannot be written: {error}.",
                remedy=f"Make {self._file.parent.parent} writable, or choose another directory.",
            ) from error

    def _read(self) -> str | None:
        kept, _ = read_json(self._file)
        password = kept.get("password")
        return password if isinstance(password, str) else None


class ServerProcess(QObject):
    """The child and what became of it. ``start`` returns when it listens; from then on it is kept alive."""

    changed = Signal(str)
    """The new ``ServerPhase``."""
    cannot_start = Signal(str)
    """Why, in the server's own sentence; it is not tried again."""

    def __init__(
        self,
        data_dir: Path,
        sign_in: EmbeddedSignIn,
        *,
        command: Sequence[str] = (),  # ends with the word "server", as own_command() does
        environment: Mapping[str, str] | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._data_dir = data_dir
        self._sign_in = sign_in
        self._command = list(command) or own_command()
        self._environment = dict(environment or {})
        self._sleep = sleep
        self._child: _Child | None = None
        self._watch: asyncio.Task[None] | None = None
        self._port = 0
        self.phase = ServerPhase.STOPPED
        self.address: str | None = None
        """``http://127.0.0.1:PORT`` once it listens; it stays the same over restarts."""

    @property
    def sign_in(self) -> EmbeddedSignIn:
        """How to sign in to it."""
        return self._sign_in

    @property
    def data_dir(self) -> Path:
        """Where it keeps everything."""
        return self._data_dir

    async def start(self) -> str:
        """Start it, unless it runs; its address.

        Raises:
            CannotConnect: it cannot start, with its own sentence.
            TimedOut: it does not begin to listen.
        """
        if self.address is not None and self._watch is not None and not self._watch.done():
            return self.address
        self._say(ServerPhase.STARTING)
        try:
            await self._start_child()
        except ConsoleError:
            self._say(ServerPhase.FAILED)
            raise
        self._watch = asyncio.create_task(self._keep_alive(), name="embedded server")
        return self.address or ""

    async def restore_account(self) -> None:
        """Make our account in the data directory what ``sign_in`` says.

        A directory that another program began has other accounts, and a keyring that was lost has taken our
        password with it. Whoever may write the directory may do this.

        Raises:
            CannotConnect: it cannot be done.
        """
        username, password = await self._sign_in.get()
        for command in ("reset-password", "create"):
            code, said = await asyncio.to_thread(self._account_command, command, username, password)
            if code == 0:
                _log.info("the console's account of the embedded server was restored")
                return
        raise CannotConnect(
            f"The embedded server does not let the console in: {said}",
            remedy=f"Its data directory is {self._data_dir}.",
        )

    async def aclose(self) -> None:
        """Stop it within ``STOP_WITHIN_S``."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None
        if self._child is not None:
            await self._child.stop()
            self._child = None
        self._say(ServerPhase.STOPPED)

    async def _start_child(self) -> None:
        username, password = await self._sign_in.get()
        child = _Child(
            [*self._command, "--data-dir", str(self._data_dir), "--port", str(self._port)],
            {
                **self._environment,
                "GATEHOUSE_STOP_AT_EOF": "1",
                "GATEHOUSE_ADMIN_USERNAME": username,
                "GATEHOUSE_ADMIN_PASSWORD": password,
            },
            self._data_dir / "logs",
        )
        try:
            await asyncio.to_thread(child.start)
            self.address = await child.address()
        except OSError as error:
            raise CannotConnect(
                f"The embedded server cannot be started: {error}.",
                remedy=f"Make sure that {self._data_dir} can be written.",
            ) from error
        except BaseException:
            await child.stop()
            raise
        self._child = child
        self._port = int(self.address.rsplit(":", 1)[1].rstrip("/"))
        self._say(ServerPhase.RUNNING)
        _log.info("the embedded server listens on %s", self.address)

    def _account_command(self, command: str, username: str, password: str) -> tuple[int, str]:
        done = subprocess.run(
            [
                *self._command[:-1],
                *("user", command, username, "--password-stdin"),
                *("--data-dir", str(self._data_dir)),
            ],
            input=f"{password}\n",
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=ACCOUNT_WITHIN_S,
            check=False,
            creationflags=_CREATION_FLAGS,
        )
        return done.returncode, done.stderr.strip()

    async def _keep_alive(self) -> None:
        backoff = Backoff()
        while True:
            began = time.monotonic()
            if self._child is not None:
                code = await self._child.ended()
                _log.warning("the embedded server ended with code %s and is started again", code)
            if time.monotonic() - began > STEADY_AFTER_S:
                backoff.succeeded()
            self._say(ServerPhase.RESTARTING)
            await self._sleep(backoff.next_s())
            self._child = None
            try:
                await self._start_child()
            except ConsoleError as error:
                _log.warning("the embedded server does not start: %s", error)
                self._say(ServerPhase.FAILED)
                self.cannot_start.emit(str(error))

    def _say(self, phase: ServerPhase) -> None:
        if phase is not self.phase:
            self.phase = phase
            self.changed.emit(phase.value)


class _Child:
    """One run of the server. Threads read its pipes, since Windows has no other way that Qt's loop knows."""

    def __init__(self, command: list[str], environment: dict[str, str], log_dir: Path) -> None:
        self._command = command
        self._environment = environment
        self._log_dir = log_dir
        self._loop = asyncio.get_running_loop()
        self._address: asyncio.Future[str] = self._loop.create_future()
        self._ended: asyncio.Future[int] = self._loop.create_future()
        self._process: subprocess.Popen[str] | None = None
        self._last_words: deque[str] = deque(maxlen=20)
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Start it.

        Raises:
            OSError: there is no such program, or no place for its log.
        """
        self._log_dir.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            self._command,
            env={**os.environ, **self._environment, "PYTHONUNBUFFERED": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
            creationflags=_CREATION_FLAGS,
            start_new_session=_HAS_SESSIONS,
        )
        out, err = self._process.stdout, self._process.stderr
        assert out is not None
        assert err is not None
        readers = [
            threading.Thread(target=self._read_out, args=(out,), name="server-out", daemon=True),
            threading.Thread(target=self._read_err, args=(err,), name="server-err", daemon=True),
        ]
        for thread in readers:
            thread.start()
        self._threads = [
            *readers,
            threading.Thread(target=self._wait, args=(readers,), name="server-wait", daemon=True),
        ]
        self._threads[-1].start()

    async def address(self) -> str:
        """Its address, once it listens.

        Raises:
            CannotConnect: it ended instead; its last sentence says why.
            TimedOut: neither in ``READY_WITHIN_S``.
        """
        await asyncio.wait(
            (self._address, self._ended),
            timeout=READY_WITHIN_S,
            return_when=asyncio.FIRST_COMPLETED,
        )
        if self._address.done():
            return self._address.result()
        if self._ended.done():
            raise self._why_not(self._ended.result())
        raise TimedOut(
            "The embedded server did not start in time.",
            remedy=f"Its log is in {self._log_dir}.",
        )

    async def ended(self) -> int:
        """Its exit code, when it has ended."""
        return await asyncio.shield(self._ended)

    async def stop(self) -> None:
        """Ask it to end, then make it."""
        process = self._process
        if process is None:
            return
        if process.poll() is None:
            _ask_to_stop(process)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(self._ended), STOP_WITHIN_S)
        if process.poll() is None:
            _log.warning("the embedded server did not stop in time and is killed")
            process.kill()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._ended), 2)

    def _why_not(self, code: int) -> CannotConnect:
        said = " ".join(self._last_words if code == CANNOT_START else list(self._last_words)[-1:])
        return CannotConnect(
            said or f"The embedded server ended at once, with code {code}.",
            remedy=f"Its log is in {self._log_dir}.",
        )

    def _read_out(self, pipe: IO[str]) -> None:
        with pipe:
            for line in pipe:
                found = _LISTENING.search(line)
                if found:
                    self._settle(self._address, found[1])

    def _read_err(self, pipe: IO[str]) -> None:
        """Into the log, and the last lines into memory: they say why it cannot start."""
        path = self._log_dir / "server-stderr.log"
        _rotate(path)
        with pipe, path.open("a", encoding="utf-8") as file:
            for line in pipe:
                file.write(line)
                file.flush()
                if line.strip():
                    self._last_words.append(line.strip())

    def _wait(self, readers: list[threading.Thread]) -> None:
        assert self._process is not None
        code = self._process.wait()
        if self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        for thread in readers:  # so that its last words have been read
            thread.join(timeout=1)
        self._settle(self._ended, code)

    def _settle(self, future: asyncio.Future[Result], value: Result) -> None:
        def settle() -> None:
            if not future.done():
                future.set_result(value)

        with contextlib.suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(settle)


def _rotate(path: Path) -> None:
    with contextlib.suppress(OSError):
        if path.stat().st_size > LOG_BYTES:
            path.replace(path.with_suffix(".1.log"))


def _ask_to_stop(process: subprocess.Popen[str]) -> None:
    """Close its input, which it watches; so it also ends when we are killed ourselves.

    Where there are signals it gets one too. (On Windows Ctrl-Break does not reach a process without a window.)
    """
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    if sys.platform != "win32":
        process.terminate()


# A group or session of its own, so that Ctrl-C in our terminal does not end it before we do.
if sys.platform == "win32":
    _CREATION_FLAGS = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    _HAS_SESSIONS = False
else:
    _CREATION_FLAGS = 0
    _HAS_SESSIONS = True
