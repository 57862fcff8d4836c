"""The sockets of news: /ws/events, /ws/system, /ws/detections.

Every message is an object with ``type`` and ``data``; what a client may send and what it gets for it is one table in
the references, and ``_Talk`` follows it. The socket is accepted first and then closed with 4401 when the token is
missing, wrong or over: a refused handshake would hide the reason from a browser.
"""

import asyncio
import contextlib
import fnmatch
from typing import Any

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from embedded_server.api.access import socket_principal
from embedded_server.api.deps import Services, services_of
from embedded_server.contract.live import CLOSE_FORBIDDEN, CLOSE_UNAUTHORISED
from embedded_server.services.auth import Permission
from embedded_server.services.bus import (
    CHANNEL_DETECTIONS,
    CHANNEL_EVENTS,
    CHANNEL_SYSTEM,
    Published,
    Subscription,
)
from embedded_server.services.errors import Unauthenticated

router = APIRouter()

STATUS_EVERY_S = 5.0
PING_EVERY_S = 30.0
IDLE_S = 300.0
"""For clients that talk: one that never says anything is known to be there by the pings of the protocol itself."""
SEND_WITHIN_S = 30.0
CLOSE_NORMAL = 1000
CLOSE_RESTART = 1012
CLOSE_TOO_SLOW = 1013
LONGEST_MESSAGE = 65_536
PREVIEW = 100
_TYPES = ("ping", "pong", "resync", "subscribe", "unsubscribe")


@router.websocket("/ws/events")
async def events(socket: WebSocket) -> None:
    """Events, and changes of cameras and footage."""
    await _serve(socket, CHANNEL_EVENTS, Permission.EVENTS_VIEW)


@router.websocket("/ws/system")
async def system(socket: WebSocket) -> None:
    """How the server is: at once, then every five seconds."""
    await _serve(socket, CHANNEL_SYSTEM, Permission.SYSTEM_VIEW)


@router.websocket("/ws/detections")
async def detections(socket: WebSocket) -> None:
    """Boxes of every analysed frame."""
    await _serve(socket, CHANNEL_DETECTIONS, Permission.EVENTS_VIEW)


async def _serve(socket: WebSocket, channel: str, permission: Permission) -> None:
    services = services_of(socket)
    await socket.accept()
    try:
        caller = await socket_principal(socket)
    except Unauthenticated as error:
        await socket.close(CLOSE_UNAUTHORISED, error.code)
        return
    if not caller.may(permission):
        await socket.close(CLOSE_FORBIDDEN, "insufficient_permissions")
        return
    with services.bus.subscribe(channel) as subscription:
        talk = _Talk(socket, services, subscription)
        code, reason = await talk.run(services.auth.seconds_left(caller))
    with contextlib.suppress(RuntimeError, OSError, WebSocketDisconnect):
        await socket.close(code, reason)


class Filter:
    """What a client wants to hear: everything, until it subscribes to patterns such as ``camera.*``."""

    def __init__(self) -> None:
        self._patterns: set[str] | None = None

    def subscribe(self, patterns: list[str]) -> None:
        """Hear these too; at first, these alone."""
        self._patterns = (self._patterns or set()) | {each.lower() for each in patterns}

    def unsubscribe(self, patterns: list[str]) -> None:
        """Hear these no more; without patterns, everything again."""
        if not patterns:
            self._patterns = None
        elif self._patterns is not None:
            self._patterns -= {each.lower() for each in patterns}

    def lets_through(self, kind: str) -> bool:
        """Whether a message of that type is wanted; ``camera_status`` is ``camera.status`` too."""
        if self._patterns is None or kind == "missed":
            return True
        names = (kind.lower(), kind.lower().replace("_", ".", 1))
        return any(
            fnmatch.fnmatchcase(name, pattern) for name in names for pattern in self._patterns
        )


class _Talk:
    """One client of one channel."""

    def __init__(self, socket: WebSocket, services: Services, subscription: Subscription) -> None:
        self._socket = socket
        self._services = services
        self._subscription = subscription
        self._filter = Filter()
        self._last_seq = 0

    async def run(self, for_s: float) -> tuple[int, str]:
        """Until the client leaves or its token is over; the code and reason to close with."""
        tasks = {
            asyncio.create_task(work, name=f"socket {self._subscription.channel}")
            for work in (self._forward(), self._listen(), self._ping(), self._report())
        }
        try:
            done, _ = await asyncio.wait(tasks, timeout=for_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if not done:
            return CLOSE_UNAUTHORISED, "expired_token"
        return _outcome(done.pop())

    async def _forward(self) -> tuple[int, str]:
        async for published in self._subscription:
            if self._filter.lets_through(published.message.type):
                await self._pass_on(published)
        return CLOSE_RESTART, "server stopping"

    async def _pass_on(self, published: Published) -> None:
        self._last_seq = published.message.seq or self._last_seq
        await self._text(published.text)

    async def _report(self) -> tuple[int, str]:
        """The state of the server, on its own channel only."""
        if self._subscription.channel != CHANNEL_SYSTEM:
            await asyncio.Event().wait()
        while True:
            message = await self._services.system.status_message()
            await self._text(message.model_dump_json())
            await asyncio.sleep(STATUS_EVERY_S)

    async def _ping(self) -> tuple[int, str]:
        while True:
            await asyncio.sleep(PING_EVERY_S)
            await self._json({"type": "ping", "data": {}, "lastSeq": self._last_seq})

    async def _listen(self) -> tuple[int, str]:
        idle_s: float | None = None
        while True:
            try:
                async with asyncio.timeout(idle_s):
                    message = await self._socket.receive()
            except TimeoutError:
                return CLOSE_NORMAL, "Idle timeout"
            if message["type"] == "websocket.disconnect":
                return CLOSE_NORMAL, ""
            idle_s = IDLE_S
            answer = self._answer(message.get("text"))
            if answer is not None:
                await self._json(answer)

    def _answer(self, text: str | None) -> dict[str, Any] | None:
        if text is None or len(text) > LONGEST_MESSAGE:
            return _error("invalid_message_format", "Messages are text of at most 64 KiB.")
        if text.strip() == "ping":
            return {"type": "pong"}
        try:
            sent = orjson.loads(text)
        except ValueError:
            return _error(
                "invalid_json", "Message must be valid JSON", raw_data_preview=text[:PREVIEW]
            )
        if not isinstance(sent, dict) or not isinstance(sent.get("type"), str):
            return _error(
                "invalid_message_format",
                "Message must be an object with a type",
                validation_errors=[{"loc": ["type"], "msg": "a text is required"}],
            )
        return self._obey(sent["type"].lower(), sent.get("data"))

    def _obey(self, kind: str, data: object) -> dict[str, Any] | None:
        fields = data if isinstance(data, dict) else {}
        match kind:
            case "ping":
                return {"type": "pong"}
            case "pong":
                return None
            case "subscribe" | "unsubscribe":
                return self._choose(kind, fields.get("events", []))
            case "resync":
                return {
                    "type": "resync_ack",
                    "channel": fields.get("channel", self._subscription.channel),
                    "last_sequence": fields.get("last_sequence"),
                }
        return _error(
            "unknown_message_type", f"There is no type {kind[:PREVIEW]}", supported_types=_TYPES
        )

    def _choose(self, kind: str, patterns: object) -> dict[str, Any]:
        if not isinstance(patterns, list) or not all(isinstance(each, str) for each in patterns):
            return _error(
                "invalid_message_format",
                "events must be a list of patterns",
                validation_errors=[{"loc": ["data", "events"], "msg": "a list of texts"}],
            )
        if kind == "subscribe":
            self._filter.subscribe(patterns)
        else:
            self._filter.unsubscribe(patterns)
        return {"action": f"{kind}d", "events": patterns}

    async def _json(self, message: dict[str, Any]) -> None:
        await self._text(orjson.dumps(message).decode())

    async def _text(self, text: str) -> None:
        async with asyncio.timeout(SEND_WITHIN_S):
            await self._socket.send_text(text)


def _outcome(task: asyncio.Task[tuple[int, str]]) -> tuple[int, str]:
    error = task.exception()
    if error is None:
        return task.result()
    if isinstance(error, TimeoutError):
        return CLOSE_TOO_SLOW, "too slow"
    if isinstance(error, WebSocketDisconnect | RuntimeError | OSError):
        return CLOSE_NORMAL, ""
    raise error


def _error(code: str, message: str, **details: object) -> dict[str, Any]:
    return {"type": "error", "error": code, "message": message, "details": details}
