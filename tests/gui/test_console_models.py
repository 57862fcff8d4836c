"""Stores as Qt models, checked by Qt's own tester."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtTest import QAbstractItemModelTester

from console.domain.camera import Health
from console.domain.event import EventFilter
from console.domain.system import Phase, SystemState
from console.models.cameras import CameraRole, CameraTreeModel, keys_in
from console.models.events import EventFilterModel, EventListModel, EventRole
from console.models.notices import NoticeModel, NoticeRole
from tests.support.console_parts import a_camera, an_event, empty_stores

if TYPE_CHECKING:
    from collections.abc import Iterator

    from console.session import Stores

pytestmark = pytest.mark.usefixtures("qapp")
STRICT = QAbstractItemModelTester.FailureReportingMode.Fatal


@pytest.fixture
def stores() -> Iterator[Stores]:
    made = empty_stores()
    yield made
    for store in (made.systems, made.cameras, made.events, made.notices):
        store._timer.stop()


def names(model: CameraTreeModel, parent: QModelIndex | None = None) -> list[str]:
    parent = parent or QModelIndex()
    return [model.index(row, 0, parent).data() for row in range(model.rowCount(parent))]


def test_the_tree_follows_systems_and_cameras(stores: Stores) -> None:
    model = CameraTreeModel(stores.systems, stores.cameras)
    tester = QAbstractItemModelTester(model, STRICT)
    stores.systems.put(SystemState("sys", "Yard", "http://x:1"))
    stores.cameras.load("sys", (a_camera("gate"), a_camera("back"), a_camera("yard")))
    yard = model.index(0, 0)
    assert names(model) == ["Yard"]
    assert names(model, yard) == ["Back", "Gate", "Yard"]
    stores.cameras.load("sys", (a_camera("gate", health=Health.OFFLINE), a_camera("attic")))
    assert names(model, yard) == ["Attic", "Gate"]
    gate = model.index_of(a_camera("gate").key)
    assert gate.data(CameraRole.HEALTH) == Health.OFFLINE
    assert gate.parent() == yard
    assert model.system_at(gate) == stores.systems.get("sys")
    stores.cameras.load("sys", (a_camera("gate", name="Zebra"), a_camera("attic")))
    assert names(model, yard) == ["Attic", "Zebra"]
    stores.systems.put(SystemState("two", "Two", "http://y:1", Phase.LOST, cause="away"))
    stores.systems.flush()
    stores.cameras.load("two", (a_camera("gate", system="two"),))
    assert names(model) == ["Yard", "Two"]
    assert model.index(1, 0).data(CameraRole.CAUSE) == "away"
    stores.systems.remove("sys")
    stores.systems.flush()
    assert names(model) == ["Two"]
    assert names(model, model.index(0, 0)) == ["Gate"]
    del tester


def test_a_drag_carries_the_keys_of_cameras(stores: Stores) -> None:
    model = CameraTreeModel(stores.systems, stores.cameras)
    stores.systems.put(SystemState("sys", "Yard", "http://x:1"))
    stores.cameras.load("sys", (a_camera("gate"), a_camera("back")))
    indexes = [model.index(0, 0), *(model.index(row, 0, model.index(0, 0)) for row in (0, 1))]
    carried = model.mimeData(indexes)
    assert [str(key) for key in keys_in(carried)] == ["sys/back", "sys/gate"]
    assert model.flags(indexes[1]) & Qt.ItemFlag.ItemIsDragEnabled
    assert not model.flags(indexes[0]) & Qt.ItemFlag.ItemIsDragEnabled


def test_events_are_filtered_as_they_change(stores: Stores) -> None:
    model = EventListModel(stores.events)
    shown = EventFilterModel(model)
    tester = QAbstractItemModelTester(shown, STRICT)
    for number in (1, 2, 3):
        stores.events.put(an_event(number, label="car" if number == 2 else "person"))
    stores.events.flush()
    assert model.rowCount() == 3
    shown.set_wanted(EventFilter(label="person", is_acknowledged=False))
    assert [shown.index(row, 0).data() for row in range(shown.rowCount())] == [
        "Person 3",
        "Person 1",
    ]
    stores.events.put(an_event(3, is_acknowledged=True))
    stores.events.flush()
    assert shown.rowCount() == 1
    event = shown.event_at(shown.index(0, 0))
    assert event is not None
    assert shown.index(0, 0).data(EventRole.KEY) == event.key
    assert shown.index(0, 0).data(EventRole.EVENT) == event
    del tester


def test_notices_show_text_and_remedy(stores: Stores) -> None:
    model = NoticeModel(stores.notices)
    tester = QAbstractItemModelTester(model, STRICT)
    stores.notices.say("The disk is full.", remedy="Free some space.")
    assert model.index(0, 0).data() == "The disk is full. Free some space."
    assert model.index(0, 0).data(NoticeRole.REMEDY) == "Free some space."
    del tester
