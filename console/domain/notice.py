"""What the operator was told."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class Level(enum.StrEnum):
    """How much it matters; an ``ERROR`` stays on the screen until it is read."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence with its remedy, numbered in the order said."""

    number: int
    at: datetime
    level: Level
    text: str
    remedy: str | None = None
    source: str | None = None
    """What it is about: a system's or a camera's name."""
