from __future__ import annotations

from datetime import timedelta

from console.domain.camera import CameraKey
from console.domain.event import Severity
from console.domain.footage import Footage, Gap, TimeRange
from console.views.lanes import lane_of, summed_lane
from tests.support.console_parts import an_event, at

GATE, YARD = CameraKey("sys", "gate"), CameraKey("sys", "yard")
NOW = at(3600)
WHOLE = TimeRange(at(0), NOW)


def footage(key: CameraKey, runs: tuple[TimeRange, ...], *gaps: Gap) -> Footage:
    return Footage(key, WHOLE, runs, gaps)


def test_a_lane_shows_runs_gaps_and_its_own_events() -> None:
    hole = Gap(at(100), at(200), "camera_lost", "no answer")
    known = footage(GATE, (TimeRange(at(0), at(100)), TimeRange(at(200), NOW)), hole)
    events = [an_event(1, camera=GATE, severity=Severity.ALERT), an_event(2, camera=YARD)]
    lane = lane_of(GATE, "Gate", known, events, NOW)
    assert lane.runs == ((at(0), at(100)), (at(200), NOW))
    assert [gap.text for gap in lane.gaps] == ["the camera could not be reached (no answer)"]
    assert [(mark.role, mark.weight) for mark in lane.marks] == [("alert", 3)]


def test_a_blink_is_no_gap() -> None:
    blink = Gap(at(100), at(100) + timedelta(milliseconds=300), "stalled")
    assert lane_of(GATE, "Gate", footage(GATE, (WHOLE,), blink), [], NOW).gaps == ()


def test_a_camera_of_which_nothing_is_known_has_an_empty_lane() -> None:
    lane = lane_of(GATE, "Gate", None, [], NOW)
    assert (lane.runs, lane.gaps, lane.marks) == ((), (), ())


def test_an_acknowledged_alert_is_calmer() -> None:
    event = an_event(1, camera=GATE, severity=Severity.ALERT, is_acknowledged=True)
    assert lane_of(GATE, "Gate", None, [event], NOW).marks[0].role == "caution"


def test_all_cameras_in_one_lane_name_the_one_that_lacks_footage() -> None:
    lost = Gap(at(100), None, "camera_lost")
    lane = summed_lane(
        "All",
        [
            ("Gate", footage(GATE, (TimeRange(at(0), at(100)),), lost)),
            ("Yard", footage(YARD, (TimeRange(at(50), NOW),))),
        ],
        [an_event(1, camera=GATE), an_event(2, camera=CameraKey("sys", "other"))],
        [GATE, YARD],
        NOW,
    )
    assert lane.runs == ((at(0), NOW),)
    assert lane.gaps[0].is_partial
    assert lane.gaps[0].text.startswith("Gate: ")
    assert len(lane.marks) == 1
