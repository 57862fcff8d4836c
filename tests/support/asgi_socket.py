"""WebSockets to an ASGI application in the same process, without a port."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from console.dialects import sentences
from console.dialects.feed import UNAUTHORISED, TokenExpired

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from contextlib import AbstractAsyncContextManager

    from console.dialects.feed import SocketOpener


def opener(app: Any) -> SocketOpener:
    """Opens sockets of that application, as ``feed.open_socket`` does those of a server."""

    def open_socket(
        url: str, headers: Mapping[str, str]
    ) -> AbstractAsyncContextManager[AsyncIterator[str]]:
        return _open(app, url, headers)

    return open_socket


@contextlib.asynccontextmanager
async def _open(
    app: Any, url: str, headers: Mapping[str, str]
) -> AsyncIterator[AsyncIterator[str]]:
    parts = urlsplit(url)
    to_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    from_app: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
    scope = {
        "type": "websocket",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": parts.scheme,
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [(k.lower().encode(), v.encode()) for k, v in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": (parts.hostname, parts.port),
        "subprotocols": [],
        "state": {},
    }
    to_app.put_nowait({"type": "websocket.connect"})
    running = asyncio.ensure_future(app(scope, to_app.get, from_app.put))
    try:
        opening = await from_app.get()
        if opening["type"] != "websocket.accept":
            if opening.get("code") == UNAUTHORISED:
                raise TokenExpired
            raise sentences.connection_lost(url, ConnectionError("refused"))
        yield _texts(url, from_app)
    finally:
        to_app.put_nowait({"type": "websocket.disconnect", "code": 1000})
        try:
            await asyncio.wait_for(running, 2)
        except (asyncio.CancelledError, TimeoutError):
            running.cancel()


async def _texts(url: str, from_app: asyncio.Queue[dict[str, Any]]) -> AsyncIterator[str]:
    while True:
        message = await from_app.get()
        if message["type"] == "websocket.send":
            if message.get("text") is not None:
                yield message["text"]
            continue
        if message.get("code") == UNAUTHORISED:
            raise TokenExpired
        if message.get("code", 1000) == 1000:
            return
        raise sentences.connection_lost(url, ConnectionError(f"closed with {message.get('code')}"))
