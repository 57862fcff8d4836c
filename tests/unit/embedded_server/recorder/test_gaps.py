from __future__ import annotations

from datetime import UTC, datetime, timedelta

from embedded_server.recorder.gaps import GapBook
from embedded_server.services.model import Gap, GapCause

T0 = datetime(2026, 5, 30, 12, 0, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_a_gap_begins_where_the_footage_ends() -> None:
    book = GapBook("gate", T0)
    book.covered(at(10))
    told = book.missing(GapCause.STALLED, "silent", at(12))
    assert told == [Gap("gate", at(10), None, GapCause.STALLED, "silent")]
    assert book.recorded(at(15)) == [Gap("gate", at(10), at(15), GapCause.STALLED, "silent")]
    assert not book.is_open


def test_a_camera_that_never_came_has_a_gap_from_the_beginning() -> None:
    assert GapBook("gate", T0).missing(GapCause.CAMERA_LOST, None, at(3))[0].start == T0


def test_the_same_cause_again_says_nothing() -> None:
    book = GapBook("gate", T0)
    book.missing(GapCause.CAMERA_LOST, "a", at(1))
    assert book.missing(GapCause.CAMERA_LOST, "b", at(2)) == []


def test_another_cause_ends_one_gap_and_begins_the_next() -> None:
    book = GapBook("gate", T0)
    book.covered(at(5))
    book.missing(GapCause.STALLED, None, at(7))
    told = book.missing(GapCause.UNAUTHORISED, "pw", at(9))
    assert told == [
        Gap("gate", at(5), at(9), GapCause.STALLED),
        Gap("gate", at(9), None, GapCause.UNAUTHORISED, "pw"),
    ]


def test_recording_without_a_gap_says_nothing() -> None:
    assert GapBook("gate", T0).recorded(at(1)) == []
