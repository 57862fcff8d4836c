from __future__ import annotations

from console.playback.clock import MasterClock


class Time:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def made(edge_us: int = 10**15) -> tuple[MasterClock, Time]:
    time = Time()
    return MasterClock(lambda: edge_us, clock=time), time


def test_it_stands_until_it_is_played() -> None:
    clock, time = made()
    clock.jump(1_000_000)
    time.now_s = 5.0
    assert clock.position_us() == 1_000_000
    clock.play()
    time.now_s = 6.5
    assert clock.position_us() == 2_500_000


def test_a_change_of_speed_does_not_move_it() -> None:
    clock, time = made()
    clock.play()
    time.now_s = 1.0
    clock.set_speed(4.0)
    assert clock.position_us() == 1_000_000
    time.now_s = 2.0
    assert clock.position_us() == 5_000_000
    clock.set_speed(-1.0)
    time.now_s = 3.0
    assert clock.position_us() == 4_000_000


def test_it_never_passes_the_live_edge() -> None:
    clock, time = made(edge_us=3_000_000)
    clock.jump(9_000_000)
    assert clock.position_us() == 3_000_000
    clock.jump(2_000_000)
    clock.play()
    time.now_s = 60.0
    assert clock.position_us() == 3_000_000


def test_every_change_has_its_own_generation() -> None:
    clock, _ = made()
    seen = {clock.pace().generation}
    for change in (clock.play, clock.pause, lambda: clock.jump(5), lambda: clock.set_speed(2.0)):
        change()
        seen.add(clock.pace().generation)
    assert len(seen) == 5
    clock.set_speed(2.0)
    assert clock.pace().generation in seen
