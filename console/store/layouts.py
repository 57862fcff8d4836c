"""Walls and window state, remembered on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QTimer, Signal

from console.domain.camera import CameraKey
from console.domain.layout import Wall
from console.store.base import ListStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SAVE_AFTER_MS = 500
"""Dragging a splitter changes the window state with every pixel."""


class LayoutStore(ListStore[str, Wall]):
    """Saved walls by name, and the state of windows and panels by theirs.

    What is kept is plain JSON: ``save`` is handed the whole of it a moment after something changed.
    """

    state_changed = Signal(str)

    def __init__(
        self,
        kept: Mapping[str, Any],
        save: Callable[[dict[str, Any]], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._save = save
        states = kept.get("states")
        self._states: dict[str, dict[str, Any]] = _read_states(states)
        self._saving = QTimer(self)
        self._saving.setSingleShot(True)
        self._saving.setInterval(SAVE_AFTER_MS)
        self._saving.timeout.connect(self.save_now)
        self.replace(_read_walls(kept.get("walls")))
        self.keyed_changed.connect(self._save_soon)

    def key_of(self, row: Wall) -> str:
        """Its name."""
        return row.name

    def state(self, name: str) -> dict[str, Any]:
        """What was remembered under a name (``main_window``, ``wall``); empty when nothing was."""
        return dict(self._states.get(name, {}))

    def remember(self, name: str, state: Mapping[str, Any]) -> None:
        """Remember plain JSON values under a name."""
        if self._states.get(name) != state:
            self._states[name] = dict(state)
            self.state_changed.emit(name)
            self._save_soon()

    def save_now(self) -> None:
        """Write at once what has changed; at exit, say."""
        self.flush()
        self._saving.stop()
        self._save({"walls": [_wall_as_json(wall) for wall in self.rows], "states": self._states})

    def _save_soon(self, _key: object = None) -> None:
        self._saving.start()


def _wall_as_json(wall: Wall) -> dict[str, Any]:
    cameras = [None if key is None else str(key) for key in wall.cameras]
    return {"name": wall.name, "layout": wall.layout, "cameras": cameras}


def _read_states(value: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(value, dict):
        return {}
    return {str(name): state for name, state in value.items() if isinstance(state, dict)}


def _read_walls(value: Any) -> list[Wall]:
    walls: dict[str, Wall] = {}
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            cameras = item.get("cameras")
            keys = cameras if isinstance(cameras, list) else []
            wall = Wall(item["name"], str(item.get("layout", "4")), tuple(map(_read_key, keys)))
            walls[wall.name] = wall
    return list(walls.values())


def _read_key(value: Any) -> CameraKey | None:
    try:
        return CameraKey.parse(value) if isinstance(value, str) else None
    except ValueError:
        return None
