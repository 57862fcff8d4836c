from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from embedded_server.detector.naming import Verdict
from embedded_server.detector.rules import EventBook, RuleSettings, Subject, severity_of
from embedded_server.detector.tracking import MOTION_TRACKS, Sighting, Tracker
from embedded_server.services.model import AnalysisPlan, Box, EventPhase, Severity, Zone

if TYPE_CHECKING:
    from embedded_server.detector.rules import Draft

START, UPDATE, END = EventPhase.START, EventPhase.UPDATE, EventPhase.END
RIGHT_HALF = Zone("Yard", ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0)))


class Stage:
    """Plays boxes of a model and of motion through trackers into one book, at 5 pictures a second."""

    def __init__(self, settings: RuleSettings | None = None, **plan: object) -> None:
        self.book = EventBook(AnalysisPlan("cam", "cam/sub", **plan), settings)
        self.model, self.motion = Tracker(), Tracker(MOTION_TRACKS)
        self.now_s = 10.0
        self.drafts: list[Draft] = []

    def show(self, *seen: tuple[str, Box], held: bool = False) -> None:
        things = [Sighting(box, name, name, 0.8) for name, box in seen if name != "motion"]
        blobs = [Sighting(box, "motion", "motion", 0.5) for name, box in seen if name == "motion"]
        subjects = [
            Subject(t, Verdict(t.group, t.best_confidence), by_model=True)
            for t in self.model.update(things, self.now_s)
        ]
        subjects += [
            Subject(t, Verdict("motion", 0.5), by_model=False)
            for t in self.motion.update(blobs, self.now_s)
        ]
        self.drafts += self.book.step(subjects, self.now_s, holds_model=held, holds_motion=held)
        self.now_s += 0.2

    def walk(self, *names: str, start: float = 0.1, step: float = 0.03, n: int = 20) -> None:
        for i in range(n):
            self.show(*((name, Box(start + step * i, 0.4, 0.08, 0.3)) for name in names))

    def leave(self, seconds: float = 4.0) -> None:
        for _ in range(int(seconds * 5)):
            self.show()

    def phases(self, serial: int = 1) -> list[EventPhase]:
        return [d.phase for d in self.drafts if d.serial == serial]


def test_a_person_who_walks_by_is_one_event_with_start_and_end() -> None:
    stage = Stage()
    stage.walk("person")
    stage.leave()
    assert stage.phases()[0] is START
    assert stage.phases()[-1] is END
    assert {d.serial for d in stage.drafts} == {1}
    first, last = stage.drafts[0], stage.drafts[-1]
    assert first.wants_picture
    assert first.severity is Severity.ALERT
    assert last.first_s == pytest.approx(10.0)
    assert last.last_s == pytest.approx(10.0 + 19 * 0.2)


def test_motion_and_model_at_one_place_are_one_event_with_the_models_name() -> None:
    stage = Stage()
    stage.walk("person", "motion")
    stage.leave()
    assert {d.serial for d in stage.drafts} == {1}
    assert stage.drafts[-1].verdict.label == "person"


def test_an_event_of_motion_is_renamed_when_the_model_sees_what_it_is() -> None:
    stage = Stage()
    stage.walk("motion", n=12, step=0.02)
    stage.walk("motion", "person", start=0.34, step=0.02, n=12)
    named = [d.verdict.label for d in stage.drafts]
    assert named[0] == "motion"
    assert named[-1] == "person"
    assert {d.serial for d in stage.drafts} == {1}
    assert stage.drafts[-1].severity is Severity.ALERT


def test_large_motion_alone_is_an_event_of_its_own_kind() -> None:
    stage = Stage()
    stage.walk("motion")
    stage.leave()
    assert stage.phases() == [START, END] or stage.phases()[0] is START
    assert stage.drafts[0].severity is Severity.MOTION


def test_what_does_not_travel_is_no_event() -> None:
    stage = Stage()
    stage.walk("person", step=0.0, n=50)
    assert stage.drafts == []


def test_who_walked_in_and_stands_still_stays_one_event() -> None:
    stage = Stage()
    stage.walk("person", n=10)
    for _ in range(100):
        stage.show(("person", Box(0.37, 0.4, 0.08, 0.3)))
    stage.leave()
    assert stage.phases().count(START) == 1
    assert stage.drafts[-1].last_s - stage.drafts[-1].first_s > 20


def test_nothing_begins_while_held() -> None:
    stage = Stage()
    for i in range(10):
        stage.show(("person", Box(0.1 + 0.03 * i, 0.4, 0.08, 0.3)), held=True)
    assert stage.drafts == []
    stage.walk("person", start=0.4, n=3)
    assert stage.phases()[:1] == [START]


def test_the_zone_gives_the_event_its_place_and_its_urgency() -> None:
    stage = Stage(zones=(RIGHT_HALF,))
    stage.walk("person", start=0.1, n=25)
    stage.leave()
    assert stage.drafts[0].zone is None
    assert stage.drafts[0].severity is Severity.DETECTION
    assert stage.drafts[-1].zone == "Yard"
    assert stage.drafts[-1].severity is Severity.ALERT
    assert any(d.phase is UPDATE and d.zone == "Yard" for d in stage.drafts)


def test_a_zone_may_want_a_stay_a_label_and_a_confidence() -> None:
    asks = [
        Zone("Long", RIGHT_HALF.polygon, dwell_s=10.0),
        Zone("Cars", RIGHT_HALF.polygon, labels=("vehicle",)),
        Zone("Sure", RIGHT_HALF.polygon, threshold=0.95),
    ]
    stage = Stage(zones=tuple(asks))
    stage.walk("person", n=25)
    stage.leave()
    assert stage.drafts[-1].visits == ()


@pytest.mark.parametrize(
    ("plan", "is_told"),
    [
        ({}, True),
        ({"objects": frozenset({"vehicle"})}, False),
        ({"objects": frozenset({"person"})}, True),
        ({"labels_off": frozenset({"person"})}, False),
        ({"min_confidence": 0.9}, False),
        ({"label_confidence": {"person": 0.9}}, False),
        ({"min_confidence": 0.9, "label_confidence": {"person": 0.5}}, True),
    ],
)
def test_only_what_was_asked_for_is_told(plan: dict[str, object], is_told: bool) -> None:
    stage = Stage(**plan)
    stage.walk("person")
    assert bool(stage.drafts) is is_told


def test_a_label_of_no_known_group_needs_to_be_asked_for() -> None:
    stage, asked = Stage(), Stage(objects=frozenset({"suitcase"}))
    stage.walk("suitcase")
    asked.walk("suitcase")
    assert stage.drafts == []
    assert asked.drafts[0].severity is Severity.DETECTION


def test_a_name_that_is_told_is_not_taken_back_for_one_nobody_asked_for() -> None:
    stage = Stage()
    stage.walk("vehicle", n=8)
    for i in range(30):
        stage.show(("aeroplane", Box(0.34 + 0.01 * i, 0.4, 0.08, 0.3)))
    assert {d.verdict.label for d in stage.drafts} == {"vehicle"}


def test_one_event_ends_when_its_motion_has_become_somebody_elses() -> None:
    stage = Stage()
    stage.walk("person", "motion", n=15)
    for i in range(20):  # the first is gone, a second stands where the motion goes on
        x = 0.7 - 0.02 * i
        stage.show(("person", Box(x, 0.1, 0.08, 0.3)), ("motion", Box(x, 0.1, 0.08, 0.3)))
    stage.leave()
    ended = {d.serial: d.last_s for d in stage.drafts if d.phase is END}
    assert set(ended) == {1, 2}
    assert ended[1] < ended[2]


def test_a_model_that_wavers_between_two_names_for_one_box_makes_one_event() -> None:
    stage = Stage()
    stage.walk("person", "animal", n=20)
    stage.leave()
    assert {d.serial for d in stage.drafts} == {1}


def test_updates_are_few() -> None:
    stage = Stage()
    for i in range(100):  # grows steadily
        stage.show(("person", Box(0.1 + 0.002 * i, 0.3, 0.05 + 0.002 * i, 0.2 + 0.004 * i)))
    assert len(stage.drafts) <= 6


def test_open_events_and_starts_are_bounded() -> None:
    stage = Stage(RuleSettings(most_open=3))
    for i in range(10):
        stage.show(*(("person", Box(0.05 + 0.02 * i, 0.1 * row, 0.03, 0.08)) for row in range(9)))
    assert stage.book.open_count == 3


def test_everything_ends_where_it_was_when_the_picture_stops() -> None:
    stage = Stage()
    stage.walk("person", n=10)
    ends = stage.book.end_all()
    assert [d.phase for d in ends] == [END]
    assert stage.book.open_count == 0


@pytest.mark.parametrize(
    ("verdict", "in_zone", "has_zones", "expected"),
    [
        (Verdict("person", 0.9), True, True, Severity.ALERT),
        (Verdict("person", 0.9), False, True, Severity.DETECTION),
        (Verdict("vehicle", 0.9), False, False, Severity.ALERT),
        (Verdict("person", 0.7, is_like=True), False, False, Severity.DETECTION),
        (Verdict("person", 0.7, is_like=True), True, True, Severity.ALERT),
        (Verdict("animal", 0.9), True, True, Severity.DETECTION),
        (Verdict("motion", 0.5), True, True, Severity.MOTION),
    ],
)
def test_severity(verdict: Verdict, in_zone: bool, has_zones: bool, expected: Severity) -> None:
    assert severity_of(verdict, in_zone=in_zone, has_zones=has_zones) is expected
