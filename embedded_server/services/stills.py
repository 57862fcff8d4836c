"""A picture of a camera as it looks now."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from embedded_server.contract.live import AccessUnit
from embedded_server.services.errors import Unavailable
from embedded_server.services.model import StreamFormat, StreamState
from embedded_server.services.ports import RenderError

if TYPE_CHECKING:
    from embedded_server.services.ports import LiveReader, MediaPlane, Renderer

FIRST_PICTURE_S = 5.0
QUIET_S = 0.03
"""The current group of pictures comes at once; a pause this long is its end."""
MAX_UNITS = 600


async def still_now(
    media: MediaPlane, renderer: Renderer, stream_id: str, *, width: int | None = None
) -> bytes:
    """JPEG of the newest picture.

    Raises:
        Unavailable: the camera sends none.
    """
    status = media.statuses().get(stream_id)
    if status is not None and status.state not in (StreamState.ONLINE, StreamState.CONNECTING):
        raise _no_picture(status.cause)
    try:
        reader = media.read(stream_id)
    except KeyError as error:
        raise _no_picture("The server is still starting.") from error
    try:
        stream_format, units = await _newest_group(reader)
    finally:
        await reader.aclose()
    if stream_format is None or not units:
        raise _no_picture(status.cause if status else None)
    try:
        return await renderer.still(stream_format, units, width=width)
    except RenderError as error:
        raise _no_picture(str(error)) from error


async def _newest_group(reader: LiveReader) -> tuple[StreamFormat | None, list[AccessUnit]]:
    """Format and access units from the last key frame on, as far as they are there."""
    stream_format: StreamFormat | None = None
    units: list[AccessUnit] = []
    items = aiter(reader)
    with suppress(TimeoutError, StopAsyncIteration):
        while len(units) < MAX_UNITS:
            async with asyncio.timeout(QUIET_S if units else FIRST_PICTURE_S):
                item = await anext(items)
            if isinstance(item, StreamFormat):
                stream_format, units = item, []
            elif isinstance(item, AccessUnit):
                if item.is_key:
                    units = []
                if item.is_key or units:
                    units.append(item)
    return stream_format, units


def _no_picture(cause: str | None) -> Unavailable:
    return Unavailable(
        f"The camera sends no picture now. {cause or 'Try again in a moment.'}",
        code="no_picture",
    )
