"""When to show a picture that came over a network: pure arithmetic on monotonic seconds.

The smallest ``arrival - pts`` of the last few seconds is the fastest way a picture can take. Showing each
one a little later than that hides the jitter. A second, slowly relaxing minimum since the connection began
tells how late the pictures are, however long the lateness lasts.
"""

from __future__ import annotations

import math

WINDOW_S = 4.0
RESYNC_S = 0.5
_DRIFT_PER_S = 0.001
"""Clocks of cameras run wrong by less than this; a lateness that grows more slowly is drift."""


class Pacer:
    """Turns presentation times of one stream into moments at which to show."""

    def __init__(self, *, delay_s: float = 0.1) -> None:
        self._delay_s = delay_s
        self.reset()

    def reset(self) -> None:
        """Forget what was learnt: the stream began anew."""
        self._best = math.inf
        self._best_at = 0.0
        self._window_start = -math.inf
        self._window_min = math.inf
        self._previous_min = math.inf

    def arrived(self, pts_s: float, now_s: float) -> None:
        """Note a picture's arrival; call it for each one, before decoding."""
        offset = now_s - pts_s
        self._best = min(self._best + (now_s - self._best_at) * _DRIFT_PER_S, offset)
        self._best_at = now_s
        if now_s - self._window_start > WINDOW_S:
            self._window_start = now_s
            self._previous_min, self._window_min = self._window_min, offset
        self._window_min = min(self._window_min, offset)

    def wait_s(self, pts_s: float, now_s: float) -> float:
        """How long to wait before showing; 0 when it is due, negative by how much it is overdue."""
        base = min(self._window_min, self._previous_min)
        if math.isinf(base):
            return 0.0
        wait = base + pts_s + self._delay_s - now_s
        if wait < -RESYNC_S:
            self._previous_min = math.inf
            self._window_min = now_s - pts_s
            self._window_start = now_s
        return min(wait, self._delay_s + RESYNC_S)

    def late_s(self, pts_s: float, now_s: float) -> float:
        """How late a picture shown now is against the fastest way since the stream began."""
        if math.isinf(self._best):
            return 0.0
        return max(0.0, now_s - pts_s - self._best - self._delay_s)


class RateMeter:
    """Counts per second over the last two seconds or so."""

    def __init__(self, *, span_s: float = 2.0) -> None:
        self._span_s = span_s
        self._marks: list[tuple[float, float]] = []

    def add(self, now_s: float, amount: float = 1.0) -> None:
        """Count."""
        self._marks.append((now_s, amount))
        if len(self._marks) > 16 and self._marks[0][0] < now_s - self._span_s:
            self._marks = [mark for mark in self._marks if mark[0] >= now_s - self._span_s]

    def per_second(self, now_s: float) -> float:
        """The rate now; falls to 0 when nothing is counted any more."""
        recent = [amount for at, amount in self._marks if at >= now_s - self._span_s]
        return sum(recent) / self._span_s
