"""What a camera shows now: live video and a picture."""

import asyncio
import base64
import contextlib
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response, WebSocket, WebSocketDisconnect

from embedded_server.api.access import MediaCaller, live_principal
from embedded_server.api.deps import Served, Services, services_of
from embedded_server.api.errors import responses
from embedded_server.contract.live import (
    CLOSE_FORBIDDEN,
    CLOSE_GONE,
    CLOSE_NOT_FOUND,
    CLOSE_UNAUTHORISED,
    AccessUnit,
    DroppedMessage,
    StreamOpening,
    StreamStateMessage,
    pack_access_unit,
)
from embedded_server.services.auth import Permission, Principal
from embedded_server.services.camera_record import CameraRecord
from embedded_server.services.errors import Conflict, NotFound, Unauthenticated
from embedded_server.services.model import StreamFormat, StreamState, StreamStatus
from embedded_server.services.ports import Fragments, LiveReader
from embedded_server.services.stills import still_now

router = APIRouter(prefix="/api/streams", tags=["streams"])

CLOSE_AGAIN = 1012
"""The stream was set up anew: connect again at once."""
CLOSE_TOO_SLOW = 1013
SEND_WITHIN_S = 30.0
PictureWidth = Annotated[int | None, Query(ge=16, le=7680, description="Scaled down to that")]
JPEG: dict[int | str, dict[str, Any]] = {
    200: {"content": {"image/jpeg": {"schema": {"type": "string", "format": "binary"}}}}
}


@router.get(
    "/{camera_id}/snapshot",
    response_class=Response,
    responses={**JPEG, **responses(401, 403, 404, 409, 503)},
)
async def stream_snapshot(
    camera_id: str, caller: MediaCaller, services: Served, width: PictureWidth = None
) -> Response:
    """The picture of this moment."""
    return await picture_of(camera_id, caller, services, width)


async def picture_of(
    camera_id: str, caller: Principal, services: Services, width: int | None
) -> Response:
    """The newest picture of a camera as an answer."""
    caller.require(Permission.CAMERAS_VIEW)
    record = services.cameras.resolve(camera_id)
    stream_id = services.cameras.live_stream(record, "main")
    jpeg = await still_now(services.media, services.renderer, stream_id, width=width)
    return Response(jpeg, media_type="image/jpeg", headers={"Cache-Control": "no-store"})


@router.websocket("/{camera_id}/live")
async def live(
    socket: WebSocket,
    camera_id: str,
    profile: Literal["main", "sub"] = "main",
    format: Literal["annexb", "fmp4"] = "annexb",  # noqa: A002 (the name in the address)
) -> None:
    """Live video, as ``contract/live.py`` says."""
    services = services_of(socket)
    await socket.accept()
    try:
        caller = await live_principal(socket)
        record = services.cameras.resolve(camera_id)
        stream_id = services.cameras.live_stream(record, profile)
        reader = services.media.read(stream_id)
    except Unauthenticated as error:
        await socket.close(CLOSE_UNAUTHORISED, error.code)
        return
    except NotFound as error:
        await socket.close(CLOSE_NOT_FOUND, error.code)
        return
    except Conflict as error:
        await socket.close(CLOSE_GONE, error.code)
        return
    except KeyError:  # the server is still starting
        await socket.close(CLOSE_AGAIN, "not_captured_yet")
        return
    if not caller.may(Permission.CAMERAS_VIEW):
        await reader.aclose()
        await socket.close(CLOSE_FORBIDDEN, "insufficient_permissions")
        return
    watching = _Watching(socket, services, record, stream_id, reader, is_fmp4=format == "fmp4")
    await watching.run(services.auth.seconds_left(caller))


class _Watching:
    """One viewer of one stream."""

    def __init__(
        self,
        socket: WebSocket,
        services: Services,
        record: CameraRecord,
        stream_id: str,
        reader: LiveReader,
        *,
        is_fmp4: bool,
    ) -> None:
        self._socket = socket
        self._services = services
        self._record = record
        self._stream_id = stream_id
        self._reader = reader
        self._is_fmp4 = is_fmp4
        self._muxer: Fragments | None = None
        self._said: StreamState | None = None

    async def run(self, for_s: float) -> None:
        """Send until the viewer leaves, the stream ends or the token is over.

        Someone must listen beside the sender: an application that only sends never learns that the other side is gone.
        """
        sending = asyncio.create_task(self._send_all(), name=f"live {self._stream_id}")
        listening = asyncio.create_task(self._listen(), name=f"live {self._stream_id} viewer")
        try:
            done, _ = await asyncio.wait(
                (sending, listening), timeout=for_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in (sending, listening):
                task.cancel()
            results = await asyncio.gather(sending, listening, return_exceptions=True)
            await self._reader.aclose()
        if listening in done:
            return
        if not done:
            await self._close(CLOSE_UNAUTHORISED, "expired_token")
        elif isinstance(results[0], TimeoutError):
            await self._close(CLOSE_TOO_SLOW, "too_slow")
        elif isinstance(results[0], WebSocketDisconnect | RuntimeError | OSError):
            return
        elif isinstance(results[0], BaseException):
            raise results[0]
        else:
            await self._close(*self._why_ended())

    async def _send_all(self) -> None:
        status = self._services.media.statuses().get(self._stream_id)
        if status is not None:
            await self._send_state(status)
        async for item in self._reader:
            if isinstance(item, AccessUnit):
                await self._send_unit(item)
            elif isinstance(item, StreamFormat):
                await self._send_format(item)
            elif isinstance(item, StreamStatus):
                await self._send_state(item)
            else:
                await self._text(DroppedMessage(access_units=item))

    async def _send_unit(self, unit: AccessUnit) -> None:
        if not self._is_fmp4:
            await self._bytes(pack_access_unit(unit))
        elif self._muxer is not None:
            for part in self._muxer.push(unit):
                await self._bytes(part)

    async def _send_format(self, stream_format: StreamFormat) -> None:
        is_raw = stream_format.codec == "mjpeg"
        if self._is_fmp4:
            self._muxer = self._services.fragments(stream_format)
        await self._text(
            StreamOpening(
                camera_id=self._record.slug,
                profile=self._profile(),
                codec=stream_format.codec,
                format="fmp4" if self._is_fmp4 else "raw" if is_raw else "annexb",
                extradata=base64.b64encode(stream_format.extradata).decode("ascii"),
                time_base=stream_format.time_base,
                width=stream_format.width,
                height=stream_format.height,
            )
        )

    async def _send_state(self, status: StreamStatus) -> None:
        if status.state is self._said is StreamState.ONLINE:
            return
        self._said = status.state
        await self._text(
            StreamStateMessage(
                state=status.state.value,
                cause=status.cause,
                since=status.since,
                next_try_at=status.next_try_at,
            )
        )

    def _profile(self) -> Literal["main", "sub"]:
        return "sub" if self._stream_id.endswith("/sub") else "main"

    async def _text(self, message: StreamOpening | StreamStateMessage | DroppedMessage) -> None:
        async with asyncio.timeout(SEND_WITHIN_S):
            await self._socket.send_text(message.model_dump_json())

    async def _bytes(self, data: bytes) -> None:
        async with asyncio.timeout(SEND_WITHIN_S):
            await self._socket.send_bytes(data)

    async def _listen(self) -> None:
        """Until the viewer leaves; what it sends means nothing."""
        while (await self._socket.receive())["type"] != "websocket.disconnect":
            pass

    def _why_ended(self) -> tuple[int, str]:
        """The reader ends when the stream is no longer planned."""
        try:
            record = self._services.cameras.resolve(self._record.slug)
            self._services.cameras.live_stream(record, self._profile())
        except (NotFound, Conflict):
            return CLOSE_GONE, "camera_gone"
        return CLOSE_AGAIN, "stream_changed"

    async def _close(self, code: int, reason: str) -> None:
        with contextlib.suppress(RuntimeError, OSError, WebSocketDisconnect):
            await self._socket.close(code, reason)
