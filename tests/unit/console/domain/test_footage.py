from __future__ import annotations

from console.domain.camera import CameraKey
from console.domain.footage import Footage, Gap, TimeRange, grown, join_runs, merged
from tests.support.console_parts import at

GATE = CameraKey("sys", "gate")


def span(start: float, end: float) -> TimeRange:
    return TimeRange(at(start), at(end))


def footage(asked: TimeRange, *runs: TimeRange, gaps: tuple[Gap, ...] = ()) -> Footage:
    return Footage(GATE, asked, runs, gaps)


def test_runs_that_touch_are_one() -> None:
    assert join_runs([span(5, 9), span(0, 5), span(20, 30)]) == (span(0, 9), span(20, 30))


def test_the_newer_answer_is_right_inside_what_it_was_asked_for() -> None:
    old = footage(span(0, 100), span(0, 100))
    new = footage(span(40, 60), span(50, 60), gaps=(Gap(at(40), at(50), "camera_lost"),))
    both = merged(old, new)
    assert both.asked == span(0, 100)
    assert both.runs == (span(0, 40), span(50, 100))
    assert both.gaps == new.gaps


def test_answers_side_by_side_make_a_longer_one() -> None:
    both = merged(footage(span(0, 50), span(10, 50)), footage(span(50, 90), span(50, 70)))
    assert both.asked == span(0, 90)
    assert both.runs == (span(10, 70),)


def test_answers_far_apart_are_not_glued_together() -> None:
    new = footage(span(500, 600), span(500, 600))
    assert merged(footage(span(0, 50), span(0, 50)), new) == new


def test_a_gap_of_the_older_answer_ends_when_the_newer_says_so() -> None:
    old = footage(span(0, 50), span(0, 20), gaps=(Gap(at(20), None, "camera_lost"),))
    new = footage(
        span(0, 60), span(0, 20), span(40, 60), gaps=(Gap(at(20), at(40), "camera_lost"),)
    )
    assert merged(old, new).gaps == (Gap(at(20), at(40), "camera_lost"),)


def test_recording_on_makes_the_run_longer_and_ends_the_open_gap() -> None:
    known = footage(span(0, 60), span(0, 60))
    assert grown(known, span(60.2, 120)).runs == (span(0, 120),)
    known = footage(span(0, 60), span(0, 20), gaps=(Gap(at(20), None, "camera_lost"),))
    after = grown(known, span(50, 70))
    assert after.runs == (span(0, 20), span(50, 70))
    assert after.asked == span(0, 70)
    assert after.gaps == (Gap(at(20), at(50), "camera_lost"),)
