"""Walls as the operator saves them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from console.domain.camera import CameraKey


@dataclass(frozen=True, slots=True)
class Wall:
    """A saved wall: ``layout`` names the grid (``4``, ``1+5``), ``cameras`` fill its tiles in order."""

    name: str
    layout: str
    cameras: tuple[CameraKey | None, ...] = ()
