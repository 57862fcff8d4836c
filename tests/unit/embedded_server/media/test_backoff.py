from __future__ import annotations

from embedded_server.media.backoff import LONGEST_S, Backoff


def test_pauses_grow_to_the_longest() -> None:
    backoff = Backoff(lambda: 0.5)
    assert [backoff.failed(0) for _ in range(8)] == [0.5, 1, 2, 4, 8, 15, 15, 15]


def test_jitter_stays_within_a_fifth_and_under_the_longest() -> None:
    assert Backoff(lambda: 0.0).failed(0) == 0.4
    late = Backoff(lambda: 0.999)
    assert max(late.failed(0) for _ in range(40)) <= LONGEST_S


def test_a_stable_connection_begins_anew() -> None:
    backoff = Backoff(lambda: 0.5)
    for _ in range(5):
        backoff.failed(0)
    backoff.connected(100)
    assert backoff.failed(106) == 0.5


def test_a_connection_that_breaks_at_once_does_not() -> None:
    backoff = Backoff(lambda: 0.5)
    backoff.failed(0)
    backoff.connected(1)
    assert backoff.failed(1.5) == 1.0


def test_wrong_passwords_wait_longer() -> None:
    assert Backoff(lambda: 0.5).failed(0, at_least_s=5.0) == 5.0
