from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from console.domain.camera import CameraKey, Health
from console.domain.footage import Footage, SegmentRef, TimeRange
from console.domain.layout import Wall
from console.domain.notice import Level
from console.store.base import APPLY_EVERY_MS
from console.store.cameras import CameraStore
from console.store.events import EventStore
from console.store.footage import FootageStore
from console.store.layouts import LayoutStore
from console.store.notices import NoticeStore
from tests.support.console_parts import a_camera, an_event, at

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

    from console.store.base import ListStore

pytestmark = pytest.mark.usefixtures("qapp")


def heard(store: ListStore) -> list[tuple[str, int]]:
    said: list[tuple[str, int]] = []
    for name in ("inserted", "removed", "changed"):
        getattr(store, name).connect(lambda index, name=name: said.append((name, index)))
    return said


def test_the_first_change_is_applied_at_once_and_a_flood_once_per_tick(qtbot: QtBot) -> None:
    store = CameraStore()
    said = heard(store)
    store.put(a_camera("gate"))
    assert said == [("inserted", 0)]
    for _ in range(50):
        store.put(a_camera("gate", health=Health.OFFLINE))
        store.put(a_camera("gate", health=Health.STALLED))
        store.put(a_camera("yard"))
    assert len(store) == 1
    qtbot.waitUntil(lambda: len(store) == 2, timeout=20 * APPLY_EVERY_MS)
    assert said == [("inserted", 0), ("changed", 0), ("inserted", 1)]
    assert store.at(0).health is Health.STALLED


def test_the_same_value_again_is_no_change() -> None:
    store = CameraStore()
    store.put(a_camera())
    said = heard(store)
    store.put(a_camera())
    store.flush()
    assert said == []


def test_loading_a_system_leaves_the_others_alone() -> None:
    store = CameraStore()
    store.load("a", (a_camera("one", system="a"), a_camera("two", system="a")))
    store.load("b", (a_camera("one", system="b"),))
    said = heard(store)
    store.load("a", (a_camera("two", system="a"), a_camera("three", system="a")))
    assert {str(camera.key) for camera in store.rows} == {"a/two", "a/three", "b/one"}
    assert said == [("removed", 0), ("inserted", 2)]


def test_removed_and_put_again_within_a_tick_is_there() -> None:
    store = CameraStore()
    store.put(a_camera())
    store.remove(a_camera().key)
    store.put(a_camera(health=Health.OFFLINE))
    store.flush()
    assert [camera.health for camera in store.rows] == [Health.OFFLINE]


def test_events_are_newest_first_and_the_oldest_leave() -> None:
    store = EventStore(limit=3)
    for number in (2, 5, 1, 4, 3):
        store.put(an_event(number))
    store.flush()
    assert [event.key.event for event in store.rows] == ["5", "4", "3"]
    assert store.get(an_event(1).key) is None


def test_footage_grows_where_it_is_known_and_says_so_where_it_is_not() -> None:
    store = FootageStore()
    grew: list[CameraKey] = []
    store.grew.connect(grew.append)
    gate, yard = CameraKey("sys", "gate"), CameraKey("sys", "yard")
    asked = TimeRange(at(0), at(60))
    store.merge(Footage(gate, asked, (asked,), ()))
    span = TimeRange(at(60), at(120))
    store.grow(gate, SegmentRef(gate, "x", span, is_open=False))
    store.grow(yard, None)
    store.flush()
    assert grew == [gate, yard]
    known = store.get(gate)
    assert known is not None
    assert known.runs == (TimeRange(at(0), at(120)),)


def test_notices_are_all_said_and_the_oldest_leave() -> None:
    store = NoticeStore(now=lambda: at(0), limit=2)
    said: list[str] = []
    store.said.connect(lambda notice: said.append(notice.text))
    for text in "abc":
        store.say(text, level=Level.WARNING)
    assert said == ["a", "b", "c"]
    assert [notice.text for notice in store.rows] == ["b", "c"]


def test_walls_and_states_come_back_as_they_were() -> None:
    kept: dict[str, object] = {}
    store = LayoutStore({}, kept.update)
    wall = Wall("Entrances", "1+5", (CameraKey("sys", "gate"), None))
    store.put(wall)
    store.remember("main_window", {"geometry": "abc"})
    store.save_now()
    again = LayoutStore(kept, kept.update)
    assert again.rows == (wall,)
    assert again.state("main_window") == {"geometry": "abc"}
    assert again.state("nothing") == {}


@pytest.mark.parametrize(
    "kept",
    [
        {"walls": 5, "states": []},
        {"walls": [None, {}, {"name": 3}], "states": {"a": 1}},
        {"walls": [{"name": "x", "cameras": ["bad", 4, "sys/gate"]}]},
    ],
)
def test_a_strange_file_is_read_as_far_as_it_goes(kept: dict[str, object]) -> None:
    store = LayoutStore(kept, lambda _: None)
    assert all(wall.name == "x" for wall in store.rows)
    assert store.state("a") == {}
