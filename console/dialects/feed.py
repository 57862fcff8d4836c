"""Text messages of a system's WebSockets, several sockets as one stream."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any, Protocol

import websockets.asyncio.client
import websockets.exceptions

from console.dialects import sentences
from console.domain.address import is_near
from console.domain.errors import ConsoleError, NotPermitted, SignInRefused

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from contextlib import AbstractAsyncContextManager

WAITING = 2000
"""Messages that may wait to be read. Past that the feed gives up and the session loads everything again."""
LARGEST_MESSAGE = 4 * 1024 * 1024
UNAUTHORISED = 4401
"""Close code: the token has expired."""


class TokenExpired(Exception):
    """The system wants a fresh token; nobody needs to hear of it."""


class SocketOpener(Protocol):
    """Opens a WebSocket; the context is an iterator over its text messages."""

    def __call__(
        self, url: str, headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        """Open; leaving the context closes.

        The iterator ends when the system closes in good order.

        Raises:
            TokenExpired: the token is refused, now or later.
            ConsoleError: no connection, or it was lost.
        """


@contextlib.asynccontextmanager
async def open_socket(url: str, headers: Mapping[str, str]) -> AsyncIterator[AsyncIterator[str]]:
    """The real one."""
    address = url.partition("?")[0]
    options: dict[str, Any] = {"proxy": None} if is_near(address) else {}
    try:
        async with websockets.asyncio.client.connect(
            url,
            additional_headers=dict(headers),
            compression=None,
            open_timeout=10,
            # a cable that was pulled says nothing: the ping finds out
            ping_interval=5,
            ping_timeout=5,
            close_timeout=1,
            max_size=LARGEST_MESSAGE,
            **options,
        ) as socket:
            yield _texts(socket)
    except websockets.exceptions.InvalidStatus as error:
        raise _refused(address, error.response.status_code) from error
    except websockets.exceptions.ConnectionClosed as error:
        if error.rcvd is not None and error.rcvd.code == UNAUTHORISED:
            raise TokenExpired from error
        raise sentences.connection_lost(address, error) from error
    except websockets.exceptions.WebSocketException as error:
        raise sentences.not_ours(address) from error
    except TimeoutError as error:
        raise sentences.too_slow(address) from error
    except OSError as error:
        raise sentences.unreachable(address, error) from error


async def _texts(socket: websockets.asyncio.client.ClientConnection) -> AsyncIterator[str]:
    while True:
        try:
            message = await socket.recv()
        except websockets.exceptions.ConnectionClosedOK:
            return
        if isinstance(message, str):
            yield message


def _refused(address: str, status: int) -> Exception:
    if status == 401:
        return TokenExpired()
    if status == 403:
        return NotPermitted("This account may not follow what happens.")
    return sentences.not_ours(address)


class Feed:
    """Several sockets read at once, their messages in one bounded queue.

    Use as an async context; it ends all sockets.
    """

    def __init__(
        self,
        urls: Sequence[str],
        *,
        opener: SocketOpener,
        token: Callable[[], Awaitable[str]],
        renew: Callable[[str], Awaitable[object]],
        reopened: str,
    ) -> None:
        """Args.

        urls: of the sockets.
        opener: opens one.
        token: gives the access token.
        renew: is told the token that was refused, and gets another.
        reopened: message that is put in when a socket had to be opened again, so that what happened meanwhile
            can be loaded.
        """
        self._urls = urls
        self._opener = opener
        self._token = token
        self._renew = renew
        self._reopened = reopened
        self._messages: asyncio.Queue[str | BaseException] = asyncio.Queue(WAITING)
        self._tasks: list[asyncio.Task[None]] = []
        self._opened = 0
        self._all_open = asyncio.Event()

    async def __aenter__(self) -> Feed:
        """Open all sockets.

        Raises:
            ConsoleError: one of them cannot be opened.
        """
        self._tasks = [
            asyncio.create_task(self._read(url), name=f"feed {url}") for url in self._urls
        ]
        waiting = asyncio.create_task(self._all_open.wait())
        try:
            await asyncio.wait((waiting, *self._tasks), return_when=asyncio.FIRST_COMPLETED)
            for task in self._tasks:
                if task.done():
                    task.result()
        except BaseException:
            await self._end()
            raise
        finally:
            waiting.cancel()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def __aiter__(self) -> AsyncIterator[str]:
        """Messages of all sockets.

        Raises:
            ConsoleError: a socket was lost.
        """
        while True:
            if not self._messages.empty():
                message = self._messages.get_nowait()
            else:
                message = await self._messages.get()
            if isinstance(message, BaseException):
                raise message
            yield message

    async def _read(self, url: str) -> None:
        try:
            await self._read_on(url)
        except ConsoleError as error:
            if not self._all_open.is_set():
                raise
            self._end_with(error)

    async def _read_on(self, url: str) -> None:
        is_first = True
        refusals = 0
        while True:
            token = await self._token()
            headers = {"Authorization": f"Bearer {token}"}
            try:
                async with self._opener(url, headers) as messages:
                    if is_first:
                        self._note_open()
                    else:
                        self._put(self._reopened)
                    is_first = False
                    async for message in messages:
                        refusals = 0
                        self._put(message)
                # in good order, yet not by us: the server is going down
                raise sentences.connection_lost(url, ConnectionError("the server closed it"))
            except TokenExpired as error:
                refusals += 1
                if refusals > 2:
                    raise SignInRefused(
                        "The session has ended.", remedy="Sign in again."
                    ) from error
                await self._renew(token)

    def _note_open(self) -> None:
        self._opened += 1
        if self._opened == len(self._urls):
            self._all_open.set()

    def _put(self, message: str) -> None:
        try:
            self._messages.put_nowait(message)
        except asyncio.QueueFull:
            raise sentences.connection_lost(
                self._urls[0], OverflowError("more came than could be shown")
            ) from None

    def _end_with(self, error: ConsoleError) -> None:
        while self._messages.full():
            self._messages.get_nowait()
        self._messages.put_nowait(error)

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
