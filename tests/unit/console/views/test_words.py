from __future__ import annotations

from datetime import timedelta

import pytest

from console.domain.camera import Health
from console.domain.event import Severity
from console.domain.footage import Gap
from console.domain.system import Phase, SystemState
from console.views import words
from tests.support.console_parts import a_camera, an_event, at


def system(phase: Phase = Phase.ONLINE, name: str = "Depot") -> SystemState:
    return SystemState(name.lower(), name, "http://depot", phase)


@pytest.mark.parametrize(
    "looks",
    [
        [words.health_look(health) for health in Health],
        [words.phase_look(phase) for phase in Phase],
        [words.severity_look(severity) for severity in Severity],
    ],
)
def test_every_state_has_a_glyph_and_a_word_of_its_own(looks: list[words.Look]) -> None:
    assert all(look.glyph and look.text for look in looks)
    assert len({look.text for look in looks}) == len(looks)


def test_the_worst_system_is_the_one_that_is_named() -> None:
    look = words.systems_summary([system(), system(Phase.LOST, "Annex")], [])
    assert (look.text, look.role) == ("Annex · connection lost", "alert")


def test_cameras_that_are_switched_off_are_not_missed() -> None:
    cameras = [a_camera("a"), a_camera("b", health=Health.OFF)]
    look = words.systems_summary([system()], cameras)
    assert (look.text, look.role) == ("Depot · 1 of 1 cameras", "ok")
    lost = [*cameras, a_camera("c", health=Health.OFFLINE)]
    assert words.systems_summary([system()], lost).role == "caution"


def test_an_event_says_whether_somebody_saw_it() -> None:
    assert words.event_state(an_event(severity=Severity.ALERT)) == "Alert · new"
    seen = an_event(severity=Severity.ALERT, is_acknowledged=True, acknowledged_by="ada")
    assert words.event_state(seen) == "Alert · seen by ada"


def test_an_unknown_cause_is_shown_as_it_came() -> None:
    assert words.gap_text(Gap(at(0), None, "solar_flare", "X2")) == "solar flare (X2)"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(7, "7 s"), (252, "4 min 12 s"), (7260, "2 h 1 min"), (90000, "1 d 1 h")],
)
def test_spans_are_short(seconds: int, text: str) -> None:
    assert words.span_text(timedelta(seconds=seconds)) == text
