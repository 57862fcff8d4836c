from __future__ import annotations

from embedded_server.detector.slots import Slots


def test_the_newest_picture_of_a_camera_wins_and_keeps_its_turn() -> None:
    slots: Slots[int] = Slots()
    slots.put("a", 1)
    slots.put("b", 2)
    slots.put("a", 3)
    assert slots.take(0) == ("a", 3)
    assert slots.take(0) == ("b", 2)
    assert slots.replaced == 1


def test_a_camera_is_with_one_thread_at_a_time() -> None:
    slots: Slots[int] = Slots()
    slots.put("a", 1)
    assert slots.take(0) == ("a", 1)
    slots.put("a", 2)
    assert slots.take(0) is None
    slots.done("a")
    assert slots.take(0) == ("a", 2)


def test_nothing_comes_after_the_end() -> None:
    slots: Slots[int] = Slots()
    slots.put("a", 1)
    slots.close()
    assert slots.is_closed
    assert slots.take(0) is None


def test_what_waits_of_a_camera_can_be_dropped() -> None:
    slots: Slots[int] = Slots()
    slots.put("a", 1)
    slots.drop("a")
    assert slots.take(0) is None
