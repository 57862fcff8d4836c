from __future__ import annotations

from embedded_server.media.packet import Packet, RawPacket
from embedded_server.media.stamps import StampRepair


def repaired(*stamps: int | None, fps: float = 15.0) -> list[Packet]:
    repair = StampRepair(90_000, fps=fps)
    packets = []
    for stamp in stamps:
        packets += list(repair(RawPacket(stamp, stamp, False, b"", 0)))
    return packets


def dts(*stamps: int | None) -> list[int]:
    return [packet.dts for packet in repaired(*stamps)]


def test_a_first_packet_without_stamp_gets_one_frame_before_the_next() -> None:
    assert dts(None, 6000, 12000) == [0, 6000, 12000]


def test_a_later_one_gets_one_frame_after_the_last() -> None:
    assert dts(0, 6000, None, 18000) == [0, 6000, 12000, 18000]


def test_equal_stamps_are_told_apart() -> None:
    assert dts(0, 6000, 6000, 12000) == [0, 6000, 6001, 12000]
    assert not any(packet.is_discontinuous for packet in repaired(0, 6000, 6000, 12000))


def test_jumps_are_marked_and_followed() -> None:
    for jump in (-500_000, 3600 * 90_000):
        packets = repaired(1_000_000, 1_006_000, 1_006_000 + jump, 1_012_000 + jump)
        assert [packet.is_discontinuous for packet in packets] == [False, False, True, False]
        assert packets[-1].dts == 1_012_000 + jump


def test_a_pause_of_seconds_is_no_jump() -> None:
    assert not any(packet.is_discontinuous for packet in repaired(0, 9 * 90_000))


def test_b_frames_without_decoding_time_stay_in_order() -> None:
    repair = StampRepair(90_000, fps=15)
    found = []
    for pts in (0, 18_000, 6_000, 12_000, 36_000, 24_000):
        found += list(repair(RawPacket(pts, None, False, b"", 0)))
    assert [packet.dts for packet in found] == sorted(packet.dts for packet in found)
    assert len({packet.dts for packet in found}) == 6
    assert not any(packet.is_discontinuous for packet in found)
