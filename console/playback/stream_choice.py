"""Main or sub-stream for a tile: pure rule on its height, calm under resizing."""

from __future__ import annotations

SUB_LIMIT = 1.3
"""The sub-stream serves a tile up to this many times its own height."""
HYSTERESIS = 0.2
SETTLE_S = 2.0
ASSUMED_SUB_HEIGHT = 360


class StreamChooser:
    """Chooses the profile of one tile."""

    def __init__(self, profiles: tuple[str, ...]) -> None:
        self._profiles = profiles or ("main",)
        self._sub_height = ASSUMED_SUB_HEIGHT
        self._chosen: str | None = None
        self._changed_s = 0.0

    def learn_sub_height(self, height: int) -> None:
        """Note how high the sub-stream really is."""
        if height > 0:
            self._sub_height = height

    def choose(self, tile_height: int, now_s: float) -> str:
        """The profile for a tile of this height in device pixels."""
        wanted = self._wanted(tile_height)
        has_settled = now_s - self._changed_s >= SETTLE_S
        if self._chosen is None or (wanted != self._chosen and has_settled):
            self._chosen, self._changed_s = wanted, now_s
        return self._chosen

    def _wanted(self, tile_height: int) -> str:
        if "sub" not in self._profiles or "main" not in self._profiles:
            return self._profiles[0]
        limit = SUB_LIMIT * self._sub_height
        if self._chosen == "sub":
            limit *= 1 + HYSTERESIS
        elif self._chosen == "main":
            limit *= 1 - HYSTERESIS
        return "sub" if tile_height <= limit else "main"
