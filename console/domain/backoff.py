"""How long to wait before the next try."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

FIRST_S = 0.5
LONGEST_S = 15.0


@dataclass(slots=True)
class Backoff:
    """Waits that double from ``first_s`` to ``longest_s``, each shortened by up to a third.

    The jitter keeps a hundred consoles from knocking all at once when their server comes back.
    """

    first_s: float = FIRST_S
    longest_s: float = LONGEST_S
    rng: random.Random = field(default_factory=random.Random)
    _failures: int = 0

    def next_s(self) -> float:
        """Seconds to wait after one more failure."""
        # 2**10 is past any sensible longest_s; without a bound the float overflows after a long night
        whole: float = min(self.longest_s, self.first_s * 2.0 ** min(self._failures, 10))
        self._failures += 1
        return max(self.first_s, whole * (1 - self.rng.random() / 3))

    def succeeded(self) -> None:
        """Begin again from the shortest wait."""
        self._failures = 0
