from __future__ import annotations

from fractions import Fraction

from console.playback.live_wire import Opening, Unit
from console.playback.units import UnitQueue

OPENING = Opening("h264", b"", Fraction(1, 90_000), 640, 360)


def unit(pts: int, *, key: bool = False, size: int = 10) -> Unit:
    return Unit(key, False, pts, 0, memoryview(bytes(size)))


def taken(queue: UnitQueue) -> list[int | str]:
    found: list[int | str] = []
    while not queue.is_empty():
        item = queue.get()
        found.append(item.pts if isinstance(item, Unit) else "opening")
    return found


def test_units_come_in_order() -> None:
    queue = UnitQueue()
    queue.put_opening(OPENING)
    for pts in range(3):
        queue.put(unit(pts, key=pts == 0))
    assert taken(queue) == ["opening", 0, 1, 2]


def test_a_full_queue_drops_up_to_the_next_key_frame_and_counts() -> None:
    queue = UnitQueue(max_units=5)
    queue.put_opening(OPENING)
    for pts in range(8):
        queue.put(unit(pts, key=pts == 0))
    queue.put(unit(8, key=True))
    queue.put(unit(9))
    assert taken(queue) == ["opening", 8, 9]
    assert queue.dropped_count == 8


def test_bytes_are_bounded_too() -> None:
    queue = UnitQueue(max_bytes=100)
    for pts in range(4):
        queue.put(unit(pts, key=pts == 0, size=40))
    assert queue.dropped_count == 4
    assert queue.is_empty()


def test_unwatched_only_the_newest_group_is_kept() -> None:
    queue = UnitQueue()
    queue.set_watched(False)
    for pts in range(10):
        queue.put(unit(pts, key=pts % 4 == 0))
    queue.set_watched(True)
    assert taken(queue) == [8, 9]


def test_closing_wakes_the_reader() -> None:
    queue = UnitQueue()
    queue.put(unit(1, key=True))
    queue.close()
    assert queue.get() is None
