"""When to try again: pauses that grow from half a second to fifteen, with jitter."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

FIRST_S = 0.5
LONGEST_S = 15.0
STABLE_S = 5.0
"""A connection that held this long was a good one: the next loss begins with the short pause."""
_FACTOR = 2.0
_JITTER = 0.2


class Backoff:
    """Pauses between attempts; ``random`` gives numbers in [0, 1)."""

    def __init__(self, random: Callable[[], float]) -> None:
        self._random = random
        self._failures = 0
        self._connected_at: float | None = None

    @property
    def failures(self) -> int:
        """Attempts in a row that led to no stable connection."""
        return self._failures

    def connected(self, now: float) -> None:
        """Pictures arrive since ``now``, in monotonic seconds."""
        self._connected_at = now

    def failed(self, now: float, *, at_least_s: float = 0.0) -> float:
        """An attempt or a connection has failed; returns the pause before the next attempt."""
        if self._connected_at is not None and now - self._connected_at >= STABLE_S:
            self._failures = 0
        self._connected_at = None
        pause = min(LONGEST_S, FIRST_S * _FACTOR ** min(self._failures, 10))
        self._failures += 1
        spread = 1 + _JITTER * (2 * self._random() - 1)
        return min(LONGEST_S, max(pause, at_least_s) * spread)
