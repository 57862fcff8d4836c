"""One encoded picture on its way from the camera, with both of its times."""

from __future__ import annotations

from typing import NamedTuple


class RawPacket(NamedTuple):
    """As the demuxer gave it; stamps may be missing."""

    pts: int | None
    dts: int | None
    is_key: bool
    payload: bytes
    wall_us: int
    """Wall time of arrival, microseconds since 1970, UTC."""


class Packet(NamedTuple):
    """Repaired: ``dts`` rises strictly until ``is_discontinuous`` says that time begins anew."""

    pts: int
    dts: int
    is_key: bool
    payload: bytes
    wall_us: int
    is_discontinuous: bool = False
