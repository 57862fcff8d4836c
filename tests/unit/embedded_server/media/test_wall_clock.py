"""Wall times of pictures whose packets arrive late, in bursts, or from a camera whose clock drifts."""

from __future__ import annotations

import pytest

from embedded_server.media.packet import Packet
from embedded_server.media.wall_clock import WallClock

TICKS = 90_000
STEP = TICKS // 15
T0_US = 1_800_000_000_000_000


def taken_us(number: int) -> int:
    return T0_US + round(number / 15 * 1e6)


def arriving(number: int, late_us: int, **more: bool) -> Packet:
    return Packet(
        number * STEP, number * STEP, number == 0, b"", taken_us(number) + late_us, **more
    )


def stamped(packets: list[Packet]) -> list[Packet]:
    clock = WallClock(TICKS)
    return [ready for packet in packets for ready in clock(packet)]


def errors_ms(packets: list[Packet]) -> list[float]:
    return [(packet.wall_us - taken_us(packet.dts // STEP)) / 1000 for packet in packets]


def test_a_burst_at_the_beginning_is_put_back_to_where_it_belongs() -> None:
    piled_up = [
        Packet(n * STEP, n * STEP, n == 0, b"", taken_us(8) + 3_000 + n * 200) for n in range(8)
    ]
    packets = stamped([*piled_up, *(arriving(n, 3_000) for n in range(8, 20))])
    assert [packet.dts // STEP for packet in packets] == list(range(20))
    assert max(map(abs, errors_ms(packets))) < 5


def test_nothing_is_held_once_the_burst_is_over() -> None:
    clock = WallClock(TICKS)
    assert clock(arriving(0, 5_000)) == []
    assert len(clock(arriving(1, 5_000))) == 2
    assert len(clock(arriving(2, 5_000))) == 1


def test_a_stall_in_the_network_moves_no_picture() -> None:
    late = [
        arriving(n, 5_000 if n < 30 else max(5_000, 1_500_000 - (n - 30) * 66_000))
        for n in range(90)
    ]
    assert max(map(abs, errors_ms(stamped(late)))) < 10


@pytest.mark.parametrize("parts_per_million", [-100, 100])
def test_a_camera_clock_that_drifts_is_followed(parts_per_million: int) -> None:
    hour = 3600 * 15
    packets = stamped(
        [
            Packet(
                n * STEP,
                n * STEP,
                False,
                b"",
                round(T0_US + n / 15 * 1e6 * (1 + parts_per_million / 1e6)),
            )
            for n in range(hour)
        ]
    )
    last_us = T0_US + (hour - 1) / 15 * 1e6 * (1 + parts_per_million / 1e6)
    assert abs(packets[-1].wall_us - last_us) < 10_000


def test_a_jump_of_the_camera_begins_anew() -> None:
    jumped = Packet(10**9, 10**9, True, b"", taken_us(20), is_discontinuous=True)
    after = Packet(10**9 + STEP, 10**9 + STEP, False, b"", taken_us(21))
    packets = stamped([*(arriving(n, 0) for n in range(20)), jumped, after])
    assert [packet.wall_us for packet in packets[-2:]] == [taken_us(20), taken_us(21)]


def test_a_stream_that_never_settles_is_let_through() -> None:
    packets = stamped(
        [Packet(n * TICKS, n * TICKS, False, b"", T0_US + n * 100_000) for n in range(10)]
    )
    assert len(packets) == 10
