"""Pictures and clips on request, from a child process: a broken file may crash it, and nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import multiprocessing
from typing import TYPE_CHECKING, Any, Self

from embedded_server.children import born_deaf
from embedded_server.ipc import Message, decode, encode
from embedded_server.services.ports import RenderError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.context import SpawnProcess
    from pathlib import Path

    from embedded_server.contract.live import AccessUnit
    from embedded_server.ipc import Pipe
    from embedded_server.services.model import ClipPiece, StreamFormat

START_TIMEOUT_S = 30.0
PICTURE_TIMEOUT_S = 10.0
CLIP_TIMEOUT_S = 120.0
_log = logging.getLogger("gatehouse.media.renderer")


class RendererProcess:
    """Implements ``ports.Renderer``; an async context manager. One request at a time, others wait."""

    def __init__(self, *, log_dir: Path) -> None:
        self._log_dir = log_dir
        self._turn = asyncio.Lock()
        self._process: SpawnProcess | None = None
        self._connection: Pipe | None = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def pid(self) -> int | None:
        """Of the process, while it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Spawn the process; it gets ready while the server goes on."""
        self._spawn()

    async def stop(self, timeout_s: float = 3.0) -> None:
        """End the process; what it was doing is lost."""
        process, self._process = self._process, None
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if process is not None:
            await asyncio.to_thread(_end, process, timeout_s)

    async def still(
        self, stream_format: StreamFormat, units: Sequence[AccessUnit], *, width: int | None = None
    ) -> bytes:
        """JPEG of the last picture of a group of pictures.

        Raises:
            RenderError: it holds no picture.
        """
        body = {
            "codec": stream_format.codec,
            "extradata": len(stream_format.extradata),
            "sizes": [len(unit.payload) for unit in units],
            "width": width,
        }
        payload = b"".join([stream_format.extradata, *(bytes(unit.payload) for unit in units)])
        answer = await self._ask(Message("still", body, payload), PICTURE_TIMEOUT_S)
        return answer.payload

    async def frame(self, path: Path, at_s: float, *, width: int | None = None) -> bytes:
        """JPEG of the picture shown ``at_s`` seconds after a segment's first.

        Raises:
            RenderError: the file is not there, is damaged, or holds no picture.
        """
        body = {"path": str(path), "at_s": at_s, "width": width}
        return (await self._ask(Message("frame", body), PICTURE_TIMEOUT_S)).payload

    async def clip(self, pieces: Sequence[ClipPiece], destination: Path) -> Path:
        """Ordinary MP4 of these pieces, cut at key frames, without re-encoding.

        Raises:
            RenderError: nothing of them can be read, or the codec changes between them.
        """
        spans = [[str(piece.path), piece.start_s, piece.end_s] for piece in pieces]
        body = {"pieces": spans, "destination": str(destination)}
        await self._ask(Message("clip", body), CLIP_TIMEOUT_S)
        return destination

    async def _ask(self, request: Message, timeout_s: float) -> Message:
        async with self._turn:
            if self._process is None or not self._process.is_alive():
                await self.stop()
                self._spawn()
                timeout_s += START_TIMEOUT_S
            assert self._connection is not None
            asked = asyncio.to_thread(_exchange, self._connection, request, timeout_s)
            try:
                answer = await asyncio.shield(asyncio.ensure_future(asked))
            except (OSError, EOFError, asyncio.CancelledError) as error:
                # Whatever it is doing now would be taken for the answer to the next question.
                await self.stop(0.0)
                if isinstance(error, asyncio.CancelledError):
                    raise
                _log.warning("the renderer failed at a %s: %r", request.kind, error)
                raise RenderError(_failure(error)) from error
        if answer.kind == "error":
            raise RenderError(answer.body["message"])
        return answer

    def _spawn(self) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe(duplex=True)
        self._process = context.Process(
            target=_render,
            args=(theirs, str(self._log_dir)),
            name="gatehouse-renderer",
            daemon=True,
        )
        with born_deaf():
            self._process.start()
        theirs.close()


def _render(connection: Connection[Any, Any], log_dir: str) -> None:
    """Entry point of the child, which imports its own work: OpenCV is none of the server's weight."""
    from embedded_server.media.rendering import renderer_main

    renderer_main(connection, log_dir)


def _exchange(connection: Pipe, request: Message, timeout_s: float) -> Message:
    connection.send_bytes(encode(request))
    if not connection.poll(timeout_s):
        raise TimeoutError
    return decode(connection.recv_bytes())


def _failure(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "Making the picture took too long. Try again, or choose a shorter time."
    return "Making the picture failed; the recording is probably damaged at this place."


def _end(process: SpawnProcess, timeout_s: float) -> None:
    with contextlib.suppress(ValueError):
        process.join(timeout_s)
        if process.is_alive():
            process.kill()
            process.join(5.0)
