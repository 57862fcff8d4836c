"""What the command palette offers: actions, cameras, walls and the newest events."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from console.views.shortcuts import SHORTCUTS, text_of
from console.views.words import tr, when
from widgets.command_palette import Entry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from PySide6.QtGui import QAction

    from console.domain.camera import CameraKey
    from console.domain.event import Event
    from console.parts import ConsoleParts

NEWEST = 100
UNLISTED = frozenset({"palette", "back", *(f"wall.{number}" for number in range(1, 10))})
"""Walls are listed by their names; the others make no sense from here."""


def entries_of(
    parts: ConsoleParts,
    actions: Mapping[str, QAction],
    *,
    show_camera: Callable[[CameraKey], object],
    show_wall: Callable[[str], object],
    play: Callable[[Event], object],
) -> list[Entry]:
    """Everything that can be found now."""
    cameras = sorted(parts.cameras.rows, key=lambda camera: camera.name.casefold())
    now = datetime.now(UTC)
    return [
        *(
            Entry(camera.name, tr("Camera"), _with(show_camera, camera.key), "camera")
            for camera in cameras
        ),
        *(
            Entry(wall.name, tr("Wall"), _with(show_wall, wall.name), "wall")
            for wall in parts.layouts.rows
        ),
        *(
            Entry(
                text_of(shortcut.name),
                tr("Action"),
                actions[shortcut.name].trigger,
                shortcut.icon or "expand",
                shortcut.shown_keys,
            )
            for shortcut in SHORTCUTS
            if shortcut.name not in UNLISTED
        ),
        *(
            Entry(
                f"{event.summary or event.label} · {event.camera_name}",
                when(event.started_at, now),
                _with(play, event),
                "events",
            )
            for event in parts.events.rows[:NEWEST]
        ),
    ]


def _with(act: Callable[..., object], value: object) -> Callable[[], object]:
    return lambda: act(value)
