"""When to show a picture that came over a network: pure arithmetic on monotonic seconds.

The smallest ``arrival - pts`` of the last few seconds is the fastest way a picture can take. Showing each
one a little later than that hides the jitter. A second, slowly relaxing minimum since the connection began
tells how late the pictures are, however long the lateness lasts.
"""

from __future__ import annotations

import math

WINDOW_S = 4.0
OVERDUE_S = 0.5
"""A picture that is later than this is left out, if a newer one is there already."""
LONGEST_WAIT_S = 0.5
_JUMP_BACK_S = 0.5
_JUMP_AHEAD_S = 10.0
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
        self._last_pts_s: float | None = None

    def arrived(self, pts_s: float, now_s: float) -> None:
        """Note a picture's arrival; call it for each one, before decoding."""
        if self._has_jumped(pts_s):
            self.reset()
        self._last_pts_s = pts_s
        offset = now_s - pts_s
        self._best = min(self._best + (now_s - self._best_at) * _DRIFT_PER_S, offset)
        self._best_at = now_s
        if now_s - self._window_start > WINDOW_S:
            self._window_start = now_s
            self._previous_min, self._window_min = self._window_min, offset
        self._window_min = min(self._window_min, offset)

    def wait_s(self, pts_s: float, now_s: float) -> float:
        """How long to wait before showing; negative by how much it is overdue.

        What is overdue does not move the pace: a backlog must be left behind, not played to its end. When
        pictures go on *arriving* late, the window forgets the faster way within seconds.
        """
        base = min(self._window_min, self._previous_min)
        if math.isinf(base):
            return 0.0
        return min(base + pts_s + self._delay_s - now_s, self._delay_s + LONGEST_WAIT_S)

    def late_s(self, pts_s: float, now_s: float) -> float:
        """How late a picture shown now is against the fastest way since the stream began."""
        if math.isinf(self._best):
            return 0.0
        return max(0.0, now_s - pts_s - self._best - self._delay_s)

    def _has_jumped(self, pts_s: float) -> bool:
        if self._last_pts_s is None:
            return False
        return not -_JUMP_BACK_S < pts_s - self._last_pts_s < _JUMP_AHEAD_S


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
