from __future__ import annotations

from embedded_server.detector.gate import Gate


def opened(gate: Gate, pictures: list[tuple[float, bool]]) -> list[bool]:
    return [
        gate.is_open(n * 0.2, moving_share=share, has_tracks=has)
        for n, (share, has) in enumerate(pictures)
    ]


def test_it_opens_for_motion_and_lingers_for_a_second() -> None:
    gate = Gate(every_s=100.0)
    seen = opened(gate, [(0.0, False), (0.0, False), (0.02, False), *[(0.0, False)] * 8])
    assert seen == [True, False, True, True, True, True, True, True, False, False, False]


def test_it_stays_open_while_something_is_tracked() -> None:
    assert all(opened(Gate(every_s=100.0), [(0.0, True)] * 20))


def test_it_looks_every_two_seconds_anyway() -> None:
    assert sum(opened(Gate(), [(0.0, False)] * 51)) == 6
