from __future__ import annotations

from embedded_server.media.watchdog import Watchdog, is_stalled


class FakeCapture:
    def __init__(self, arrival: float | None, frame_s: float = 0.066) -> None:
        self.arrival = arrival
        self.frame = frame_s
        self.told: list[float] = []

    def last_arrival(self) -> float | None:
        return self.arrival

    def frame_s(self) -> float:
        return self.frame

    def stalled(self, silent_s: float) -> None:
        self.told.append(silent_s)


def test_two_seconds_of_silence_are_a_stall() -> None:
    assert not is_stalled(11.7, 10.0, 0.066)
    assert is_stalled(11.9, 10.0, 0.066)
    assert not is_stalled(99.0, None, 0.066)


def test_slow_streams_get_three_frames() -> None:
    assert not is_stalled(14.0, 10.0, 2.0)
    assert is_stalled(16.1, 10.0, 2.0)


def test_a_stall_is_told_once_and_again_after_new_pictures() -> None:
    now = [10.0]
    capture = FakeCapture(10.0)
    watchdog = Watchdog(lambda: [capture], lambda: now[0])
    for step in range(20):
        now[0] = 10.0 + step * 0.25
        watchdog.look()
    assert len(capture.told) == 1
    assert 1.8 < capture.told[0] <= 2.05
    capture.arrival = now[0]
    now[0] += 3
    watchdog.look()
    assert len(capture.told) == 2
