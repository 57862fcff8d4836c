"""A live socket as the server's, fed from a clip: for tests of the wall."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import av
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from embedded_server.contract.live import (
    CLOSE_UNAUTHORISED,
    KEY_FRAME,
    AccessUnit,
    StreamOpening,
    StreamStateMessage,
    pack_access_unit,
)

if TYPE_CHECKING:
    from pathlib import Path

    from websockets.asyncio.server import ServerConnection


@dataclass
class LiveServer:
    """Serves the pictures of a clip over and over at their own pace; run it as a context."""

    clip: Path
    token: str = "good"
    say_state: StreamStateMessage | None = None
    """Sent instead of pictures."""
    silent: bool = False
    garbage: bool = False
    port: int = 0
    connections: int = 0
    close_code: int | None = None
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _ready: threading.Event = field(default_factory=threading.Event)

    def __enter__(self) -> Self:
        self._packets, self._opening, self._rate = _packets(self.clip)
        self._thread = threading.Thread(target=self._run, name="live server")
        self._thread.start()
        self._ready.wait(5)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(5)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"ws://127.0.0.1:{self.port}/live"

    def close_all(self, code: int) -> None:
        """Close every connection with this code."""
        self.close_code = code

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stop = asyncio.Event()
        async with serve(self._answer, "127.0.0.1", 0, compression=None) as server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    async def _answer(self, socket: ServerConnection) -> None:
        self.connections += 1
        assert socket.request is not None
        if f"token={self.token}" not in socket.request.path:
            await socket.close(CLOSE_UNAUTHORISED)
            return
        await socket.send(self._opening.model_dump_json())
        if self.say_state is not None:
            await socket.send(self.say_state.model_dump_json())
            await socket.wait_closed()
            return
        with contextlib.suppress(ConnectionClosed):
            await self._send_pictures(socket)

    async def _send_pictures(self, socket: ServerConnection) -> None:
        started = time.monotonic()
        number = 0
        while True:
            while self.silent:  # noqa: ASYNC110  set from another thread
                await asyncio.sleep(0.05)
            if self.close_code is not None:
                code, self.close_code = self.close_code, None
                await socket.close(code)
                return
            is_key, payload = self._packets[number % len(self._packets)]
            if self.garbage:
                payload = bytes(reversed(payload))
            unit = AccessUnit(
                KEY_FRAME if is_key else 0,
                round(number * 90_000 / self._rate),
                time.time_ns() // 1000,
                payload,
            )
            await socket.send(pack_access_unit(unit))
            number += 1
            await asyncio.sleep(max(0.0, started + number / self._rate - time.monotonic()))


def _packets(clip: Path) -> tuple[list[tuple[bool, bytes]], StreamOpening, float]:
    with av.open(str(clip)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        to_annexb = av.BitStreamFilterContext("h264_mp4toannexb", stream)
        packets = [
            (packet.is_keyframe, bytes(packet))
            for packed in container.demux(stream)
            if packed.size
            for packet in to_annexb.filter(packed)
        ]
        opening = StreamOpening(
            camera_id="1",
            profile="main",
            codec="h264",
            extradata=base64.b64encode(b"").decode(),
            time_base=(1, 90_000),
            width=context.width,
            height=context.height,
        )
        rate = float(stream.average_rate or 15)
    return packets, opening, rate


def as_json(message: StreamStateMessage) -> dict[str, object]:
    """The message as it goes over the wire."""
    return dict(json.loads(message.model_dump_json()))
