"""When a picture is worth the price of the detector."""

from __future__ import annotations


class Gate:
    """Open while something moves, a little longer, while a track lives, and now and then anyway."""

    def __init__(
        self, *, open_share: float = 0.005, linger_s: float = 1.0, every_s: float = 2.0
    ) -> None:
        self._open_share = open_share
        self._linger_s = linger_s
        self._every_s = every_s
        self._moved_s = float("-inf")
        self._looked_s = float("-inf")

    def is_open(self, now_s: float, *, moving_share: float, has_tracks: bool) -> bool:
        """Whether to look at this picture; an open answer counts as looked."""
        if moving_share > self._open_share:
            self._moved_s = now_s
        if not (
            has_tracks
            or now_s - self._moved_s <= self._linger_s
            or now_s - self._looked_s >= self._every_s
        ):
            return False
        self._looked_s = now_s
        return True
