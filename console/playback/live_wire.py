"""Reading the live socket: an opening message in JSON, then one binary message per access unit.

The layout is the server's ``contract/live.py``; it is read here by hand because only a dialect may import
the contract, and video must not take the way through a dialect. A test holds the two together.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

_HEADER = struct.Struct(">BBHqq")
_VERSION = 1
_KEY_FRAME = 1
_DISCONTINUITY = 2

CLOSE_UNAUTHORISED = 4401
CLOSE_FORBIDDEN = 4403
CLOSE_NOT_FOUND = 4404
CLOSE_GONE = 4410


class Unit(NamedTuple):
    """One encoded picture."""

    is_key: bool
    is_discontinuous: bool
    pts: int
    wall_us: int
    payload: memoryview


@dataclass(frozen=True, slots=True)
class Opening:
    """What is needed to decode the units that follow."""

    codec: str
    extradata: bytes
    time_base: Fraction
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class StreamNews:
    """The state of the camera's stream, as the system sees it."""

    state: str
    cause: str | None
    next_try_at: datetime | None


@dataclass(frozen=True, slots=True)
class Dropped:
    """We were too slow; this many units were left out."""

    units: int


def read_unit(message: bytes) -> Unit:
    """Read a binary message.

    Raises:
        ValueError: if it is no access unit.
    """
    if len(message) < _HEADER.size:
        raise ValueError("access unit shorter than its header")
    flags, version, _, pts, wall_us = _HEADER.unpack_from(message)
    if version != _VERSION:
        raise ValueError(f"access unit of unknown version {version}")
    payload = memoryview(message)[_HEADER.size :]
    return Unit(bool(flags & _KEY_FRAME), bool(flags & _DISCONTINUITY), pts, wall_us, payload)


def read_text(message: str) -> Opening | StreamNews | Dropped | None:
    """Read a text message; None for a kind that is not known here.

    Raises:
        ValueError: if it is not what it says.
    """
    try:
        said = json.loads(message)
        reader = _READERS.get(said.get("type"))
        return None if reader is None else reader(said)
    except (KeyError, TypeError, AttributeError, ZeroDivisionError, binascii.Error) as fault:
        raise ValueError(f"a message of the live stream is damaged: {fault!r}") from fault


def _opening(said: dict[str, Any]) -> Opening:
    numerator, denominator = said["time_base"]
    return Opening(
        codec=str(said["codec"]),
        extradata=base64.b64decode(said.get("extradata", "")),
        time_base=Fraction(int(numerator), int(denominator)),
        width=int(said["width"]),
        height=int(said["height"]),
    )


def _news(said: dict[str, Any]) -> StreamNews:
    next_try = said.get("next_try_at")
    return StreamNews(
        state=str(said["state"]),
        cause=said.get("cause"),
        next_try_at=None if next_try is None else datetime.fromisoformat(next_try),
    )


def _dropped(said: dict[str, Any]) -> Dropped:
    return Dropped(int(said["access_units"]))


_READERS: dict[str, Callable[[dict[str, Any]], Opening | StreamNews | Dropped]] = {
    "stream": _opening,
    "state": _news,
    "dropped": _dropped,
}
