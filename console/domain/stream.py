"""How a picture can be had: a description, never frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from console.domain.camera import CameraKey


@dataclass(frozen=True, slots=True)
class StreamSource:
    """One live stream. ``kind`` says how to read it: ``gatehouse-live`` (our WebSocket), ``url`` (anything FFmpeg opens)."""

    camera: CameraKey
    profile: str
    kind: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with the request; carries the credentials, so it is never logged."""
