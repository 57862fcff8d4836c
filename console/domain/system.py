"""Systems as the console knows them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Phase(enum.StrEnum):
    """How far we are with a system."""

    CONNECTING = "connecting"
    ONLINE = "online"
    LOST = "lost"
    SIGNED_OUT = "signed_out"


@dataclass(frozen=True, slots=True)
class SystemState:
    """One system, as it stands now. ``cause`` says why it is not online, in the operator's words."""

    id: str
    name: str
    address: str
    phase: Phase = Phase.SIGNED_OUT
    cause: str | None = None
    since: datetime | None = None
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class SystemRecord:
    """A system that the console remembers: how to reach it and as whom, never the secret itself."""

    id: str
    name: str
    address: str
    username: str
    dialect: str = "native"
    is_embedded: bool = False
