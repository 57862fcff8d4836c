"""What a timeline shows, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class GapMark:
    """Time without footage; ``end`` None while it lasts. ``text`` tells the operator why."""

    start: datetime
    end: datetime | None
    text: str
    is_partial: bool = False
    """Other cameras of the same lane have footage of it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened. The weight (1 to 3) is its height, so that colour is never all there is."""

    start: datetime
    end: datetime | None
    role: str
    """Colour role of the theme: ``alert``, ``caution``, ``text_3``."""
    id: Hashable = None
    text: str = ""
    weight: int = 2


@dataclass(frozen=True, slots=True)
class Lane:
    """One row: a camera."""

    key: str
    name: str
    runs: tuple[tuple[datetime, datetime], ...] = ()
    gaps: tuple[GapMark, ...] = ()
    marks: tuple[Mark, ...] = ()
