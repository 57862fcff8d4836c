"""Arithmetic on runs and gaps."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from embedded_server.services.footage_rules import (
    JOINED_BELOW,
    LastSeen,
    clipped,
    gaps_of_absence,
    is_in,
    joined,
    piece_of,
    shown_gaps,
    unexplained,
)
from embedded_server.services.model import Gap, GapCause, TimeRange
from tests.support.server_values import a_segment, after

if TYPE_CHECKING:
    from pathlib import Path


def span(start: float, end: float) -> TimeRange:
    return TimeRange(after(start), after(end))


def lost(start: float, end: float | None, cause: GapCause = GapCause.CAMERA_LOST) -> Gap:
    return Gap("gate", after(start), None if end is None else after(end), cause)


def test_ranges_that_nearly_touch_are_one_run() -> None:
    assert joined([span(60.5, 120), span(0, 60), span(130, 140)]) == [span(0, 120), span(130, 140)]


def test_a_range_inside_another_does_not_shorten_it() -> None:
    assert joined([span(0, 100), span(10, 20)]) == [span(0, 100)]


@given(st.lists(st.tuples(st.integers(0, 500), st.integers(1, 60))))
def test_joined_runs_cover_the_same_and_stay_apart(parts: list[tuple[int, int]]) -> None:
    ranges = [span(start, start + length) for start, length in parts]
    runs = joined(ranges)
    assert all(any(r.start <= one.start and one.end <= r.end for r in runs) for one in ranges)
    assert all(b.start - a.end > JOINED_BELOW for a, b in itertools.pairwise(runs))
    assert sum((run.duration for run in runs), start=JOINED_BELOW) <= JOINED_BELOW * (
        1 + sum(length for _, length in parts) + len(parts)
    )


def test_runs_are_cut_to_the_window() -> None:
    assert clipped([span(0, 60), span(80, 120)], span(30, 90)) == [span(30, 60), span(80, 90)]


def test_footage_beats_a_gap() -> None:
    assert shown_gaps([lost(50, 100)], [span(0, 60), span(70, 80)]) == [lost(60, 70), lost(80, 100)]


def test_an_open_gap_ends_where_footage_begins() -> None:
    assert shown_gaps([lost(60, None)], [span(0, 60), span(90, 120)]) == [lost(60, 90)]


def test_an_open_gap_with_nothing_behind_it_stays_open() -> None:
    assert shown_gaps([lost(60, None)], [span(0, 60)]) == [lost(60, None)]


def test_a_gap_that_is_wholly_covered_is_not_told() -> None:
    assert shown_gaps([lost(10, 20)], [span(0, 60)]) == []


def test_of_two_gaps_over_the_same_time_the_later_begins_where_the_earlier_ends() -> None:
    both = [lost(10, 30), lost(20, 40, GapCause.STALLED)]
    assert shown_gaps(both, []) == [lost(10, 30), lost(30, 40, GapCause.STALLED)]


def test_what_no_gap_explains_is_told_as_unknown() -> None:
    runs = [span(0, 10), span(30, 40), span(41, 50), span(90, 100)]
    gaps = [lost(10, 20), lost(50, 90, GapCause.STALLED)]
    assert unexplained(gaps, runs, "gate") == [lost(20, 30, GapCause.UNKNOWN)]


@pytest.mark.parametrize(
    ("was_clean", "cause"),
    [(True, GapCause.SERVER_STOPPED), (False, GapCause.SERVER_CRASHED)],
)
def test_absence_begins_where_footage_ended(was_clean: bool, cause: GapCause) -> None:
    seen = LastSeen("gate", after(60), None)
    assert gaps_of_absence(seen, alive_at=after(65), was_clean=was_clean) == [lost(60, None, cause)]


def test_a_gap_that_lasted_ends_when_the_server_did() -> None:
    seen = LastSeen("gate", after(60), lost(60, None))
    assert gaps_of_absence(seen, alive_at=after(90), was_clean=True) == [
        lost(60, 90),
        lost(90, None, GapCause.SERVER_STOPPED),
    ]


def test_a_camera_that_is_off_or_never_recorded_misses_nothing() -> None:
    off = LastSeen("gate", after(60), lost(60, None, GapCause.SWITCHED_OFF))
    assert gaps_of_absence(off, alive_at=after(90), was_clean=True) == []
    assert gaps_of_absence(LastSeen("gate", None, None), alive_at=None, was_clean=False) == []


def test_a_piece_is_the_part_inside_the_window(tmp_path: Path) -> None:
    piece = piece_of(a_segment(0, 60), tmp_path, span(-10, 20))
    assert (piece.start_s, piece.end_s) == (0, 20)


def test_a_segment_is_half_open() -> None:
    segment = a_segment(0, 60)
    assert is_in(after(0), segment)
    assert not is_in(after(60), segment)
