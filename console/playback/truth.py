"""What a live tile may claim: decided from when pictures came, never from exceptions. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

LATE_S = 0.5
SILENT_S = 1.5
"""No picture for this long is worth a word: with the 0.25 s tick of the wall it is said within 2 s."""
_INTERVALS = 3.0
_NEW_CONNECTION_S = 1.0


class Claim(enum.StrEnum):
    """What is true of a live tile."""

    CONNECTING = "connecting"
    LIVE = "live"
    LATE = "late"
    FROZEN = "frozen"
    """Data arrives but no picture comes out of it."""
    STALLED = "stalled"
    """Connected, but nothing arrives."""
    OFFLINE = "offline"
    NO_PERMISSION = "no_permission"
    UNSUPPORTED = "unsupported"


class Trouble(enum.StrEnum):
    """Why there is no stream at all."""

    NONE = "none"
    OFFLINE = "offline"
    NO_PERMISSION = "no_permission"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Signs:
    """What is known of one stream; times in monotonic seconds, None for never."""

    opened_s: float
    """When the stream was asked for."""
    arrived_s: float | None = None
    """When the last encoded picture arrived."""
    shown_s: float | None = None
    """When the last picture was shown."""
    late_s: float = 0.0
    interval_s: float = 0.1
    """Usual time between two pictures."""
    trouble: Trouble = Trouble.NONE
    cause: str | None = None
    trouble_since_s: float | None = None
    next_try_at: datetime | None = None
    is_stalled_at_source: bool = False
    """The system says that its camera sends nothing."""


@dataclass(frozen=True, slots=True)
class Truth:
    """What the tile says."""

    claim: Claim
    seconds: float = 0.0
    """How late, or for how long."""
    cause: str | None = None
    next_try_at: datetime | None = None


def judge(signs: Signs, now_s: float) -> Truth:
    """The truth about a stream now."""
    silent_s = max(SILENT_S, _INTERVALS * signs.interval_s)
    if signs.trouble is not Trouble.NONE:
        return _troubled(signs, now_s)
    if signs.shown_s is None:
        return Truth(Claim.CONNECTING, now_s - signs.opened_s, signs.cause, signs.next_try_at)
    arrived_s = signs.shown_s if signs.arrived_s is None else signs.arrived_s
    if signs.is_stalled_at_source or now_s - arrived_s > silent_s:
        return Truth(Claim.STALLED, now_s - min(signs.shown_s, arrived_s), signs.cause)
    if now_s - signs.shown_s > silent_s:
        return Truth(Claim.FROZEN, now_s - signs.shown_s, signs.cause)
    if signs.late_s > LATE_S:
        return Truth(Claim.LATE, signs.late_s)
    return Truth(Claim.LIVE)


_CLAIMS = {
    Trouble.OFFLINE: Claim.OFFLINE,
    Trouble.NO_PERMISSION: Claim.NO_PERMISSION,
    Trouble.UNSUPPORTED: Claim.UNSUPPORTED,
}


def _troubled(signs: Signs, now_s: float) -> Truth:
    since_s = signs.opened_s if signs.trouble_since_s is None else signs.trouble_since_s
    if (
        signs.shown_s is not None
        and signs.trouble is Trouble.OFFLINE
        and now_s - signs.shown_s < _NEW_CONNECTION_S
    ):
        return Truth(Claim.LIVE)  # a reconnect that takes less than a second is nobody's business
    return Truth(_CLAIMS[signs.trouble], now_s - since_s, signs.cause, signs.next_try_at)
