"""What holds for every request and every answer: the largest body, and headers for browsers."""

from fastapi import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LARGEST_BODY = 10 * 1024 * 1024
_HEADERS = ((b"x-content-type-options", b"nosniff"), (b"x-frame-options", b"DENY"))


class Limits:
    """Refuses larger bodies before they are in memory, and keeps browsers from guessing content types."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await self._app(scope, _counted(receive, _said_size(scope)), _with_headers(send))


def _counted(receive: Receive, said: int) -> Receive:
    """Fails where the route reads the body, so that the refusal has the shape of all others."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        if said > LARGEST_BODY:
            raise _too_large()
        message = await receive()
        received += len(message.get("body", b""))
        if received > LARGEST_BODY:
            raise _too_large()
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message.get("headers", ()), *_HEADERS]
        await send(message)

    return sent


def _said_size(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _too_large() -> HTTPException:
    return HTTPException(413, f"A request may have {LARGEST_BODY // 2**20} MiB at most.")
