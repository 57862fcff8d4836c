"""Listening, from the bound socket to the last answer."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import logging
import os
import signal
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

import uvicorn

from embedded_server.app import building
from embedded_server.services.errors import ErrorKind, ServiceError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from embedded_server.app import GatehouseApp
    from embedded_server.config import ServerSettings

_log = logging.getLogger("gatehouse.server")

FINISH_WITHIN_S = 1
"""For requests under way when the server stops; all of it must be done in five seconds."""
BACKLOG = 512


class CannotListen(ServiceError):
    """The address cannot be bound."""

    kind = ErrorKind.UNAVAILABLE


async def serve(settings: ServerSettings, *, say: Callable[[str], None]) -> None:
    """Run a server until a signal ends it; ``say`` gets the lines that a person or a parent waits for.

    Raises:
        ServiceError: it cannot start, with cause and remedy.
    """
    settings.check_bind()
    with _bound(settings) as listener, _stopping(at_eof=settings.stop_at_eof) as stop:
        async with building(settings) as server, contextlib.AsyncExitStack() as life:
            address = _address(settings, listener)
            async with listening(server.app, listener) as finished:
                say(f"Gatehouse server listening on {address}")
                if server.setup_secret is not None:
                    say(
                        f"Create the first administrator: {address}/setup?secret={server.setup_secret}"
                    )
                starting = await life.enter_async_context(server.capturing())
                stopping = asyncio.create_task(stop.wait(), name="stop")
                await _any(stopping, finished, starting)
                if starting.done():
                    starting.result()
                    await _any(stopping, finished)
                stopping.cancel()
                _log.info("stopping")
                server.bus.close()


class _Uvicorn(uvicorn.Server):
    """Leaves the signals to us: its own way ends the process before the recorder has closed its files."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to answer."""
        await super().startup(sockets)
        self.is_listening.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing."""
        yield


@contextlib.asynccontextmanager
async def listening(
    app: GatehouseApp, listener: socket.socket
) -> AsyncIterator[asyncio.Task[None]]:
    """Within it, requests on the bound socket are answered; the task ends if that fails."""
    config = uvicorn.Config(
        app,
        http="httptools",
        ws="websockets-sansio",  # plain "websockets" is the deprecated legacy code
        ws_per_message_deflate=False,
        ws_max_size=1_000_000,
        lifespan="off",
        log_config=None,
        log_level=logging.WARNING,  # what it says of sockets at a lower level has their tokens in it
        access_log=False,  # media tokens stand in addresses
        server_header=False,
        timeout_graceful_shutdown=FINISH_WITHIN_S,
    )
    server = _Uvicorn(config)
    task = asyncio.create_task(server.serve([listener]), name="http")
    try:
        answering = asyncio.create_task(server.is_listening.wait(), name="listening")
        await _any(answering, task)
        answering.cancel()
        yield task
    finally:
        server.should_exit = True
        await task


async def _any(*tasks: asyncio.Task[Any]) -> None:
    """Until one is over; the others go on."""
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)


@contextlib.contextmanager
def _bound(settings: ServerSettings) -> Iterator[socket.socket]:
    """The listening socket, before anything else is touched.

    Raises:
        CannotListen: the address or port cannot be had.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Said to be TCP, or asyncio does not switch Nagle off and every answer waits 40 ms for an acknowledgement.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        if sys.platform == "win32":  # there, "reuse" would let two servers share a port
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
            listener.listen(BACKLOG)
        except OSError as error:
            raise CannotListen(_why_not(settings, error), code="cannot_listen") from error
        listener.setblocking(False)
        yield listener


def _why_not(settings: ServerSettings, error: OSError) -> str:
    where = f"port {settings.port} of {settings.host}"
    if error.errno in (errno.EADDRINUSE, getattr(errno, "WSAEADDRINUSE", errno.EADDRINUSE)):
        return (
            f"Another program is using {where}. Stop it, or choose another port with --port "
            "(0 takes any that is free)."
        )
    if error.errno == errno.EACCES:
        return f"This user may not use {where}. Choose a port above 1023 with --port."
    return (
        f"The server cannot listen on {where}: {error.strerror or error}. Check --host and --port."
    )


def _address(settings: ServerSettings, listener: socket.socket) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{listener.getsockname()[1]}"


def _watch_input(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    # os.read: a thread inside sys.stdin would hold its lock, and the interpreter aborts on that at its end
    with contextlib.suppress(OSError):
        while os.read(0, 1024):
            pass
    with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
        loop.call_soon_threadsafe(stop.set)


@contextlib.contextmanager
def _stopping(*, at_eof: bool) -> Iterator[asyncio.Event]:
    """An event that is set by Ctrl-C, a request of the system to end, or the end of standard input."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    if at_eof:
        threading.Thread(target=_watch_input, args=(loop, stop), name="stdin", daemon=True).start()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    names = ("SIGINT", "SIGTERM", "SIGBREAK")
    wanted = [getattr(signal, name) for name in names if hasattr(signal, name)]

    def obey(number: int, _frame: object) -> None:
        loop.call_soon_threadsafe(stop.set)

    before = [(number, signal.signal(number, obey)) for number in wanted]
    try:
        yield stop
    finally:
        for number, handler in before:
            signal.signal(number, handler)
