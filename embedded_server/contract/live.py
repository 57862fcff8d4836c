"""The live socket ``WS /api/streams/{camera_id}/live``: an opening message, then access units.

Every binary message is a fixed header of 20 bytes, big endian, then the bytes of one access unit::

    u8 flags (1 = key frame, 2 = time is not continuous with the message before) · u8 version (1) · u16 zero
    i64 presentation time in the stream's time base · i64 wall time of arrival in microseconds since 1970, UTC
"""

import struct
from typing import Literal, NamedTuple

from embedded_server.contract.base import UtcTime, WireModel
from embedded_server.contract.cameras import StreamProfile, StreamState

KEY_FRAME = 1
DISCONTINUITY = 2
_HEADER = struct.Struct(">BBHqq")
HEADER_BYTES = _HEADER.size
VERSION = 1

CLOSE_UNAUTHORISED = 4401
"""The token is missing, wrong or has expired: get a new one and connect again."""
CLOSE_FORBIDDEN = 4403
CLOSE_NOT_FOUND = 4404
CLOSE_GONE = 4410
"""The camera was deleted or switched off."""


class AccessUnit(NamedTuple):
    """One encoded picture."""

    flags: int
    pts: int
    wall_us: int
    payload: bytes | memoryview

    @property
    def is_key(self) -> bool:
        """Whether decoding may start here."""
        return bool(self.flags & KEY_FRAME)


def pack_access_unit(unit: AccessUnit) -> bytes:
    """The binary message for one access unit."""
    return _HEADER.pack(unit.flags, VERSION, 0, unit.pts, unit.wall_us) + bytes(unit.payload)


def unpack_access_unit(message: bytes) -> AccessUnit:
    """Read one binary message.

    Raises:
        ValueError: if it is shorter than the header or of an unknown version.
    """
    if len(message) < HEADER_BYTES:
        raise ValueError("access unit shorter than its header")
    flags, version, _, pts, wall_us = _HEADER.unpack_from(message)
    if version != VERSION:
        raise ValueError(f"access unit of unknown version {version}")
    return AccessUnit(flags, pts, wall_us, memoryview(message)[HEADER_BYTES:])


class StreamOpening(WireModel):
    """Text message before the first access unit, repeated whenever the stream's parameters change; a state may precede it."""

    type: Literal["stream"] = "stream"
    camera_id: str
    profile: StreamProfile
    codec: str
    format: Literal["annexb", "raw", "fmp4"] = "annexb"
    extradata: str = ""
    """Base64; parameter sets in Annex B for H.264 and H.265, empty for Motion JPEG."""
    time_base: tuple[int, int]
    width: int
    height: int


class StreamStateMessage(WireModel):
    """Text message: the state of the camera's stream has changed."""

    type: Literal["state"] = "state"
    state: StreamState
    cause: str | None = None
    since: UtcTime | None = None
    next_try_at: UtcTime | None = None


class DroppedMessage(WireModel):
    """Text message: this reader was too slow and lost access units up to the next key frame."""

    type: Literal["dropped"] = "dropped"
    access_units: int
