from __future__ import annotations

import random

from console.domain.backoff import Backoff


def test_waits_grow_to_the_longest_and_stay_within_bounds() -> None:
    backoff = Backoff(rng=random.Random(1))
    waits = [backoff.next_s() for _ in range(2000)]
    assert waits[0] == 0.5
    assert all(0.5 <= wait <= 15 for wait in waits)
    assert min(waits[10:]) >= 10
    assert len({round(wait, 6) for wait in waits[10:]}) > 1000


def test_success_begins_again() -> None:
    backoff = Backoff()
    for _ in range(8):
        backoff.next_s()
    backoff.succeeded()
    assert backoff.next_s() == 0.5
